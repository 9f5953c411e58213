// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"cmp"
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// A pod is what a Patch is made for: those of one Deployment, or of every workload in a
// namespace.
type pod struct{ namespace, deployment string }

// quietProxy is the configuration of a proxy that adds neither request ids nor headers for
// those who debug Envoy.
// https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#ProxyConfig-ProxyHeaders
const quietProxy = `{"proxyHeaders":{"envoyDebugHeaders":{"disabled":true},"requestId":{"disabled":true}}}`

// Patches returns what bypasses, files of certificates and the headers of gateways need,
// for all bundles together: they may concern the same Pods. They are sorted.
func Patches(plans []*ir.Plan) []object.Patch {
	byPod := map[pod]object.Patch{}
	for client, b := range bypasses(plans) {
		byPod[pod{namespace: client}] = object.Patch{Namespace: client, Annotations: exclusions(b)}
	}
	for at, folders := range mounts(plans) {
		patch := byPod[at]
		patch.Namespace, patch.Deployment = at.namespace, at.deployment
		if at.deployment != "" {
			patch.Secrets = folders
		} else {
			patch.Annotations = withVolumes(patch.Annotations, folders)
		}
		byPod[at] = patch
	}
	for at := range talkative(plans) {
		patch := byPod[at]
		patch.Namespace, patch.Deployment = at.namespace, at.deployment
		patch.Annotations = map[string]string{object.AnnotationProxyConfig: quietProxy}
		byPod[at] = patch
	}
	return slices.SortedFunc(maps.Values(byPod), func(a, b object.Patch) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Deployment, b.Deployment))
	})
}

// talkative returns the Pods of gateways that send requests with names of the mesh.
func talkative(plans []*ir.Plan) map[pod]bool {
	pods := map[pod]bool{}
	for _, p := range plans {
		for _, g := range p.Gateways() {
			if first, _ := ir.OriginalsOf(p.Through(g), p.Mesh.ProxyHeaders); first != nil {
				pods[podsOf(first)[0]] = true
			}
		}
	}
	return pods
}

// bypasses joins what skips the proxies of each client.
func bypasses(plans []*ir.Plan) map[string]ir.Bypass {
	joined := map[string]ir.Bypass{}
	for _, p := range plans {
		if p.Bypass == nil {
			continue
		}
		for _, client := range p.Clients.Namespaces {
			b := joined[client]
			joined[client] = ir.Bypass{
				Prefixes: union(b.Prefixes, p.Bypass.Prefixes),
				Ports:    union(b.Ports, p.Bypass.Ports),
			}
		}
	}
	return joined
}

func union[T cmp.Ordered](a, b []T) []T {
	return slices.Compact(slices.Sorted(slices.Values(slices.Concat(a, b))))
}

// exclusions are the annotations by which Pods skip their proxies.
func exclusions(b ir.Bypass) map[string]string {
	annotations := map[string]string{}
	if len(b.Prefixes) > 0 {
		annotations[object.AnnotationExcludeIPRanges] = strings.Join(b.Prefixes, ",")
	}
	var ports []string
	for _, port := range b.Ports {
		ports = append(ports, strconv.Itoa(port))
	}
	if len(ports) > 0 {
		annotations[object.AnnotationExcludePorts] = strings.Join(ports, ",")
	}
	return annotations
}

// mounts returns the folders that Pods open TLS with, and the Secret of each.
func mounts(plans []*ir.Plan) map[pod]map[string]string {
	secrets := map[pod]map[string]string{}
	for _, p := range plans {
		for _, d := range p.Destinations {
			for _, r := range d.Routes {
				if r.Exit.TLS != nil {
					addMounts(secrets, podsOf(d), r.Exit.TLS.Mounts)
				}
			}
		}
	}
	return secrets
}

func addMounts(secrets map[pod]map[string]string, pods []pod, folders []string) {
	for _, folder := range folders {
		for _, p := range pods {
			if secrets[p] == nil {
				secrets[p] = map[string]string{}
			}
			secrets[p][folder] = path.Base(folder)
		}
	}
}

// podsOf returns the Pods whose proxies open the TLS of a destination. Those of a gateway
// belong to its Deployment, which has the name of its Service unless somebody chose another.
func podsOf(d *ir.Destination) []pod {
	if way, ok := d.Way.(ir.ThroughGateway); ok {
		return []pod{{namespace: way.Gateway.Namespace, deployment: way.Gateway.Service}}
	}
	var pods []pod
	for _, client := range d.Clients.Namespaces {
		pods = append(pods, pod{namespace: client})
	}
	return pods
}

// Annotations of Pods by which the sidecar injection of Istio mounts volumes.
// https://istio.io/latest/docs/reference/config/annotations/
const (
	annotationVolume      = "sidecar.istio.io/userVolume"
	annotationVolumeMount = "sidecar.istio.io/userVolumeMount"
)

// withVolumes adds Secrets for the sidecar of a Pod, as its injection reads them.
// https://istio.io/latest/docs/reference/config/annotations/#SidecarUserVolume
func withVolumes(annotations, secrets map[string]string) map[string]string {
	type mount struct {
		MountPath string `json:"mountPath"`
		ReadOnly  bool   `json:"readOnly"`
	}
	type source struct {
		SecretName string `json:"secretName"`
	}
	type volume struct {
		Secret source `json:"secret"`
	}
	volumes, mounts := map[string]volume{}, map[string]mount{}
	for folder, secret := range secrets {
		name := object.VolumeName(folder)
		volumes[name] = volume{Secret: source{SecretName: secret}}
		mounts[name] = mount{MountPath: folder, ReadOnly: true}
	}
	all := maps.Clone(annotations)
	if all == nil {
		all = map[string]string{}
	}
	all[annotationVolume] = compactJSON(volumes)
	all[annotationVolumeMount] = compactJSON(mounts)
	return all
}

func compactJSON(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // Maps of text to structs of text are always JSON.
	}
	return string(text)
}
