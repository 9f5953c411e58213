// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package follow

import (
	"cmp"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/explain"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/address"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// Calls returns what each client of any bundle may try: a call to each port of each host that
// any bundle names, and one that a port does not allow, if it does not allow each.
func (f *Follower) Calls() []explain.Call {
	var calls []explain.Call
	all := f.called()
	for _, caller := range f.callers() {
		for _, called := range all {
			called.Namespace, called.ServiceAccount = caller.Namespace, caller.ServiceAccount
			calls = append(calls, called)
		}
	}
	return calls
}

// callers returns the identities of clients, of a whole namespace its default one.
func (f *Follower) callers() []explain.Call {
	accounts := map[string]map[string]bool{}
	for _, p := range f.plans {
		for _, namespace := range p.Clients.Namespaces {
			if accounts[namespace] == nil {
				accounts[namespace] = map[string]bool{}
			}
			for _, account := range p.Clients.Accounts[namespace] {
				accounts[namespace][account] = true
			}
			if len(p.Clients.Accounts[namespace]) == 0 {
				accounts[namespace][defaultAccount] = true
			}
		}
	}
	var callers []explain.Call
	for _, namespace := range sortedKeys(accounts) {
		for _, account := range sortedKeys(accounts[namespace]) {
			callers = append(callers, explain.Call{Namespace: namespace, ServiceAccount: account})
		}
	}
	return callers
}

// called returns what is called, sorted, each once.
func (f *Follower) called() []explain.Call {
	var all []explain.Call
	for _, p := range f.plans {
		for _, d := range p.Destinations {
			for _, h := range d.Hosts {
				for _, r := range d.Routes {
					all = append(all, CallsOf(d, h, r)...)
				}
			}
		}
	}
	all = slices.DeleteFunc(all, isNoURL)
	slices.SortFunc(all, func(a, b explain.Call) int { return cmp.Or(cmp.Compare(a.URL, b.URL), cmp.Compare(a.Method, b.Method)) })
	return slices.Compact(all)
}

// isNoURL reports whether a path that a bundle allows, such as /50%, makes a URL none.
func isNoURL(call explain.Call) bool {
	_, err := url.Parse(call.URL)
	return err != nil
}

// CallsOf returns the calls of one port of a host.
func CallsOf(d *ir.Destination, h ir.Host, r ir.Route) []explain.Call {
	switch r.Protocol.Layer() {
	case ir.LayerTCP:
		return tcpCalls(d, h, r)
	case ir.LayerTLS:
		return []explain.Call{{URL: urlOf(schemeHTTPS, exampleOf(h), r.Port)}}
	case ir.LayerHTTP:
		return requests(h, r)
	}
	panic("follow: no call for the protocol " + string(r.Protocol)) // No input chooses one.
}

// exampleOf returns a name of the host: of a wildcard, one that it covers.
func exampleOf(h ir.Host) string {
	if domain, ok := strings.CutPrefix(h.Name, ir.WildcardPrefix); ok {
		return "any." + domain
	}
	return h.Name
}

func urlOf(scheme, host string, port int) string {
	if port == impliedPorts[scheme] {
		return scheme + "://" + bracketed(host)
	}
	return scheme + "://" + hostPort(host, port)
}

// bracketed writes an IPv6 address as it stands before a port.
func bracketed(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

func tcpCalls(d *ir.Destination, h ir.Host, r ir.Route) []explain.Call {
	if d.Told != ir.ByAddress {
		return []explain.Call{{URL: urlOf(schemeTCP, h.Name, r.Port)}}
	}
	var calls []explain.Call
	for _, a := range d.Addresses {
		calls = append(calls, explain.Call{URL: urlOf(schemeTCP, oneOf(a.Text), r.Port)})
	}
	return calls
}

// oneOf returns an address of a range: the second, for the first is that of a network.
func oneOf(text string) string {
	prefix, err := netip.ParsePrefix(text)
	if !address.IsRange(text) || err != nil {
		return text
	}
	if second := prefix.Masked().Addr().Next(); prefix.Contains(second) {
		return second.String()
	}
	return prefix.Addr().String()
}

// requests returns one request that may pass, and one that may not, if there is any.
func requests(h ir.Host, r ir.Route) []explain.Call {
	base := urlOf(schemeHTTP, exampleOf(h), r.Port)
	if len(r.Exit.Allow) == 0 {
		return []explain.Call{{URL: base}}
	}
	var calls []explain.Call
	first := r.Exit.Allow[0]
	call := explain.Call{URL: base + "/"}
	if len(first.Paths) > 0 {
		call.URL = base + strings.TrimSuffix(first.Paths[0], "*")
	}
	if len(first.Methods) > 0 {
		call.Method = first.Methods[0]
	}
	calls = append(calls, call)
	refused := target{method: "HEAD", path: notAllowedPath}
	if !isAllowed(r, refused) {
		calls = append(calls, explain.Call{URL: base + refused.path, Method: refused.method})
	}
	return calls
}

// notAllowedPath is one that nobody serves.
const notAllowedPath = "/.not-allowed"
