// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package istio

import (
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/neighbor"
)

// besideDestinationRule looks for rules on the way to a gateway, beyond it, and
// straight to a host.
func (j judge) besideDestinationRule(n neighbor.Object) {
	for _, g := range j.Gateways() {
		if n.Host(j.Mesh.ClusterDomain) == g.Host {
			j.besideHopRule(n, g)
		}
	}
	j.besideLaneRule(n)
	j.eachCalled(func(c called) bool { return j.besideSidecarRule(n, c) })
}

func (j judge) besideSidecarRule(n neighbor.Object, c called) (found bool) {
	name := sidecarName(c.Destination, c.host)
	if _, fromSidecar := c.Way.(ir.FromSidecar); !fromSidecar || !ir.Covers(n.Spec.Host, name) || !n.IsSeenIn(c.client) {
		return false
	}
	same := n.Spec.Host == name && n.Ref.Namespace == c.client
	opensTLS := func(r ir.Route) bool { return n.OpensTLS(r.Port) }
	switch ours := hasSidecarRule(c.Destination); {
	case same && mustHaveSidecarRule(c.Destination):
		j.Report(c.host.Path, ruleForSameHost(c, n))
	case (same || !ours && isInLookupOf(n, c.client, j.Mesh)) && c.Has(opensTLS):
		j.Report(c.host.Path, ruleOpensTLS(c, n))
	case same && ours:
		j.Report(c.host.Path, ruleOfEither(c, n))
	default:
		return false
	}
	return true
}

// isInLookupOf reports whether the proxies of a namespace look for a DestinationRule
// where this one stands: there, or in the root namespace.
func isInLookupOf(n neighbor.Object, namespace string, m api.Mesh) bool {
	return n.Ref.Namespace == namespace || n.Ref.Namespace == m.RootNamespace
}

// besideHopRule looks at a rule for a gateway. Those of one namespace unite, unless
// they are for different proxies.
func (j judge) besideHopRule(n neighbor.Object, g *ir.Gateway) {
	for _, client := range j.Clients.Namespaces {
		switch own := n.Ref.Namespace == client; {
		case own && len(n.Spec.ExportTo) > 0:
			j.Report(field.Clients, hopRuleIsExported(client, n, g.Name))
		case !own && n.IsSeenIn(client):
			j.Report(field.Clients, hopRuleIsLost(client, n, g.Name))
		}
	}
}

// besideLaneRule looks for rules so wide that they make gateways open TLS to hosts
// for which there is no rule of ours.
func (j judge) besideLaneRule(n neighbor.Object) {
	for _, lanes := range j.lanes {
		for _, l := range lanes {
			namespace := l.way.Gateway.Namespace
			if !isInLookupOf(n, namespace, j.Mesh) || !n.IsSeenIn(namespace) {
				break
			}
			if !l.hasDestinationRule() && ir.Covers(n.Spec.Host, l.name) && n.OpensTLS(l.route.Exit.Port) {
				j.Report(l.host.Path, laneRuleOpensTLS(l, n, j.Mesh.ClusterDomain))
				return
			}
		}
	}
}
