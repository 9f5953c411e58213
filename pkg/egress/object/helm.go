// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package object

import (
	"cmp"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/internal/yamlstream"
)

// A Release is an installation of the Helm chart gateway of Istio, for a gateway
// whose Installer is InstallerHelm. EncodeHelmValues writes its values.
type Release struct {
	// Namespace and Name are those of the release. The name is that of the
	// Service of the gateway.
	Namespace string
	Name      string
	// Values make what InstallerManifests makes.
	// https://artifacthub.io/packages/helm/istio-official/gateway
	Values map[string]any
}

// Annotations of Pods by which they skip their proxies, as the sidecar injection of Istio
// reads them.
// https://istio.io/latest/docs/reference/config/annotations/
const (
	AnnotationExcludeIPRanges = "traffic.sidecar.istio.io/excludeOutboundIPRanges"
	AnnotationExcludePorts    = "traffic.sidecar.istio.io/excludeOutboundPorts"
)

// AnnotationProxyConfig is the annotation of Pods that configures their proxy, beyond what
// the mesh does.
// https://istio.io/latest/docs/reference/config/annotations/#ProxyConfig
const AnnotationProxyConfig = "proxy.istio.io/config"

// EncodeHelmValues writes what workloads need as values for the Helm charts of
// Istio: a document for each installation, with a comment that names the chart.
// The values of the chart istiod concern every namespace of the mesh, so they hold
// what all clients skip. An error is one of the writer.
// https://istio.io/latest/docs/setup/additional-setup/customize-installation-helm/
func EncodeHelmValues(w io.Writer, patches []Patch, releases []Release) error {
	separator := ""
	write := func(comment string, values map[string]any) error {
		if _, err := io.WriteString(w, separator+"# "+comment+"\n"); err != nil {
			return err
		}
		separator = "---\n"
		return yamlstream.Documents(w, slices.Values([]any{values}))
	}
	if proxy := meshWide(patches); len(proxy) > 0 {
		values := map[string]any{"global": map[string]any{"proxy": proxy}}
		if err := write("Chart istiod. This concerns the workloads of every namespace.", values); err != nil {
			return err
		}
	}
	for _, r := range withPatches(patches, releases) {
		if err := write("Chart gateway, release "+r.Name+" in namespace "+r.Namespace+".", r.Values); err != nil {
			return err
		}
	}
	return nil
}

// withPatches joins how gateways run and what changes them, sorted.
func withPatches(patches []Patch, releases []Release) []Release {
	type key struct{ namespace, name string }
	byName := map[key]Release{}
	for _, r := range releases {
		values := map[string]any{}
		maps.Copy(values, r.Values)
		r.Values = values
		byName[key{r.Namespace, r.Name}] = r
	}
	for _, p := range patches {
		if p.Deployment == "" {
			continue
		}
		at := key{p.Namespace, p.Deployment}
		if _, known := byName[at]; !known {
			byName[at] = Release{Namespace: p.Namespace, Name: p.Deployment, Values: map[string]any{}}
		}
		if len(p.Annotations) > 0 {
			byName[at].Values["podAnnotations"] = p.Annotations
		}
		if len(p.Secrets) > 0 {
			byName[at].Values["volumes"], byName[at].Values["volumeMounts"] = p.volumes()
		}
	}
	return slices.SortedFunc(maps.Values(byName), func(a, b Release) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
}

// meshWide joins what the Pods of all namespaces skip.
func meshWide(patches []Patch) map[string]any {
	proxy := map[string]any{}
	for key, annotation := range map[string]string{
		"excludeIPRanges":      AnnotationExcludeIPRanges,
		"excludeOutboundPorts": AnnotationExcludePorts,
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
