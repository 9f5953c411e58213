// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package trace

import (
	"net/netip"
	"testing"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	rbac "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcher "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

func TestMatchFilterChain(t *testing.T) {
	chain := func(name string, m *listener.FilterChainMatch) *listener.FilterChain {
		return &listener.FilterChain{Name: name, FilterChainMatch: m}
	}
	prefix := func(ip string, bits uint32) []*core.CidrRange {
		return []*core.CidrRange{{AddressPrefix: ip, PrefixLen: wrapperspb.UInt32(bits)}}
	}
	l := &listener.Listener{
		Name: "test",
		FilterChains: []*listener.FilterChain{
			chain("exact", &listener.FilterChainMatch{ServerNames: []string{"a.b.example"}}),
			chain("wildcard", &listener.FilterChainMatch{ServerNames: []string{"*.b.example"}}),
			chain("wider", &listener.FilterChainMatch{ServerNames: []string{"*.example"}}),
			chain("wide range", &listener.FilterChainMatch{PrefixRanges: prefix("10.0.0.0", 8)}),
			chain("narrow range", &listener.FilterChainMatch{PrefixRanges: prefix("10.1.0.0", 16)}),
			chain("http", &listener.FilterChainMatch{
				TransportProtocol:    "raw_buffer",
				ApplicationProtocols: []string{"http/1.1", "h2c"},
			}),
		},
		DefaultFilterChain: chain("default", nil),
	}
	wide := netip.MustParseAddrPort("10.2.2.3:80")
	for _, test := range []struct {
		in   inspection
		want string
	}{
		{inspection{serverName: "a.b.example", transport: "tls"}, "exact"},
		{inspection{serverName: "c.b.example", transport: "tls"}, "wildcard"},
		{inspection{serverName: "d.c.b.example", transport: "tls"}, "wildcard"},
		{inspection{serverName: "b.example", transport: "tls"}, "wider"},
		{inspection{serverName: "example", transport: "tls"}, "default"},
		{inspection{transport: "raw_buffer", protocols: []string{"h2c"}}, "http"},
		{inspection{transport: "raw_buffer"}, "default"},
		{inspection{destination: netip.MustParseAddrPort("10.1.2.3:80"), transport: "raw_buffer"}, "narrow range"},
		{inspection{destination: wide, transport: "raw_buffer"}, "wide range"},
		// The address is looked at before the server name, and nothing leads back from there.
		{inspection{destination: wide, serverName: "a.b.example", transport: "tls"}, "wide range"},
	} {
		got, err := matchFilterChain(l, test.in)
		if err != nil || got.GetName() != test.want {
			t.Errorf("%+v: got %q, %v, want %q", test.in, got.GetName(), err, test.want)
		}
	}
}

func TestMatchFilterChainRejects(t *testing.T) {
	sni := func(names ...string) *listener.FilterChain {
		return &listener.FilterChain{FilterChainMatch: &listener.FilterChainMatch{ServerNames: names}}
	}
	overlapping := &listener.Listener{Name: "test", FilterChains: []*listener.FilterChain{sni("a", "b"), sni("b", "c")}}
	const want = `listener test is rejected: two filter chains match port 0, transport "", any, b, any`
	if _, err := matchFilterChain(overlapping, inspection{serverName: "a"}); err == nil || err.Error() != want {
		t.Errorf("got %v, want %q", err, want)
	}
	unsupported := &listener.Listener{FilterChains: []*listener.FilterChain{
		{FilterChainMatch: &listener.FilterChainMatch{SourcePorts: []uint32{1}}},
	}}
	if _, err := matchFilterChain(unsupported, inspection{}); err == nil {
		t.Error("a match by source port is passed over")
	}
}

func TestMatchVirtualHost(t *testing.T) {
	rc := &route.RouteConfiguration{IgnorePortInHostMatching: true}
	for _, domain := range []string{"*", "a.example", "*.example", "*.b.example", "a.*"} {
		rc.VirtualHosts = append(rc.VirtualHosts, &route.VirtualHost{Name: domain, Domains: []string{domain}})
	}
	for authority, want := range map[string]string{
		"a.example":     "a.example",
		"A.Example:80":  "a.example",
		"x.b.example":   "*.b.example",
		"b.example":     "*.example",
		"a.other":       "a.*",
		"other":         "*",
		".b.example":    "*.example",
		"x.y.b.example": "*.b.example",
	} {
		if got := matchVirtualHost(rc, authority).GetName(); got != want {
			t.Errorf("%s: got %q, want %q", authority, got, want)
		}
	}
}

func TestMatchRoute(t *testing.T) {
	header := func(name, value string, invert bool) []*route.HeaderMatcher {
		return []*route.HeaderMatcher{{
			Name:                 name,
			InvertMatch:          invert,
			HeaderMatchSpecifier: &route.HeaderMatcher_StringMatch{StringMatch: exact(value)},
		}}
	}
	prefix := &route.RouteMatch_Prefix{Prefix: "/"}
	vh := &route.VirtualHost{Name: "test", Routes: []*route.Route{
		{Name: "header", Match: &route.RouteMatch{PathSpecifier: prefix, Headers: header("x-canary", "yes", false)}},
		{Name: "post", Match: &route.RouteMatch{PathSpecifier: prefix, Headers: header(":method", "POST", false)}},
		{Name: "path", Match: &route.RouteMatch{PathSpecifier: &route.RouteMatch_Path{Path: "/exact"}}},
		{Name: "separated", Match: &route.RouteMatch{PathSpecifier: &route.RouteMatch_PathSeparatedPrefix{
			PathSeparatedPrefix: "/v1",
		}}},
		{Name: "regex", Match: &route.RouteMatch{PathSpecifier: &route.RouteMatch_SafeRegex{
			SafeRegex: &matcher.RegexMatcher{Regex: "/[0-9]+"},
		}}},
		{Name: "rest", Match: &route.RouteMatch{PathSpecifier: prefix, Headers: header("x-canary", "yes", true)}},
	}}
	for _, test := range []struct {
		request request
		want    string
	}{
		{request{method: "POST", path: "/"}, "post"},
		{request{method: "GET", path: "/exact?q=1"}, "path"},
		{request{method: "GET", path: "/exactly"}, "rest"},
		{request{method: "GET", path: "/v1/x"}, "separated"},
		{request{method: "GET", path: "/v10"}, "rest"},
		{request{method: "GET", path: "/123"}, "regex"},
		{request{method: "GET", path: "/123/4"}, "rest"},
	} {
		got, err := matchRoute(vh, &test.request)
		if err != nil || got.GetName() != test.want {
			t.Errorf("%+v: got %q, %v, want %q", test.request, got.GetName(), err, test.want)
		}
	}
}

func exact(s string) *matcher.StringMatcher {
	return &matcher.StringMatcher{MatchPattern: &matcher.StringMatcher_Exact{Exact: s}}
}

func TestAuthorize(t *testing.T) {
	authenticated := &rbac.Principal{Identifier: &rbac.Principal_Authenticated_{
		Authenticated: &rbac.Principal_Authenticated{PrincipalName: exact("spiffe://cluster.local/ns/a/sa/b")},
	}}
	anyPermission := &rbac.Permission{Rule: &rbac.Permission_Any{Any: true}}
	rules := func(action rbac.RBAC_Action, permission *rbac.Permission, principal *rbac.Principal) *rbac.RBAC {
		return &rbac.RBAC{Action: action, Policies: map[string]*rbac.Policy{
			"p": {Permissions: []*rbac.Permission{permission}, Principals: []*rbac.Principal{principal}},
		}}
	}
	not := &rbac.Principal{Identifier: &rbac.Principal_NotId{NotId: authenticated}}
	b := subject{identity: "spiffe://cluster.local/ns/a/sa/b"}
	for _, test := range []struct {
		name    string
		rules   *rbac.RBAC
		subject subject
		want    string
	}{
		{"no rules", nil, subject{}, ""},
		{"allowed", rules(rbac.RBAC_ALLOW, anyPermission, authenticated), b, ""},
		{"not allowed", rules(rbac.RBAC_ALLOW, anyPermission, authenticated), subject{}, "403 RBAC: no policy allows it"},
		{"denied", rules(rbac.RBAC_DENY, anyPermission, authenticated), b, "403 RBAC: denied by p"},
		{"denied without identity", rules(rbac.RBAC_DENY, anyPermission, not), subject{}, "403 RBAC: denied by p"},
		{"not denied", rules(rbac.RBAC_DENY, anyPermission, not), b, ""},
		{
			"unknown permission", rules(rbac.RBAC_DENY, &rbac.Permission{Rule: &rbac.Permission_Metadata{}}, not), b,
			"RBAC policy p: permission *rbacv3.Permission_Metadata is not supported",
		},
		{
			"unknown principal", rules(rbac.RBAC_ALLOW, anyPermission, &rbac.Principal{Identifier: &rbac.Principal_Metadata{}}), b,
			"RBAC policy p: principal *rbacv3.Principal_Metadata is not supported",
		},
	} {
		got := ""
		if err := test.subject.authorize(test.rules); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}
