// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"strconv"

	networking "istio.io/api/networking/v1"
)

// sidecarObjects returns what sidecars need that lead straight to the hosts.
func (d *destination) sidecarObjects(client string) []Object {
	var objects []Object
	for _, h := range d.hosts {
		if spec := d.sidecarVirtualService(h); spec != nil {
			objects = append(objects, d.object(kindVirtualService, client, d.objectName(h.parts...), spec))
		}
		if spec := d.sidecarDestinationRule(h, client); spec != nil {
			objects = append(objects, d.object(kindDestinationRule, client, d.objectName(h.parts...), spec))
		}
	}
	return objects
}

// sidecarVirtualService limits and repeats requests and sends them where TLS or
// a tunnel is opened, where a port asks for it. It is nil if none does.
//
// No gateways means mesh. If mesh is written out, istioctl analyze takes it for
// an ingress gateway and reports IST0140.
func (d *destination) sidecarVirtualService(h host) *networking.VirtualService {
	spec := &networking.VirtualService{ExportTo: []string{"."}, Hosts: []string{h.name}}
	for _, r := range d.routes {
		switch {
		case r.isHTTP():
			if route := d.sidecarRoute(h, r); route != nil {
				spec.Http = append(spec.Http, route)
			}
		case d.exitSubset(r) != "":
			r.addConnectionRoute(spec, h, d.exitTo(h.name, r))
		}
	}
	if len(spec.Http)+len(spec.Tls)+len(spec.Tcp) == 0 {
		return nil
	}
	return spec
}

// sidecarRoute returns nil for a port that needs no route.
func (d *destination) sidecarRoute(h host, r route) *networking.HTTPRoute {
	route := r.exit.httpRoute(d.exitTo(h.name, r))
	route.Match = []*networking.HTTPMatchRequest{{Port: uint32(r.port)}}
	if d.mustRewrite(h, r) {
		route.Rewrite = &networking.HTTPRewrite{Authority: r.authority(h.outside)}
	}
	if route.Rewrite == nil && r.exit.tls == nil && r.exit.timeout == 0 && r.exit.retries == nil {
		return nil
	}
	return route
}

// mustRewrite reports whether applications call the host with another authority
// than it expects. A Service has several names, and none of them is the host's.
func (d *destination) mustRewrite(h host, r route) bool {
	if d.service != nil {
		return h.outside != ""
	}
	return !h.isWildcard() && authority(h.name, r.port, 80) != r.authority(h.outside)
}

// sidecarDestinationRule opens TLS and tunnels at the sidecar, on the ports that
// ask for it and no others, and says how connections are made. It is nil if
// nothing of this is asked for.
//
// Routes name the subset for TLS, which adds nothing: if the rule is missing,
// requests fail and do not leave in plain text.
func (d *destination) sidecarDestinationRule(h host, client string) *networking.DestinationRule {
	spec := &networking.DestinationRule{ExportTo: []string{"."}, Host: h.name, TrafficPolicy: d.sidecarPolicy()}
	subsets := map[string]bool{}
	for _, r := range d.routes {
		subset := d.exitSubset(r)
		if subset != "" && !subsets[subset] {
			subsets[subset] = true
			spec.Subsets = append(spec.Subsets, d.sidecarSubset(h, r))
		}
		if r.exit.tls != nil {
			spec.TrafficPolicy = orEmpty(spec.TrafficPolicy)
			spec.TrafficPolicy.PortLevelSettings = append(spec.TrafficPolicy.PortLevelSettings, d.portPolicy(h, r, client))
		}
	}
	if spec.TrafficPolicy == nil && len(spec.Subsets) == 0 {
		return nil
	}
	return spec
}

// sidecarPolicy keeps a rule for all Services of the cluster from turning TLS on
// for a Service that leads outside.
func (d *destination) sidecarPolicy() *networking.TrafficPolicy {
	policy := d.policy.settings()
	if d.service.hasAddresses() {
		policy = orEmpty(policy)
		policy.Tls = &networking.ClientTLSSettings{Mode: networking.ClientTLSSettings_DISABLE}
	}
	return policy
}

func (d *destination) sidecarSubset(h host, r route) *networking.Subset {
	subset := &networking.Subset{Name: d.exitSubset(r)}
	if d.proxy != nil {
		subset.TrafficPolicy = &networking.TrafficPolicy{Tunnel: tunnel(h, r)}
	}
	return subset
}

// portPolicy repeats the policy of the destination: Istio applies that of a port
// instead, and not in addition.
func (d *destination) portPolicy(h host, r route, client string) *networking.TrafficPolicy_PortTrafficPolicy {
	policy := orEmpty(d.policy.settings())
	return &networking.TrafficPolicy_PortTrafficPolicy{
		ConnectionPool:   policy.ConnectionPool,
		LoadBalancer:     policy.LoadBalancer,
		OutlierDetection: policy.OutlierDetection,
		Port:             portSelector(r.port),
		Tls:              r.exit.tls.settings(h.outside, client),
	}
}

func orEmpty(policy *networking.TrafficPolicy) *networking.TrafficPolicy {
	if policy == nil {
		return &networking.TrafficPolicy{}
	}
	return policy
}

// tlsSubset is the subset of a host to which the mesh opens TLS.
const tlsSubset = "tls"

// exitSubset names the subset through which a port leaves, if it needs one: that
// for TLS, or that for its tunnel.
func (d *destination) exitSubset(r route) string {
	switch {
	case r.exit.tls != nil:
		return tlsSubset
	case d.proxy != nil:
		return "tunnel-" + strconv.Itoa(r.port)
	default:
		return ""
	}
}

// exitTo returns where a port leaves from the host that the mesh knows it by.
func (d *destination) exitTo(host string, r route) *networking.Destination {
	return &networking.Destination{Host: host, Port: portSelector(r.port), Subset: d.exitSubset(r)}
}

// tunnel asks the proxy for a connection to the host.
// https://istio.io/latest/docs/reference/config/networking/destination-rule/#TrafficPolicy-TunnelSettings
func tunnel(h host, r route) *networking.TrafficPolicy_TunnelSettings {
	return &networking.TrafficPolicy_TunnelSettings{
		Protocol:   "CONNECT",
		TargetHost: h.outside,
		TargetPort: uint32(r.exit.port),
	}
}
