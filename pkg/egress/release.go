// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"cmp"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// A Release is an installation of the Helm chart gateway of Istio, for a gateway
// whose Installer is InstallerHelm. EncodeHelmValues writes its values.
type Release struct {
	// Namespace and Name are those of the release. The name is that of the
	// Service of the gateway.
	Namespace string
	Name      string

	workload workload
}

// releases returns what Helm installs for all bundles.
func releases(planners []*planner) []Release {
	byGateway := map[string]Release{}
	for _, p := range planners {
		for name, g := range p.mesh.Gateways {
			if g.Deploy != nil && g.Deploy.Installer == InstallerHelm {
				byGateway[name] = Release{g.Namespace, g.Service, workload{g, name}}
			}
		}
	}
	return slices.SortedFunc(maps.Values(byGateway), func(a, b Release) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
}

// values returns the values with which the chart makes what InstallerManifests
// makes.
// https://artifacthub.io/packages/helm/istio-official/gateway
func (r Release) values() map[string]any {
	w := r.workload
	values := map[string]any{
		"affinity": w.affinity(),
		"autoscaling": map[string]any{
			"minReplicas":                    w.Deploy.Replicas.Min,
			"maxReplicas":                    w.Deploy.Replicas.Max,
			"targetCPUUtilizationPercentage": targetUtilization,
		},
		"containerSecurityContext":  containerSecurity(),
		"labels":                    w.Selector,
		"podDisruptionBudget":       map[string]any{"maxUnavailable": maxUnavailable},
		"resources":                 w.resources(),
		"securityContext":           podSecurity(),
		"service":                   map[string]any{"type": corev1.ServiceTypeClusterIP, "ports": w.servicePorts()},
		"topologySpreadConstraints": w.spread(),
	}
	if len(w.Deploy.NodeSelector) > 0 {
		values["nodeSelector"] = w.Deploy.NodeSelector
	}
	if len(w.Deploy.Tolerations) > 0 {
		values["tolerations"] = w.tolerations()
	}
	tree, err := jsonTree(values)
	if err != nil {
		panic(err) // Types of Kubernetes are always JSON.
	}
	return tree
}
