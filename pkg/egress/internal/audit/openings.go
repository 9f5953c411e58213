// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"cmp"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/neighbor"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
	"github.com/egressbundle/egressbundle/pkg/egress/report"
)

// An opening is one of the report.
type opening struct {
	report.Opening

	// passesPolicies says that NetworkPolicies let it pass as well.
	passesPolicies bool
}

// openings returns what is open beside the destinations: by the mesh, by bundles, and by
// objects of others, sorted by these.
func (a audit) openings(neighbors []neighbor.Object) []opening {
	var all []opening
	if o := a.openByMesh(); o != nil {
		all = append(all, *o)
	}
	for _, p := range a.plans {
		all = append(all, openByBypass(p)...)
	}
	for _, n := range slices.SortedFunc(slices.Values(neighbors), byRef) {
		if o, opens := a.openToClients(n); opens {
			all = append(all, o)
		}
		all = append(all, a.openAtGateways(n)...)
	}
	for i := range all {
		if slices.Equal(all[i].Namespaces, a.clients) {
			all[i].Namespaces = nil // So it does not grow with their number.
		}
	}
	return all
}

// byRef orders objects of others, and those with one name by where they stand, so that the order
// in which they are given does not matter.
func byRef(a, b neighbor.Object) int {
	return cmp.Or(cmp.Compare(a.Ref.String(), b.Ref.String()), cmp.Compare(a.Position.String(), b.Position.String()))
}

// openByMesh is what the configuration of the mesh leaves open to clients without a Sidecar.
func (a audit) openByMesh() *opening {
	if len(a.plans) == 0 || a.plans[0].Mesh.OutboundTrafficPolicy != ir.AllowAny {
		return nil
	}
	open := a.clientsThat(func(_ string, c *client) bool { return len(c.sidecars) == 0 })
	if len(open) == 0 {
		return nil
	}
	return &opening{Opening: report.Opening{By: meshConfig(a.plans[0].Mesh), Namespaces: open, Note: noteOnAllowAny}}
}

// openByBypass is what skips the proxies of the clients of a bundle.
func openByBypass(p *ir.Plan) []opening {
	if p.Bypass == nil {
		return nil
	}
	var all []opening
	add := func(name string, o opening) {
		path := field.Bypass.Child(name)
		o.By, o.Field, o.Position = p.Subject.Object, string(path), p.Subject.Position(path)
		o.Namespaces, o.Note = slices.Clone(p.Clients.Namespaces), noteOnBypass
		all = append(all, o)
	}
	if len(p.Bypass.Prefixes) > 0 {
		add("cidrs", opening{Opening: report.Opening{Addresses: slices.Clone(p.Bypass.Prefixes)}, passesPolicies: true})
	}
	if len(p.Bypass.Ports) > 0 {
		add("ports", opening{Opening: report.Opening{Ports: slices.Clone(p.Bypass.Ports)}})
	}
	return all
}

// openToClients is what an object of somebody else opens to clients, if it opens anything.
func (a audit) openToClients(n neighbor.Object) (o opening, opens bool) {
	o = opening{Opening: report.Opening{By: n.Ref, Position: n.Position}}
	switch n.Ref.Kind {
	case kind.ServiceEntry:
		o.Namespaces = a.clientsThat(func(name string, c *client) bool { return n.ReachIn(name) != neighbor.Unseen && c.imports(n, name) })
		o.Hosts, o.Addresses = slices.Clone(n.Spec.Hosts), slices.Clone(n.Spec.Addresses)
		for _, port := range n.Spec.Ports {
			o.Ports = append(o.Ports, port.Number)
		}
	case kind.Sidecar:
		o.Namespaces = a.clientsThat(func(name string, c *client) bool { return c.follows(n, name) })
		o.Note = noteOnSidecar(n.Spec.WorkloadSelector != nil, n.Spec.OutboundTrafficPolicy.Mode)
	case kind.NetworkPolicy:
		o.Namespaces = a.clientsThat(func(name string, c *client) bool { return name == n.Ref.Namespace && len(c.policies) > 0 })
		o.Note, o.passesPolicies = noteOnPolicy, true
	default: // opens nothing by itself
	}
	return o, len(o.Namespaces) > 0
}

