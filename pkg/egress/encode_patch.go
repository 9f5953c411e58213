// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"bytes"
	"cmp"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/internal/yamlstream"
)

// proxyContainer is the container of Istio's proxy, in sidecars and gateways.
const proxyContainer = "istio-proxy"

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

// For returns the patch for one workload, as a strategic merge patch in YAML. It
// is not ok for a workload that the patch does not concern.
func (p Patch) For(apiVersion, kind, namespace, name string) (patch []byte, ok bool) {
	if namespace != p.Namespace || p.Deployment != "" && (kind != "Deployment" || name != p.Deployment) {
		return nil, false
	}
	for _, t := range podTemplates {
		if t.kind != kind || t.apiVersion != apiVersion {
			continue
		}
		tree := map[string]any{
			"apiVersion": t.apiVersion,
			"kind":       kind,
			"metadata":   map[string]any{"name": name},
		}
		nested(tree, t.path, p.template())
		var text bytes.Buffer
		if err := encodeYAML(&text, tree); err != nil {
			panic(err) // A bytes.Buffer takes everything.
		}
		return text.Bytes(), true
	}
	return nil, false
}

// EncodeComponent writes patches as a kustomize Component. A kustomization that
// lists it under components has the workloads patched that it builds; kustomize
// replaces annotations of the same names that they have. An error is one of the
// writer.
// https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/patches/
func EncodeComponent(w io.Writer, patches []Patch) error {
	entries := []any{}
	for _, p := range patches {
		for _, t := range podTemplates {
			if patch, ok := p.For(t.apiVersion, t.kind, p.Namespace, cmp.Or(p.Deployment, anyName)); ok {
				entries = append(entries, map[string]any{"patch": string(patch), "target": p.target(t.kind)})
			}
		}
	}
	return encodeYAML(w, map[string]any{
		"apiVersion": "kustomize.config.k8s.io/v1alpha1",
		"kind":       "Component",
		"patches":    entries,
	})
}

// anyName stands where kustomize wants a name, and goes by the target.
const anyName = "any"

// target selects what kustomize applies the patch to.
func (p Patch) target(kind string) map[string]any {
	target := map[string]any{"kind": kind, "namespace": p.Namespace}
	if p.Deployment != "" {
		target["name"] = p.Deployment
	}
	return target
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
			"containers": []any{map[string]any{"name": proxyContainer, "volumeMounts": mounts}},
			"volumes":    volumes,
		}
	}
	return template
}

func (p Patch) volumes() (volumes, mounts []any) {
	for _, folder := range slices.Sorted(maps.Keys(p.Secrets)) {
		name := volumeName(folder)
		volumes = append(volumes, map[string]any{"name": name, "secret": map[string]any{"secretName": p.Secrets[folder]}})
		mounts = append(mounts, map[string]any{"name": name, "mountPath": folder, "readOnly": true})
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

// EncodeHelmValues writes what workloads need as values for the Helm charts of
// Istio: a document for each installation, with a comment that names the chart.
// The values of the chart istiod concern every namespace of the mesh, so they hold
// what all clients skip. A gateway whose Deployment is among the objects has none.
// An error is one of the writer.
// https://istio.io/latest/docs/setup/additional-setup/customize-installation-helm/
func EncodeHelmValues(w io.Writer, output *Output) error {
	separator := ""
	write := func(comment string, values map[string]any) error {
		if _, err := io.WriteString(w, separator+"# "+comment+"\n"); err != nil {
			return err
		}
		separator = "---\n"
		return encodeYAML(w, values)
	}
	if proxy := meshWide(output.Patches); len(proxy) > 0 {
		values := map[string]any{"global": map[string]any{"proxy": proxy}}
		if err := write("Chart istiod. This concerns the workloads of every namespace.", values); err != nil {
			return err
		}
	}
	gateways := gatewayValues(output)
	for _, at := range slices.SortedFunc(maps.Keys(gateways), comparePods) {
		if err := write("Chart gateway, release "+at.deployment+" in namespace "+at.namespace+".", gateways[at]); err != nil {
			return err
		}
	}
	return nil
}

// gatewayValues joins how gateways run and what is mounted into them.
func gatewayValues(output *Output) map[pod]map[string]any {
	values := map[pod]map[string]any{}
	for _, r := range output.Releases {
		values[pod{r.Namespace, r.Name}] = r.values()
	}
	for _, p := range output.Patches {
		at := pod{p.Namespace, p.Deployment}
		if p.Deployment == "" || output.makes(at) {
			continue
		}
		if values[at] == nil {
			values[at] = map[string]any{}
		}
		values[at]["volumes"], values[at]["volumeMounts"] = p.volumes()
	}
	return values
}

// makes reports whether a Deployment is among the objects.
func (o *Output) makes(p pod) bool {
	return slices.ContainsFunc(o.Objects, func(object Object) bool {
		return object.Kind == kindDeployment && object.Namespace == p.namespace && object.Name == p.deployment
	})
}

// meshWide joins what the Pods of all namespaces skip.
func meshWide(patches []Patch) map[string]any {
	proxy := map[string]any{}
	for key, annotation := range map[string]string{
		"excludeIPRanges":      annotationExcludeIPRanges,
		"excludeOutboundPorts": annotationExcludePorts,
	} {
		var all []string
		for _, p := range patches {
			if value := p.Annotations[annotation]; value != "" {
				all = append(all, strings.Split(value, ",")...)
			}
		}
		if len(all) > 0 {
			slices.Sort(all)
			proxy[key] = strings.Join(slices.Compact(all), ",")
		}
	}
	return proxy
}

// encodeYAML writes one document.
func encodeYAML(w io.Writer, document any) error {
	return yamlstream.Documents(w, []any{document})
}
