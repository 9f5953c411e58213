// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"cmp"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/jsontree"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// Releases returns what Helm installs for all bundles, sorted.
func Releases(plans []*ir.Plan) []object.Release {
	byGateway := map[string]object.Release{}
	for _, p := range plans {
		for _, w := range workloads(p.Mesh, api.InstallerHelm) {
			byGateway[w.name] = object.Release{Namespace: w.Namespace, Name: w.Service, Values: w.values()}
		}
	}
	return slices.SortedFunc(maps.Values(byGateway), func(a, b object.Release) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
}

// values returns the values with which the chart makes what drafts does.
// https://artifacthub.io/packages/helm/istio-official/gateway
func (w workload) values() map[string]any {
	values := map[string]any{
		"affinity": w.affinity(),
		"autoscaling": map[string]any{
			"minReplicas":                    w.Deploy.Replicas.Min,
			"maxReplicas":                    w.Deploy.Replicas.Max,
			"targetCPUUtilizationPercentage": targetUtilization,
		},
		"containerSecurityContext":  containerSecurity(),
		"labels":                    w.Selector,
		"podAnnotations":            map[string]any{object.AnnotationProxyConfig: quietProxy},
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
	tree, err := jsontree.Of(values)
	if err != nil {
		panic(err) // Types of Kubernetes are always JSON.
	}
	plain, _ := tree.(map[string]any)
	return plain
}
