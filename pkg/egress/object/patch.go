// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package object

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/internal/yamlstream"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/name"
)

// A Patch changes the Pods of workloads that exist already: of one Deployment,
// or of every workload in a namespace. EncodeComponent writes patches for
// kustomize, and EncodeHelmValues for the charts of Istio.
type Patch struct {
	Namespace string
	// Deployment is the name of the Deployment to change. If it is empty, it is
	// every workload in the namespace.
	Deployment string
	// Annotations are added to the Pods.
	Annotations map[string]string
	// Secrets are mounted into the container of the proxy, by the path of the
	// folder.
	Secrets map[string]string
}

// ProxyContainer is the container of Istio's proxy, in sidecars and gateways.
const ProxyContainer = "istio-proxy"

// podTemplates are the kinds of workloads, and where each has the Pods that it
// makes.
var podTemplates = []struct {
	apiVersion, kind string
	path             []string
}{
	{"apps/v1", "DaemonSet", []string{"spec", "template"}},
	{"apps/v1", "Deployment", []string{"spec", "template"}},
	{"apps/v1", "StatefulSet", []string{"spec", "template"}},
	{"batch/v1", "CronJob", []string{"spec", "jobTemplate", "spec", "template"}},
	{"batch/v1", "Job", []string{"spec", "template"}},
}

// PodTemplatePath returns the fields that lead to what a workload makes its Pods from. It is
// nil for a kind that is none that patches are for.
func PodTemplatePath(apiVersion, kindName string) []string {
	for _, t := range podTemplates {
		if t.kind == kindName && t.apiVersion == apiVersion {
			return slices.Clone(t.path)
		}
	}
	return nil
}

// For returns the patch for one workload, as a strategic merge patch in YAML. It
// is not ok for a workload that the patch does not concern.
func (p Patch) For(apiVersion, kindName, namespace, workload string) (patch []byte, ok bool) {
	if namespace != p.Namespace || p.Deployment != "" && (kindName != kind.Deployment || workload != p.Deployment) {
		return nil, false
	}
	path := PodTemplatePath(apiVersion, kindName)
	if path == nil {
		return nil, false
	}
	tree := map[string]any{
		"apiVersion": apiVersion,
		"kind":       kindName,
		"metadata":   map[string]any{"name": workload},
	}
	nested(tree, path, p.template())
	var text bytes.Buffer
	if err := yamlstream.Documents(&text, slices.Values([]any{tree})); err != nil {
		panic(err) // A bytes.Buffer takes everything.
	}
	return text.Bytes(), true
}

// template returns what the patch adds to a Pod.
func (p Patch) template() map[string]any {
	template := map[string]any{}
	if len(p.Annotations) > 0 {
		template["metadata"] = map[string]any{"annotations": p.Annotations}
	}
	if len(p.Secrets) > 0 {
		volumes, mounts := p.volumes()
		template["spec"] = map[string]any{
			"containers": []any{map[string]any{"name": ProxyContainer, "volumeMounts": mounts}},
			"volumes":    volumes,
		}
	}
	return template
}

func (p Patch) volumes() (volumes, mounts []any) {
	for _, folder := range slices.Sorted(maps.Keys(p.Secrets)) {
		volume := VolumeName(folder)
		volumes = append(volumes, map[string]any{"name": volume, "secret": map[string]any{"secretName": p.Secrets[folder]}})
		mounts = append(mounts, map[string]any{"name": volume, "mountPath": folder, "readOnly": true})
	}
	return volumes, mounts
}

// nested puts a value at a path of maps.
func nested(tree map[string]any, path []string, value any) {
	for _, name := range path[:len(path)-1] {
		next := map[string]any{}
		tree[name] = next
		tree = next
	}
	tree[path[len(path)-1]] = value
}

// VolumeName names the volume of a folder that a Secret is mounted at.
func VolumeName(folder string) string {
	return name.Label(strings.Split(strings.Trim(folder, "/"), "/")...)
}
