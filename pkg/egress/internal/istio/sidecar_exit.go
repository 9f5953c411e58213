// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package istio

import (
	networking "istio.io/api/networking/v1"

	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/draft"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
)

// sidecarDrafts returns what sidecars need that lead straight to the hosts.
func sidecarDrafts(d *ir.Destination) []draft.Draft {
	var drafts []draft.Draft
	for _, client := range d.Clients.Namespaces {
		for _, h := range d.Hosts {
			if hasSidecarRoutes(d, h) {
				drafts = append(drafts, draft.OfHost(d, h, sidecarRouteRef(d, h, client), func() any { return sidecarVirtualService(d, h) }))
			}
			if hasSidecarRule(d) {
				rule := func() any { return sidecarDestinationRule(d, h, client) }
				drafts = append(drafts, draft.OfHost(d, h, sidecarRuleRef(d, h, client), rule))
			}
		}
	}
	return drafts
}

func hasSidecarRoutes(d *ir.Destination, h ir.Host) bool {
	return d.Has(func(r ir.Route) bool { return carrierOf(r).needsSidecarRoute(d, h, r) })
}

// sidecarVirtualService limits and repeats requests and sends them where TLS or
// a tunnel is opened, where a port asks for it.
//
// No gateways means mesh. If mesh is written out, istioctl analyze takes it for
// an ingress gateway and reports IST0140.
func sidecarVirtualService(d *ir.Destination, h ir.Host) *networking.VirtualService {
	spec := &networking.VirtualService{ExportTo: []string{"."}, Hosts: []string{sidecarName(d, h)}}
	for _, r := range d.Routes {
		if c := carrierOf(r); c.needsSidecarRoute(d, h, r) {
			c.addSidecarRoute(spec, d, h, r)
		}
	}
	return spec
}

// hasSidecarRule reports whether sidecars need a DestinationRule.
func hasSidecarRule(d *ir.Destination) bool { return mustHaveSidecarRule(d) || d.Has(isHTTP1) }

// mustHaveSidecarRule reports whether calls go another way without a DestinationRule, whatever
// stands beside it: it opens TLS or a tunnel, has a traffic policy, or keeps a rule for all
// Services from one that leads outside.
func mustHaveSidecarRule(d *ir.Destination) bool {
	hasSubset := func(r ir.Route) bool { return exitSubset(d, r) != "" }
	return d.Onward.Policy != nil || d.Told == ir.ByService || d.Has(hasSubset)
}

func sidecarRouteRef(d *ir.Destination, h ir.Host, client string) diag.ObjectRef {
	return diag.ObjectRef{Kind: kind.VirtualService, Namespace: client, Name: draft.Name(d, partsOf(d, h)...)}
}

// sidecarRuleRef names a rule for sidecars. That of a Service would have the name of the rule
// for a hop, where the gateway is called like the destination.
func sidecarRuleRef(d *ir.Destination, h ir.Host, client string) diag.ObjectRef {
	parts := partsOf(d, h)
	if d.Told == ir.ByService {
		parts = []string{"service"}
	}
	return diag.ObjectRef{Kind: kind.DestinationRule, Namespace: client, Name: draft.Name(d, parts...)}
}

// sidecarDestinationRule opens TLS and tunnels at the sidecar, on the ports that
// ask for it and no others, and says how connections are made.
//
// Routes name the subset for TLS, which adds nothing: if the rule is missing,
// requests fail and do not leave in plain text.
func sidecarDestinationRule(d *ir.Destination, h ir.Host, client string) *networking.DestinationRule {
	spec := &networking.DestinationRule{
		ExportTo:      []string{"."},
		Host:          sidecarName(d, h),
		TrafficPolicy: sidecarPolicy(d),
	}
	subsets := map[string]bool{}
	for _, r := range d.Routes {
		subset := exitSubset(d, r)
		if subset != "" && !subsets[subset] {
			subsets[subset] = true
			spec.Subsets = append(spec.Subsets, sidecarSubset(d, h, r, client))
		}
		if r.Exit.TLS != nil && d.Onward.Proxy == nil {
			spec.TrafficPolicy = orEmpty(spec.TrafficPolicy)
			spec.TrafficPolicy.PortLevelSettings = append(spec.TrafficPolicy.PortLevelSettings, portPolicy(d, h, r, client))
		}
	}
	return spec
}

// sidecarPolicy keeps a rule for all Services of the cluster from turning TLS on
// for a Service that leads outside.
func sidecarPolicy(d *ir.Destination) *networking.TrafficPolicy {
	policy := trafficPolicy(d, d.Routes...)
	if d.Told == ir.ByService {
		policy = orEmpty(policy)
		policy.Tls = &networking.ClientTLSSettings{Mode: networking.ClientTLSSettings_DISABLE}
	}
	return policy
}

func sidecarSubset(d *ir.Destination, h ir.Host, r ir.Route, client string) *networking.Subset {
	subset := &networking.Subset{Name: exitSubset(d, r)}
	if d.Onward.Proxy != nil {
		subset.TrafficPolicy = tunnelPolicy(h, r, client)
	}
	return subset
}

// portPolicy repeats the policy of the destination: Istio applies that of a port
// instead, and not in addition.
func portPolicy(d *ir.Destination, h ir.Host, r ir.Route, client string) *networking.TrafficPolicy_PortTrafficPolicy {
	policy := orEmpty(trafficPolicy(d, r))
	return &networking.TrafficPolicy_PortTrafficPolicy{
		ConnectionPool:   policy.ConnectionPool,
		LoadBalancer:     policy.LoadBalancer,
		OutlierDetection: policy.OutlierDetection,
		Port:             portSelector(r.Port),
		Tls:              upstreamTLS(r.Exit.TLS, h.Outside, client),
	}
}

func orEmpty(policy *networking.TrafficPolicy) *networking.TrafficPolicy {
	if policy == nil {
		return &networking.TrafficPolicy{}
	}
	return policy
}
