// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package follow follows one call of a workload, by what leads it from proxy to proxy.
//
// What it says is held against two others that follow the same calls: the configuration that
// Istio's control plane makes of the objects, and real Envoys.
package follow

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/explain"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/facts"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/istio"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/neighbor"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// A Follower knows the plans of bundles, the objects that they become, and those of others.
type Follower struct {
	plans     []*ir.Plan
	backend   *istio.Backend
	neighbors []neighbor.Object
	heads     map[diag.ObjectRef]*object.Object
	stops     map[object.Stop][]diag.ObjectRef
	warnings  []diag.Diagnostic
	bundles   map[string]api.Bundle // by NAMESPACE/NAME
	judge     func(changed api.Bundle) error
}

// An Input is what a Follower knows.
type Input struct {
	Plans   []*ir.Plan
	Backend *istio.Backend
	// Heads are what the objects say of themselves.
	Heads     []*object.Object
	Neighbors []neighbor.Object
	// Warnings are what was said of the bundles.
	Warnings []diag.Diagnostic
	Bundles  []api.Bundle
	// Judge says what is wrong with a bundle in place of that of its name, or beside the others.
	Judge func(changed api.Bundle) error
}

// New returns a Follower.
func New(in Input) *Follower {
	f := &Follower{
		plans: in.Plans, backend: in.Backend, neighbors: in.Neighbors, warnings: in.Warnings, judge: in.Judge,
		heads: map[diag.ObjectRef]*object.Object{},
		stops: map[object.Stop][]diag.ObjectRef{},

		bundles: map[string]api.Bundle{},
	}
	for _, b := range in.Bundles {
		f.bundles[b.Namespace+"/"+b.Name] = b
	}
	for _, head := range in.Heads {
		f.heads[head.Ref()] = head
		for _, stop := range head.Stops {
			f.stops[stop] = append(f.stops[stop], head.Ref())
		}
	}
	return f
}

// Explain follows a call. An error is about its URL.
func (f *Follower) Explain(call explain.Call) (explain.Explanation, error) {
	t, err := targetOf(call, f.mesh().ClusterDomain)
	if err != nil {
		return explain.Explanation{}, err
	}
	w := &walk{Follower: f, target: t, Explanation: explain.Explanation{Call: call}}
	w.follow()
	return w.Explanation, nil
}

// A walk is one call on its way.
type walk struct {
	*Follower
	target
	explain.Explanation
}

func (w *walk) follow() {
	courses := w.backend.Courses(w.Call.Namespace, w.fits)
	switch {
	case w.Call.NoSidecar:
		w.unproxied("The workload has no proxy.")
	case w.bypass() != nil:
		w.unproxied("It skips the proxy: a bypass of EgressBundle " + w.bypass().Bundle.String() +
			" is for it. A Pod that lacks the patch for that, which egressbundle patch prints, stays with its proxy.")
	case len(courses) > 0:
		w.along(w.first(courses), courses)
	default:
		w.undeclared()
	}
	w.noteUnjudged()
	if w.Verdict != explain.Passes {
		w.noteNearHost()
		w.Remedy = w.remedy(courses)
	}
}

// first returns the course that proxies follow: they know addresses before names, the longest
// range first, and names before wildcards, likewise.
func (t target) first(courses []istio.Course) istio.Course {
	rank := func(c istio.Course) int {
		switch {
		case c.Destination.Told == ir.ByAddress:
			return 2*maxName + t.longest(c.Destination.Addresses)
		case !c.Host.IsWildcard():
			return maxName
		default:
			return len(c.Host.Name)
		}
	}
	return slices.MaxFunc(courses, func(a, b istio.Course) int { return cmp.Compare(rank(a), rank(b)) })
}

// maxName is more than the length of any DNS name.
const maxName = 256

// along follows the call on the course that leads it, which is one of several that fit.
func (w *walk) along(c istio.Course, fitting []istio.Course) {
	w.noteOthers(c, fitting)
	w.noteWarnings(c.Destination)
	w.addHop(c, explain.Sidecar, c.Sidecar)
	last := c.Sidecar
	if way, ok := c.Destination.Way.(ir.ThroughGateway); ok {
		w.Hops[0].SNI = cmp.Or(c.Gateway.Arrives, w.sni())
		if c.Gateway.Arrives != "" {
			w.Hops[0].Encryption = explain.IstioMutual
		}
		last = *c.Gateway
		w.addHop(c, way.Gateway.Namespace+"/"+way.Gateway.Service, last)
	}
	switch {
	case !w.isClient(c) && last.Refuses:
		w.stopHandshake(c)
	case !w.isClient(c) && last.Rule != "":
		w.stopIdentity(c)
	case w.isRequest() && !isAllowed(c.Route, w.target):
		w.stopRequest(c, last)
	case w.isAborted(c):
		w.stopFault(c, last)
	default:
		w.noteFault(c)
		w.leave(c)
	}
}

// isClient reports whether the service account of the caller may use the destination.
func (w *walk) isClient(c istio.Course) bool {
	accounts := c.Destination.Clients.Accounts[w.Call.Namespace]
	return len(accounts) == 0 || slices.Contains(accounts, w.account())
}

const defaultAccount = "default"

// noteOthers notes the bundles that lead the call as well: of two VirtualServices for one host
// sidecars follow the older.
func (w *walk) noteOthers(chosen istio.Course, fitting []istio.Course) {
	for _, c := range fitting {
		if d := c.Destination; d.Bundle != chosen.Destination.Bundle && c.Host.Name == chosen.Host.Name {
			w.notef("EgressBundle %s leads it as well. Proxies follow the older of the two objects; this is for the case that it is %s's.",
				d.Bundle, chosen.Destination.Bundle)
		}
	}
}

func (w *walk) notef(format string, args ...any) {
	w.Notes = append(w.Notes, fmt.Sprintf(format, args...))
}

// noteWarnings notes what was said of the destination that the call is for.
func (w *walk) noteWarnings(d *ir.Destination) {
	for _, warning := range w.warnings {
		of := warning.Object.Namespace + "/" + warning.Object.Name
		if of == d.Bundle.String() && (warning.Path == string(d.Path) || strings.HasPrefix(warning.Path, string(d.Path)+".")) {
			w.notef("A warning about it: %s: %s [%s]", warning.Path, warning.Message, warning.Code)
		}
	}
}

// mesh returns the facts of the cluster, on which all plans agree.
func (f *Follower) mesh() api.Mesh {
	if len(f.plans) == 0 {
		return facts.WithDefaults(api.Mesh{})
	}
	return f.plans[0].Mesh
}
