// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package trace

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"

	"istio.io/istio/pilot/test/xdstest"
	"istio.io/istio/pkg/wellknown"
)

// listenerFor returns the listener that takes connections to an address: the one of that very address, that of the
// port, or the one that a sidecar's traffic is redirected to.
func listenerFor(listeners []*listener.Listener, destination netip.AddrPort) *listener.Listener {
	wildcard := netip.AddrPortFrom(netip.IPv4Unspecified(), destination.Port())
	for _, bound := range []netip.AddrPort{destination, wildcard} {
		for _, l := range listeners {
			if slices.Contains(addresses(l), bound) {
				return l
			}
		}
	}
	for _, l := range listeners {
		if l.GetUseOriginalDst().GetValue() {
			return l
		}
	}
	return nil
}

func addresses(l *listener.Listener) []netip.AddrPort {
	all := []*core.Address{l.GetAddress()}
	for _, a := range l.GetAdditionalAddresses() {
		all = append(all, a.GetAddress())
	}
	var bound []netip.AddrPort
	for _, a := range all {
		socket := a.GetSocketAddress()
		if ip, err := netip.ParseAddr(socket.GetAddress()); err == nil {
			bound = append(bound, netip.AddrPortFrom(ip, uint16(socket.GetPortValue())))
		}
	}
	return bound
}

// An inspection is what the listener filters learn of a connection, and all that filter chains are matched by.
type inspection struct {
	destination netip.AddrPort
	serverName  string
	transport   string
	protocols   []string
}

func inspect(l *listener.Listener, c connection) inspection {
	in := inspection{destination: c.destination, transport: "raw_buffer"}
	outer := c.outermost()
	switch {
	case outer != nil && inspects(l, wellknown.TLSInspector, c.destination.Port()):
		in.transport = "tls"
		in.serverName = strings.ToLower(outer.sni)
		in.protocols = outer.alpn
	case c.plainHTTP() != nil && inspects(l, wellknown.HTTPInspector, c.destination.Port()):
		in.protocols = []string{"http/1.1"}
		if c.request.http2 {
			in.protocols = []string{"h2c"}
		}
	}
	return in
}

func inspects(l *listener.Listener, filter string, port uint16) bool {
	for _, f := range l.GetListenerFilters() {
		if f.GetName() == filter {
			return f.GetFilterDisabled() == nil || !xdstest.EvaluateListenerFilterPredicates(f.GetFilterDisabled(), int(port))
		}
	}
	return false
}

// matchFilterChain picks a filter chain as Envoy does: criterion after criterion, in a fixed order. The most specific
// value that matches wins, no value at all comes last, and what one criterion has excluded does not come back.
func matchFilterChain(l *listener.Listener, in inspection) (*listener.FilterChain, error) {
	if err := checkFilterChains(l); err != nil {
		return nil, err
	}
	chains := l.GetFilterChains()
	for _, rank := range []func(*listener.FilterChainMatch, inspection) int{
		rankPort, rankAddress, rankServerName, rankTransport, rankProtocol,
	} {
		chains = mostSpecific(chains, func(m *listener.FilterChainMatch) int { return rank(m, in) })
	}
	switch {
	case len(chains) > 0:
		return chains[0], nil
	case l.GetDefaultFilterChain() != nil:
		return l.GetDefaultFilterChain(), nil
	default:
		return nil, blockedf("no filter chain of listener %s matches SNI %q", l.GetName(), in.serverName)
	}
}

// mostSpecific keeps the chains of the highest rank. A negative rank does not match.
func mostSpecific(chains []*listener.FilterChain, rank func(*listener.FilterChainMatch) int) []*listener.FilterChain {
	best := 0
	var kept []*listener.FilterChain
	for _, c := range chains {
		switch r := rank(c.GetFilterChainMatch()); {
		case r > best:
			best, kept = r, []*listener.FilterChain{c}
		case r == best:
			kept = append(kept, c)
		}
	}
	return kept
}

func rankPort(m *listener.FilterChainMatch, in inspection) int {
	switch {
	case m.GetDestinationPort() == nil:
		return 0
	case m.GetDestinationPort().GetValue() == uint32(in.destination.Port()):
		return 1
	default:
		return -1
	}
}

func rankAddress(m *listener.FilterChainMatch, in inspection) int {
	if len(m.GetPrefixRanges()) == 0 {
		return 0
	}
	best := -1
	for _, r := range m.GetPrefixRanges() {
		if contains(r, in.destination.Addr()) {
			best = max(best, 1+int(r.GetPrefixLen().GetValue()))
		}
	}
	return best
}

func contains(r *core.CidrRange, ip netip.Addr) bool {
	from, err := netip.ParseAddr(r.GetAddressPrefix())
	return err == nil && netip.PrefixFrom(from, int(r.GetPrefixLen().GetValue())).Contains(ip)
}

func rankServerName(m *listener.FilterChainMatch, in inspection) int {
	if len(m.GetServerNames()) == 0 {
		return 0
	}
	best := -1
	for _, name := range m.GetServerNames() {
		suffix, wildcard := strings.CutPrefix(name, "*")
		switch {
		case name == in.serverName:
			best = math.MaxInt
		case wildcard && strings.HasSuffix(in.serverName, suffix):
			best = max(best, len(name))
		}
	}
	return best
}

func rankTransport(m *listener.FilterChainMatch, in inspection) int {
	switch m.GetTransportProtocol() {
	case "":
		return 0
	case in.transport:
		return 1
	default:
		return -1
	}
}

func rankProtocol(m *listener.FilterChainMatch, in inspection) int {
	if len(m.GetApplicationProtocols()) == 0 {
		return 0
	}
	for i, p := range in.protocols {
		if slices.Contains(m.GetApplicationProtocols(), p) {
			return len(in.protocols) - i
		}
	}
	return -1
}

// checkFilterChains finds what makes Envoy reject a whole listener, and criteria that are not implemented here.
func checkFilterChains(l *listener.Listener) error {
	if l.GetFilterChainMatcher() != nil {
		return fmt.Errorf("listener %s: filter chain matcher is not supported", l.GetName())
	}
	seen := map[string]bool{}
	for _, c := range l.GetFilterChains() {
		m := c.GetFilterChainMatch()
		if len(m.GetSourcePrefixRanges())+len(m.GetDirectSourcePrefixRanges())+len(m.GetSourcePorts()) > 0 ||
			m.GetSourceType() != listener.FilterChainMatch_ANY || m.GetAddressSuffix() != "" {
			return fmt.Errorf("listener %s: filter chain match %v is not supported", l.GetName(), m)
		}
		for _, rule := range rules(m) {
			if seen[rule] {
				return blockedf("listener %s is rejected: two filter chains match %s", l.GetName(), rule)
			}
			seen[rule] = true
		}
	}
	return nil
}

// rules spells out every single combination that a match stands for.
func rules(m *listener.FilterChainMatch) []string {
	all := []string{fmt.Sprintf("port %d, transport %q", m.GetDestinationPort().GetValue(), m.GetTransportProtocol())}
	var ranges []string
	for _, r := range m.GetPrefixRanges() {
		ranges = append(ranges, fmt.Sprintf("%s/%d", r.GetAddressPrefix(), r.GetPrefixLen().GetValue()))
	}
	for _, values := range [][]string{ranges, m.GetServerNames(), m.GetApplicationProtocols()} {
		if len(values) == 0 {
			values = []string{"any"}
		}
		var next []string
		for _, prefix := range all {
			for _, v := range values {
				next = append(next, prefix+", "+v)
			}
		}
		all = next
	}
	return all
}
