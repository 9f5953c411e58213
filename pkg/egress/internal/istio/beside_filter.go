// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package istio

import (
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/neighbor"
)

// besideEnvoyFilter tells of an EnvoyFilter for proxies on the way of the bundle's calls. It may
// change whatever Istio configures there.
func (j *judge) besideEnvoyFilter(n neighbor.Object) {
	isIn := func(namespace string) bool {
		return n.Ref.Namespace == namespace || n.Ref.Namespace == j.Mesh.RootNamespace
	}
	labels := n.PodLabels()
	isForGateway := func(g *ir.Gateway) bool { return isIn(g.Namespace) && ir.Selects(labels, podLabels(g)) }
	// Istio's charts label the Pods of gateways so, and nobody other Pods.
	_, isForGateways := labels["istio"]
	if slices.ContainsFunc(j.Gateways(), isForGateway) || !isForGateways && slices.ContainsFunc(j.Clients.Namespaces, isIn) {
		j.Report(field.Destinations, filterChangesProxies(n))
	}
}
