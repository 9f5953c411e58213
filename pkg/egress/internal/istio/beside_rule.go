// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package istio

import (
	"fmt"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/neighbor"
)

// besideDestinationRule looks for rules on the way to a gateway, beyond it, and
// straight to a host.
func (j *judge) besideDestinationRule(n neighbor.Object) {
	for _, g := range j.Gateways() {
		if n.FullName(n.Spec.Host, j.Mesh.ClusterDomain) == g.Host {
			j.besideHopRule(n, g)
		}
	}
	j.besideLaneRule(n)
	j.eachCalled(func(c called) bool { return j.besideSidecarRule(n, c) })
}

func (j *judge) besideSidecarRule(n neighbor.Object, c called) (found bool) {
	host := n.FullName(n.Spec.Host, j.Mesh.ClusterDomain)
	if !c.fromSidecar() || !ir.Covers(host, c.name()) || !c.view.FollowsRule(n) {
		return false
	}
	same := host == c.name() && n.Ref.Namespace == c.client
	opensTLS := func(r ir.Route) bool { return n.OpensTLS(r.Port) }
	switch ours := hasSidecarRule(c.Destination); {
	case same && mustHaveSidecarRule(c.Destination):
		j.Report(c.host.Path, ruleForSameHost(c, n))
	case (same || !ours) && c.Has(opensTLS):
		j.Report(c.host.Path, ruleOpensTLS(c, n))
	case !ours && n.OpensTunnel() && c.Has(func(r ir.Route) bool { return !r.IsHTTP() }):
		j.Report(c.host.Path, ruleOpensTunnel(c.host, "the sidecars of "+c.client, n))
	case same && ours:
		j.Report(c.host.Path, ruleOfEither(c, n))
	default:
		return false
	}
	return true
}

// besideHopRule looks at a rule for a gateway. Those of one namespace unite, unless
// they are for different proxies. Those of the gateway's and of the root namespace are what
// clients without rules of their own follow.
func (j *judge) besideHopRule(n neighbor.Object, g *ir.Gateway) {
	for _, client := range j.Clients.Namespaces {
		seen := n.ReachIn(client) != neighbor.Unseen
		own := n.Ref.Namespace == client
		followed := n.Ref.Namespace == g.Namespace || n.Ref.Namespace == j.Mesh.RootNamespace
		switch {
		case own && n.Selects():
			j.Report(field.Clients, hopRuleSelects(client, n, g.Name))
		case own && seen && len(n.Spec.ExportTo) > 0:
			j.Report(field.Clients, hopRuleIsExported(client, n, g.Name))
		case !own && seen && followed && !n.Selects():
			j.Report(field.Clients, hopRuleIsLost(client, n, g.Name))
		}
	}
}

// besideLaneRule looks for rules so wide that they make gateways open TLS or a tunnel to hosts
// for which there is no rule of ours.
func (j *judge) besideLaneRule(n neighbor.Object) {
	for _, lanes := range j.lanes {
		for _, l := range lanes {
			if !viewWithout(j.Mesh, l.way.Gateway.Namespace).FollowsRule(n) {
				break
			}
			switch isFollowed := !l.hasRule() && ir.Covers(n.Spec.Host, l.name); {
			case isFollowed && n.OpensTLS(l.route.Exit.Port):
				j.Report(l.host.Path, laneRuleOpensTLS(l, n, j.Mesh.ClusterDomain))
				return
			case isFollowed && n.OpensTunnel() && !l.route.IsHTTP():
				j.Report(l.host.Path, ruleOpensTunnel(l.host, fmt.Sprintf("gateway %q", l.way.Gateway.Name), n))
				return
			}
		}
	}
}
