// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

// TLSPassthrough is the pattern of an application that opens TLS itself. The
// mesh routes it by SNI and never decrypts it.
type TLSPassthrough struct{}

var tlsPassthroughInfo = PatternInfo{
	Name:        "TLSPassthrough",
	Application: "opens TLS itself",
	Mesh:        "routes by SNI, never decrypts it",
	empty:       func() Pattern { return &TLSPassthrough{} },
}

func (*TLSPassthrough) route(p *portPlanner) route {
	p.checkWildcardTLS()
	p.checkAlias()
	return route{protocol: protocolTLS, exit: exit{port: p.number}}
}

// checkWildcardTLS judges wildcards where traffic names its host by SNI.
func (p *portPlanner) checkWildcardTLS() {
	d := p.destination
	switch {
	case !d.hasWildcard():
	case p.way.proxy != nil && d.WildcardServer == "":
		p.reportf(UnsupportedWildcard, "pattern", "must not be used with a wildcard where a forwardProxy leads to the host: Istio asks the proxy for one host only; list the hosts in destinations of their own, or set wildcardServer if one host serves all names")
	case d.hasTarget():
	case p.way.gateway != nil:
		p.reportf(UnsupportedWildcard, "pattern", "must not be used with a wildcard through a gateway, which cannot look up what a wildcard stands for; set wildcardServer if one host serves all names, or list the hosts, or use `via: Sidecar`")
	case !p.way.dynamicDNS:
		p.warnf(OpenWildcard, "pattern", "opens every address on port %d: before Istio %s sidecars cannot look up what a wildcard stands for, and believe any caller that names such a host; set wildcardServer if one host serves all names, or list the hosts", p.number, dynamicDNSVersion)
	}
}

// checkAlias refuses an alias where only the name that TLS is opened to tells the
// gateway where a connection goes: that is the host's own.
func (p *portPlanner) checkAlias() {
	s := p.way.service
	if s != nil && s.ExternalName != "" && s.Type == ServiceExternalName && p.way.gateway != nil {
		p.reportf(NeedsSidecar, "pattern", "must not be TLSPassthrough for a service through a gateway: applications that open TLS name the host itself, and the gateway knows no other name; use `hosts: [%s]` and that name, or TLSOrigination, or `via: Sidecar`", s.ExternalName)
	}
}