// openAtGateways is what an object of somebody else opens at gateways that bundles use.
func (a audit) openAtGateways(n neighbor.Object) []opening {
	var all []opening
	for _, g := range a.gateways {
		if !a.opensAt(g, n) {
			continue
		}
		o := opening{Opening: report.Opening{By: n.Ref, Position: n.Position, Gateway: exitName(g)}}
		switch n.Ref.Kind {
		case kind.Gateway:
			o.Hosts = hostsOf(n)
		case kind.NetworkPolicy:
			o.Note, o.passesPolicies = noteOnPolicy, true
		default:
			o.Note = noteOnOtherPolicy
		}
		all = append(all, o)
	}
	return all
}

// opensAt reports whether an object of somebody else may open something at a gateway.
func (a audit) opensAt(g *ir.Gateway, n neighbor.Object) bool {
	selects := ir.Selects(n.Spec.Selector, g.Selector)
	switch n.Ref.Kind {
	case kind.Gateway:
		return selects
	case kind.NetworkPolicy:
		return n.Ref.Namespace == g.Namespace && len(a.stops[object.Stop{Attempt: object.OtherNamespace, Gateway: g.Name}]) > 0
	case kind.AuthorizationPolicy:
		isThere := n.Ref.Namespace == g.Namespace || n.Ref.Namespace == a.plans[0].Mesh.RootNamespace
		return selects && isThere && (n.Spec.Action == "" || n.Spec.Action == "ALLOW")
	default:
		return false
	}
}

// hostsOf returns the hosts of the servers of a Gateway, without the namespaces that these are
// for.
func hostsOf(n neighbor.Object) []string {
	var hosts []string
	for _, server := range n.Spec.Servers {
		for _, host := range server.Hosts {
			hosts = append(hosts, host[strings.LastIndex(host, "/")+1:])
		}
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

func (a audit) clientsThat(matches func(name string, c *client) bool) []string {
	var some []string
	for _, name := range a.clients {
		if matches(name, a.client[name]) {
			some = append(some, name)
		}
	}
	return some
}

// imports reports whether the Sidecar of a client knows a ServiceEntry. Without one, it
// knows whatever it sees.
func (c *client) imports(n neighbor.Object, name string) bool {
	if len(c.sidecars) == 0 || n.Ref.Namespace == name || slices.Contains(c.imported, n.Ref.Namespace) {
		return true
	}
	isService := func(host string) bool { return strings.HasSuffix(host, ".svc."+c.plan.Mesh.ClusterDomain) }
	return c.plan.Enforce.ClusterTraffic == api.ClusterTrafficAllow && slices.ContainsFunc(n.Spec.Hosts, isService)
}

// follows reports whether workloads of a client follow a Sidecar of somebody else.
func (c *client) follows(n neighbor.Object, name string) bool {
	isForMesh := n.Ref.Namespace == c.plan.Mesh.RootNamespace && n.Spec.WorkloadSelector == nil
	return n.Ref.Namespace == name || isForMesh && len(c.sidecars) == 0
}

// A tally counts the openings that get past what encloses clients.
type tally struct {
	everywhere []opening
	of         map[string][]opening // by namespace
}

func tallyOf(openings []opening) tally {
	t := tally{of: map[string][]opening{}}
	for _, o := range openings {
		if o.Gateway == "" && len(o.Namespaces) == 0 {
			t.everywhere = append(t.everywhere, o)
		}
		for _, client := range o.Namespaces {
			t.of[client] = append(t.of[client], o)
		}
	}
	return t
}

// past returns what opens a client where its packets are closed, or are not.
func (t tally) past(client string, closed bool) []diag.ObjectRef {
	var refs []diag.ObjectRef
	for _, o := range slices.Concat(t.everywhere, t.of[client]) {
		if o.passesPolicies || !closed {
			refs = append(refs, o.By)
		}
	}
	return refs
}
