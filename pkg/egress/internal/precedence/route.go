// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package precedence

import (
	"cmp"
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/neighbor"
)

// A Claim is a port of a host that somebody leads from sidecars.
type Claim struct {
	Name  string // by which sidecars know the host
	Port  int
	Layer ir.Layer
	// Reach is that of the VirtualService that leads it; Unseen if it needs none.
	Reach neighbor.Reach
}

// isAbove reports whether the claim is a wildcard that covers a host.
func (c Claim) isAbove(host string) bool { return host != c.Name && ir.Covers(c.Name, host) }

// An Outcome is what becomes of a claim beside the VirtualService of somebody else.
type Outcome int

// From the least to the worst.
const (
	// Apart: the two are for different calls, or lead to the same.
	Apart Outcome = iota
	// Kept: both are for the calls, which follow the claim.
	Kept
	// LostBelow: calls to some hosts below a wildcard follow the other.
	LostBelow
	// LostByAge: calls follow the other if it is the older.
	LostByAge
	// Lost: calls follow the other.
	Lost
	// Shut: calls to one host below a wildcard follow the other, and those to the rest lead
	// nowhere.
	Shut
	// Rejected: proxies do not take what the two make together, on this port for all hosts.
	Rejected
)

// Beside returns what becomes of a claim beside a VirtualService, and which name is concerned.
func (v View) Beside(n neighbor.Object, c Claim) (worst Outcome, name string) {
	if !n.IsForMesh() || !v.Sees(n, c.Name) {
		return Apart, ""
	}
	note := func(o Outcome, of string) {
		if o > worst {
			worst, name = o, of
		}
	}
	switch c.Layer {
	case ir.LayerHTTP:
		v.besideHTTP(n, c, note)
	case ir.LayerTLS:
		v.besideTLS(n, c, note)
	case ir.LayerTCP:
		if v.isFor(n.Spec.TCP, c.Port) {
			note(v.ranked(n, c), c.Name)
		}
	}
	return worst, name
}

// ranked returns what becomes of a claim beside a route for the very same calls.
func (v View) ranked(n neighbor.Object, c Claim) Outcome {
	switch cmp.Compare(n.ReachIn(v.Namespace), c.Reach) {
	case 1:
		return Lost
	case 0:
		return LostByAge
	default:
		return Kept
	}
}

func (v View) isFor(routes []neighbor.Route, port int) bool {
	return slices.ContainsFunc(routes, func(r neighbor.Route) bool {
		return len(r.Match) == 0 || slices.ContainsFunc(r.Match, func(m neighbor.Match) bool { return m.IsFor(v.Namespace, port) })
	})
}

// besideHTTP looks at requests, which follow the most exact host, whoever says it.
func (v View) besideHTTP(n neighbor.Object, c Claim, note func(Outcome, string)) {
	if !v.isFor(n.Spec.HTTP, c.Port) {
		return
	}
	for _, host := range n.Spec.Hosts {
		switch host = n.FullName(host, v.Domain); {
		case host == c.Name:
			note(v.ranked(n, c), host)
		case c.isAbove(host):
			note(LostBelow, host)
		}
	}
}

// besideTLS looks at server names, of which each VirtualService makes filter chains. Those of
// one that repeat a list of names word for word are left out. Others that have a name in common
// make Envoy reject the listener.
func (v View) besideTLS(n neighbor.Object, c Claim, note func(Outcome, string)) {
	for _, r := range n.Spec.TLS {
		for _, m := range r.Match {
			switch {
			case !m.IsFor(v.Namespace, c.Port):
			case c.Reach == neighbor.Unseen && slices.ContainsFunc(m.SNIHosts, c.isAbove):
				note(Shut, m.SNIHosts[slices.IndexFunc(m.SNIHosts, c.isAbove)])
			case c.Reach == neighbor.Unseen && !v.leadsTo(n, r, m, c):
				note(Lost, c.Name)
			case c.Reach == neighbor.Unseen:
			default:
				v.besideServerNames(n, m, c, note)
			}
		}
	}
}

// leadsTo reports whether a route leads calls of a claim to where they go without it.
func (v View) leadsTo(n neighbor.Object, r neighbor.Route, m neighbor.Match, c Claim) bool {
	if len(r.Route) != 1 || !slices.Equal(m.SNIHosts, []string{c.Name}) || len(m.DestinationSubnets) > 0 {
		return false
	}
	to := r.Route[0].Destination
	return n.FullName(to.Host, v.Domain) == c.Name && to.Subset == "" && (to.Port.Number == 0 || to.Port.Number == c.Port)
}

func (v View) besideServerNames(n neighbor.Object, m neighbor.Match, c Claim, note func(Outcome, string)) {
	for _, sni := range m.SNIHosts {
		switch {
		case c.isAbove(sni):
			note(LostBelow, sni)
		case sni != c.Name:
		case len(m.DestinationSubnets) > 0: // An address comes before a name.
			note(Lost, sni)
		case len(m.SNIHosts) > 1:
			note(Rejected, sni)
		default:
			note(v.ranked(n, c), sni)
		}
	}
}
