// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"cmp"
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strings"
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

// Annotations of Pods that the sidecar injection of Istio reads.
// https://istio.io/latest/docs/reference/config/annotations/
const (
	annotationExcludeIPRanges = "traffic.sidecar.istio.io/excludeOutboundIPRanges"
	annotationExcludePorts    = "traffic.sidecar.istio.io/excludeOutboundPorts"
	annotationVolume          = "sidecar.istio.io/userVolume"
	annotationVolumeMount     = "sidecar.istio.io/userVolumeMount"
)

// A pod is what a Patch is made for.
type pod struct{ namespace, deployment string }

// patches returns what bypasses and files of certificates need, for all bundles
// together: they may concern the same Pods.
func patches(planners []*planner) []Patch {
	bypasses := map[string]bypass{}
	secrets := map[pod]map[string]string{}
	for _, p := range planners {
		if p.bundle.Bypass != nil {
			for _, client := range p.clients.namespaces {
				bypasses[client] = bypasses[client].and(p.bypass)
			}
		}
		for _, d := range p.planned {
			d.addSecrets(secrets)
		}
	}
	byPod := map[pod]Patch{}
	for client, b := range bypasses {
		byPod[pod{client, ""}] = Patch{Namespace: client, Annotations: b.annotations()}
	}
	for at, mounts := range secrets {
		patch := byPod[at]
		patch.Namespace, patch.Deployment = at.namespace, at.deployment
		if at.deployment != "" {
			patch.Secrets = mounts
		} else {
			patch.Annotations = withVolumes(patch.Annotations, mounts)
		}
		byPod[at] = patch
	}
	return slices.SortedFunc(maps.Values(byPod), func(a, b Patch) int {
		return comparePods(pod{a.Namespace, a.Deployment}, pod{b.Namespace, b.Deployment})
	})
}

func comparePods(a, b pod) int {
	return cmp.Or(cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.deployment, b.deployment))
}

// and joins two bypasses of one namespace.
func (b bypass) and(other bypass) bypass {
	return bypass{
		slices.Compact(slices.Sorted(slices.Values(slices.Concat(b.prefixes, other.prefixes)))),
		slices.Compact(slices.Sorted(slices.Values(slices.Concat(b.ports, other.ports)))),
	}
}

func (b bypass) annotations() map[string]string {
	annotations := map[string]string{}
	if len(b.prefixes) > 0 {
		annotations[annotationExcludeIPRanges] = strings.Join(b.prefixes, ",")
	}
	if len(b.ports) > 0 {
		annotations[annotationExcludePorts] = strings.ReplaceAll(joinInts(b.ports), " ", "")
	}
	return annotations
}

// addSecrets adds the folders of the files that the destination opens TLS with.
// Those at a gateway belong to its Deployment, which has the name of its Service
// unless somebody chose another.
func (d *destination) addSecrets(secrets map[pod]map[string]string) {
	for _, r := range d.routes {
		if r.exit.tls == nil {
			continue
		}
		for _, folder := range r.exit.tls.folders() {
			for _, p := range d.opensTLS() {
				if secrets[p] == nil {
					secrets[p] = map[string]string{}
				}
				secrets[p][folder] = path.Base(folder)
			}
		}
	}
}

// opensTLS returns the Pods whose proxies open the TLS of the destination.
func (d *destination) opensTLS() []pod {
	if d.gateway != nil {
		return []pod{{d.gateway.namespace, d.gateway.service}}
	}
	var pods []pod
	for _, client := range d.clients {
		pods = append(pods, pod{client, ""})
	}
	return pods
}

// folders returns where Secrets must be mounted for the TLS.
func (t *upstreamTLS) folders() []string {
	var folders []string
	if files := t.clientCertificate.Files; files != nil {
		folders = append(folders, path.Dir(files.Certificate), path.Dir(files.PrivateKey))
	}
	if file := t.caCertificates.File; file != "" && isMountable(path.Dir(file)) {
		folders = append(folders, path.Dir(file))
	}
	return folders
}

// withVolumes adds Secrets for the sidecar of a Pod, as its injection reads them.
// https://istio.io/latest/docs/reference/config/annotations/#SidecarUserVolume
func withVolumes(annotations map[string]string, secrets map[string]string) map[string]string {
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
		name := volumeName(folder)
		volumes[name] = volume{source{secret}}
		mounts[name] = mount{folder, true}
	}
	all := maps.Clone(annotations)
	if all == nil {
		all = map[string]string{}
	}
	all[annotationVolume] = compactJSON(volumes)
	all[annotationVolumeMount] = compactJSON(mounts)
	return all
}

// volumeName names the volume of a folder.
func volumeName(folder string) string {
	return labelName(strings.Split(strings.Trim(folder, "/"), "/")...)
}

func compactJSON(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // Maps of text to structs of text are always JSON.
	}
	return string(text)
}
