// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package conflict finds where plans contradict each other, whatever is built from them. A
// contradiction is reported at the later bundle, in the order of their names, and names the
// earlier.
package conflict

import (
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/address"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/diagnose"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/source"
)

// Check looks for contradictions between plans, which are sorted, and for what a mesh leaves
// open for all of them.
func Check(shared *source.Document[api.Mesh], plans []*ir.Plan) []diag.Diagnostic {
	c := newClaims()
	var bundles, compared []*bundle
	for _, p := range plans {
		b := &bundle{Reporter: diagnose.New(p.Subject), Plan: p}
		bundles = append(bundles, b)
		if c.addBundle(b) {
			compared = append(compared, b)
			c.claim(b)
		}
	}
	c.joinBypasses()
	c.reportBypassedTogether()
	for _, b := range compared {
		c.checkAgainstAll(b)
	}
	reportUnlistedPorts(compared)
	var diagnostics []diag.Diagnostic
	for _, b := range bundles {
		diagnostics = append(diagnostics, b.Diagnostics()...)
	}
	return append(diagnostics, openMesh(shared, plans)...)
}

// A bundle is a plan that is compared with others.
type bundle struct {
	*diagnose.Reporter
	*ir.Plan
}

// String names the bundle in messages, and where it stands.
func (b *bundle) String() string { return b.Subject.String() }

// A destination is one of a bundle that is compared with others.
type destination struct {
	*ir.Destination

	bundle *bundle
}

// String names the destination in messages, and where it stands.
func (d *destination) String() string { return d.bundle.NameOf(d.Destination) }

// claims remember what bundles claim, to find where a later one contradicts an earlier one.
type claims struct {
	bundles   map[ir.BundleID]*bundle
	facts     map[string]fact
	hosts     map[hostOfClient]*destination
	lookups   map[hostOfClient]*destination // those with TCP by name
	addresses map[addressOfClient]*destination
	services  map[serviceName]*bundle
	named     map[portOfClient]*destination
	bypasses  map[string][]*bundle // those with ranges that skip the proxies, by client
	bypassed  map[string]address.Ranges[*bundle]
	skipped   map[portOfClient]*bundle // ports that do
	enforced  enforcements
	// serverNames and ports are what gateways tell traffic by on hops without mutual
	// TLS.
	serverNames map[string]*serverNames // by gateway
	ports       map[portOfGateway]hostPort
}

func newClaims() *claims {
	return &claims{
		bundles:     map[ir.BundleID]*bundle{},
		facts:       map[string]fact{},
		hosts:       map[hostOfClient]*destination{},
		lookups:     map[hostOfClient]*destination{},
		addresses:   map[addressOfClient]*destination{},
		services:    map[serviceName]*bundle{},
		named:       map[portOfClient]*destination{},
		bypasses:    map[string][]*bundle{},
		bypassed:    map[string]address.Ranges[*bundle]{},
		skipped:     map[portOfClient]*bundle{},
		enforced:    newEnforcements(),
		serverNames: map[string]*serverNames{},
		ports:       map[portOfGateway]hostPort{},
	}
}

// addBundle adds a bundle, and reports whether it is the first of its name: another would
// contradict itself.
func (c *claims) addBundle(b *bundle) bool {
	if first := c.bundles[b.Bundle]; first != nil {
		b.reportTwice(first)
		return false
	}
	c.bundles[b.Bundle] = b
	return true
}

// claim notes what a bundle claims, and compares it with what earlier ones do.
func (c *claims) claim(b *bundle) {
	c.claimFacts(b)
	for _, planned := range b.Destinations {
		d := &destination{Destination: planned, bundle: b}
		c.claimHosts(d)
		c.claimLookups(d)
		c.claimAddresses(d)
		c.claimService(d)
		c.claimPorts(d)
		c.claimHop(d)
	}
	c.claimBypass(b)
	c.claimEnforced(b)
}

// checkAgainstAll looks at what can only be told when every bundle is known.
func (c *claims) checkAgainstAll(b *bundle) {
	for _, planned := range b.Destinations {
		d := &destination{Destination: planned, bundle: b}
		c.reportBypassed(d)
		c.reportBelowWildcard(d)
		c.reportRanges(d)
	}
	c.reportClosed(b)
}
