// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package neighbor reads the objects of Istio and Kubernetes in the input that somebody else
// made.
package neighbor

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/source"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// An Object is one that somebody else made, of a kind that bundles make as well, in any
// version of its API.
type Object struct {
	Ref      diag.ObjectRef
	Position diag.Position
	Spec     Spec
}

// From reads a document. It is not ok if the document is no object of somebody else, or does
// not have the shape of its kind, which is for others to report.
func From(root *yaml.Node, at diag.Position) (n Object, ok bool) {
	var found struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string `yaml:"kind"`
		Metadata   struct {
			Name        string            `yaml:"name"`
			Namespace   string            `yaml:"namespace"`
			Labels      map[string]string `yaml:"labels"`
			Annotations map[string]string `yaml:"annotations"`
		} `yaml:"metadata"`
		Spec yaml.Node `yaml:"spec"`
	}
	if root.Kind != yaml.MappingNode || root.Decode(&found) != nil || !kind.IsMade(found.APIVersion, found.Kind) {
		return n, false
	}
	head := object.Object{
		APIVersion:  found.APIVersion,
		Kind:        found.Kind,
		Name:        found.Metadata.Name,
		Labels:      found.Metadata.Labels,
		Annotations: found.Metadata.Annotations,
	}
	if head.IsOwn() {
		return n, false
	}
	n.Ref = diag.ObjectRef{Kind: found.Kind, Namespace: found.Metadata.Namespace, Name: found.Metadata.Name}
	n.Position = at
	isOfIstio := strings.HasSuffix(kind.GroupOf(found.APIVersion), ".istio.io")
	return n, !isOfIstio || found.Spec.Decode(&n.Spec) == nil
}

// String names the object in messages, and where it stands.
func (n Object) String() string { return n.Ref.String() + source.InParentheses(n.Position) }

// IsSeenIn reports whether the proxies of a namespace see the object.
func (n Object) IsSeenIn(namespace string) bool {
	if len(n.Spec.ExportTo) == 0 || slices.Contains(n.Spec.ExportTo, "*") {
		return true
	}
	return n.IsShownTo(namespace) || n.Ref.Namespace == namespace && slices.Contains(n.Spec.ExportTo, ".")
}

// IsShownTo reports whether the object names a namespace that it is for.
func (n Object) IsShownTo(namespace string) bool {
	return slices.Contains(n.Spec.ExportTo, namespace)
}

// IsForMesh reports whether a VirtualService is for sidecars.
func (n Object) IsForMesh() bool {
	return len(n.Spec.Gateways) == 0 || slices.Contains(n.Spec.Gateways, "mesh")
}

// OpensTLS reports whether a DestinationRule turns TLS on for a port.
func (n Object) OpensTLS(port int) bool {
	policy := n.Spec.TrafficPolicy
	for _, settings := range policy.PortLevelSettings {
		if settings.Port.Number == port {
			return settings.TLS.opens()
		}
	}
	return policy.TLS.opens()
}

func (t TLS) opens() bool { return t.Mode != "" && t.Mode != "DISABLE" }

// Host returns the host of a DestinationRule, which may be the short name of a
// Service of its namespace.
func (n Object) Host(clusterDomain string) string {
	if n.Spec.Host == "" || strings.ContainsAny(n.Spec.Host, ".*") {
		return n.Spec.Host
	}
	return n.Spec.Host + "." + n.Ref.Namespace + ".svc." + clusterDomain
}
