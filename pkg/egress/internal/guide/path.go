// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package guide

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/explain"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/follow"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/runbook"
)

// A path is how calls of one port of a host go, by the example of its first client.
type path struct {
	explain.Explanation

	plan  *ir.Plan
	of    *ir.Destination
	host  ir.Host
	route ir.Route
}

// findPaths follows a call of each port of each destination.
func (g *guide) findPaths() {
	for _, p := range g.plans {
		for _, d := range p.Destinations {
			for _, r := range d.Routes {
				call := follow.CallsOf(d, d.Hosts[0], r)[0]
				call.Namespace = d.Clients.Namespaces[0]
				if accounts := d.Clients.Accounts[call.Namespace]; len(accounts) > 0 {
					call.ServiceAccount = accounts[0]
				}
				how, err := g.follower.Explain(call)
				if err == nil && how.Verdict == explain.Passes {
					g.paths = append(g.paths, path{plan: p, of: d, host: d.Hosts[0], route: r, Explanation: how})
				}
			}
		}
	}
}

// alike puts paths together that go the same way, in the order of the first of each.
func (g *guide) alike() [][]path {
	var groups [][]path
	known := map[string]int{}
	for _, p := range g.paths {
		i, ok := known[p.way()]
		if !ok {
			i, groups = len(groups), append(groups, nil)
			known[p.way()] = i
		}
		groups[i] = append(groups[i], p)
	}
	return groups
}

// way says how calls of the path go.
func (p path) way() string {
	text := fmt.Sprintf("%s %s", p.route.Protocol, p.exit())
	if way, ok := p.of.Way.(ir.ThroughGateway); ok && !way.MutualTLS {
		text += ", without mutual TLS"
	}
	if p.route.Exit.TLS != nil {
		text += ", which opens TLS"
	}
	if p.of.Onward.Proxy != nil {
		text += ", which asks a forward proxy"
	}
	if p.of.Told == ir.ByService {
		text += ", by a Service"
	}
	return text
}

func (p path) exit() string {
	if g := p.gateway(); g != nil {
		return "through " + g.Namespace + "/" + g.Service
	}
	return "from the sidecar"
}

// gateway returns the gateway of the path, or nil if calls leave from the sidecar.
func (p path) gateway() *ir.Gateway {
	if way, ok := p.of.Way.(ir.ThroughGateway); ok {
		return way.Gateway
	}
	return nil
}

// name names the path.
func (p path) name() string {
	return fmt.Sprintf("%s %s, port %d", p.of.Bundle, p.of.Name, p.route.Port)
}

// sidecar and last are the proxies of the path.
func (p path) sidecar() explain.Hop { return p.Hops[0] }
func (p path) last() explain.Hop    { return p.Hops[len(p.Hops)-1] }

// shape is what becomes of the request of the path.
func (p path) shape() ir.Shape { return p.route.ShapeAt(p.requested()) }

// requested is the path of the request.
func (p path) requested() string {
	u, err := url.Parse(p.Call.URL)
	if err != nil || u.Path == "" {
		return "/"
	}
	return u.EscapedPath()
}

func (p path) timeout() api.Duration { return p.shape().Timeout }

// objectAt returns the one of a kind that a proxy follows.
func objectAt(h explain.Hop, kind string) (ref diag.ObjectRef, ok bool) {
	i := slices.IndexFunc(h.Objects, func(o explain.Object) bool { return o.Ref.Kind == kind })
	if i < 0 {
		return ref, false
	}
	return h.Objects[i].Ref, true
}

// called is the cluster of the sidecar that is the host itself. That of an address has a name which is made up.
func (p path) called() string {
	host := p.host.Name
	if p.of.Told == ir.ByAddress {
		host = runbook.Any
	}
	return fmt.Sprintf("outbound|%d||%s", p.route.Port, host)
}

// pod is the one that its calls are made from.
func (p path) pod() string { return podOf(p.Call.ServiceAccount) }

func podOf(account string) string {
	if cmp.Or(account, defaultAccount) == defaultAccount {
		return checkPod
	}
	return checkPod + "-" + account
}

const (
	checkPod       = "egress-check"
	barePod        = "egress-control"
	defaultAccount = "default"
)

// A cluster is Istio's name for where a proxy sends calls, in parts.
type cluster struct{ port, subset, host string }

func partsOf(name string) cluster {
	parts := strings.Split(name, "|")
	return cluster{port: parts[1], subset: parts[2], host: parts[3]}
}
