// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/schema"
)

// A besideSidecar is a Sidecar that stands beside the bundles, and that somebody
// else made.
type besideSidecar struct {
	object   ObjectRef
	position Position
	selects  bool // some workloads, and not all of its namespace
}

// noteSidecar keeps what a document says, if it is a Sidecar of somebody else.
func (p *parser) noteSidecar(root *yaml.Node) {
	var found struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string `yaml:"kind"`
		Metadata   struct {
			Name      string            `yaml:"name"`
			Namespace string            `yaml:"namespace"`
			Labels    map[string]string `yaml:"labels"`
		} `yaml:"metadata"`
		Spec struct {
			Selector *yaml.Node `yaml:"workloadSelector"`
		} `yaml:"spec"`
	}
	if kind, _ := kindOf(root); kind != kindSidecar || root.Decode(&found) != nil {
		return
	}
	if !strings.HasPrefix(found.APIVersion, "networking.istio.io/") || found.Metadata.Labels[LabelManagedBy] == ManagedBy {
		return
	}
	p.found.sidecars = append(p.found.sidecars, besideSidecar{
		object:   ObjectRef{kindSidecar, found.Metadata.Namespace, found.Metadata.Name},
		position: p.source(root).at(root),
		selects:  found.Spec.Selector != nil,
	})
}

// checkBeside looks for Sidecars of others that take workloads from those of the
// bundles, or lose them.
func (c *conflicts) checkBeside(p *planner, sidecars []besideSidecar) {
	if !p.enforce.RegistryOnly {
		return
	}
	path := schema.Child(pathEnforce, "registryOnly")
	for _, s := range sidecars {
		own := slices.Contains(p.clients.namespaces, s.object.Namespace)
		switch {
		case own && s.selects:
			p.warnf(SidecarConflict, path, "does not concern the workloads that %s selects%s: they follow that alone; set its outboundTrafficPolicy to REGISTRY_ONLY", s.object, s.at())
		case own:
			p.reportf(SidecarConflict, path, "must not be set for namespace %s, whose workloads %s selects%s: Istio follows one of the two, the older; remove that one, or set its outboundTrafficPolicy to REGISTRY_ONLY and this to false", s.object.Namespace, s.object, s.at())
		case s.object.Namespace == p.mesh.RootNamespace && !s.selects:
			p.warnf(SidecarConflict, path, "takes the workloads of %s from %s%s, which is for namespaces without a Sidecar: what it says does not concern them any more", strings.Join(p.clients.namespaces, ", "), s.object, s.at())
		}
	}
}

// at says where the Sidecar stands, if that is known.
func (s besideSidecar) at() string {
	if s.position.File == "" {
		return ""
	}
	return fmt.Sprintf(" at %s", s.position)
}
