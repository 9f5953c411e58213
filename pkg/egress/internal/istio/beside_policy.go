// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package istio

import (
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/neighbor"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/precedence"
)

// besideAuthorizationPolicy looks for policies of a gateway that deny calls of the bundle: one
// that denies, and those that deny what none of them allows. The first of these stands for all.
func (j *judge) besideAuthorizationPolicy(n neighbor.Object) {
	for _, g := range j.Gateways() {
		if !j.isPolicyOf(n, g) {
			continue
		}
		switch n.Spec.Action {
		case "CUSTOM":
			j.besidePolicy(n, g, func(c precedence.Call) precedence.Answer { return min(c.IsMatched(n), precedence.Maybe) })
		case "DENY":
			j.besidePolicy(n, g, func(c precedence.Call) precedence.Answer { return c.IsMatched(n) })
		case "ALLOW", "":
			if all := j.policiesOf(g); all[0].Ref == n.Ref {
				j.besidePolicy(n, g, func(c precedence.Call) precedence.Answer { return deniedByAll(c, all) })
			}
		default: // AUDIT lets everything pass, and others Istio refuses.
		}
	}
}

// isPolicyOf reports whether a policy is for a gateway. One that names its targets is for
// waypoints, gateways of another API, and what stands behind them.
func (j *judge) isPolicyOf(n neighbor.Object, g *ir.Gateway) bool {
	isThere := n.Ref.Namespace == g.Namespace || n.Ref.Namespace == j.Mesh.RootNamespace
	return isThere && n.Spec.TargetRef == nil && len(n.Spec.TargetRefs) == 0 && selects(n, g)
}

// policiesOf returns the policies of a gateway that allow.
func (j *judge) policiesOf(g *ir.Gateway) []neighbor.Object {
	var all []neighbor.Object
	for _, n := range j.policies {
		if j.isPolicyOf(n, g) {
			all = append(all, n)
		}
	}
	return all
}

// deniedByAll says whether none of some policies allows a call.
func deniedByAll(c precedence.Call, policies []neighbor.Object) precedence.Answer {
	allowed := precedence.No
	for _, n := range policies {
		allowed = max(allowed, c.IsMatched(n))
	}
	return allowed.Not()
}

// besidePolicy reports the call that is denied for the surest, if any is: it stands for all.
func (j *judge) besidePolicy(n neighbor.Object, g *ir.Gateway, denied func(precedence.Call) precedence.Answer) {
	worst, of := precedence.No, lane{}
	for _, lanes := range j.lanes {
		for _, l := range lanes {
			if l.way.Gateway.Name != g.Name {
				break
			}
			for _, c := range l.calls(j.Mesh.TrustDomain) {
				if a := denied(c); a > worst {
					worst, of = a, l
				}
			}
		}
	}
	switch worst {
	case precedence.No:
	case precedence.Maybe:
		j.Report(of.host.Path, policyMayDeny(of, n))
	case precedence.Yes:
		j.Report(of.host.Path, policyDenies(of, n))
	}
}

// calls are what arrives on the lane, by who may call.
func (l lane) calls(trustDomain string) []precedence.Call {
	call := precedence.Call{
		Ports: l.containerPorts(), SNI: l.crossing.subset.sni, Identified: l.way.MutualTLS, TrustDomain: trustDomain,
	}
	switch {
	case l.route.IsHTTP():
		call.Authority = l.name
	case l.route.IsTLS() && !l.way.MutualTLS:
		call.SNI = l.host.Name
	}
	var all []precedence.Call
	for _, client := range l.destination.Clients.Namespaces {
		call.Namespace, call.Account = client, ""
		accounts := l.destination.Clients.Accounts[client]
		if len(accounts) == 0 {
			all = append(all, call)
		}
		for _, account := range accounts {
			call.Account = account
			all = append(all, call)
		}
	}
	return all
}

// containerPorts returns the port of the gateway's Pods at which the lane arrives, or all that it
// may be.
func (l lane) containerPorts() []int { return l.way.Gateway.Targets[l.crossing.server.port] }
