// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package guide

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
	"github.com/egressbundle/egressbundle/pkg/egress/runbook"
)

// A stage is some of the objects, which are removed together.
type stage struct {
	what  string
	opens func(g guide) string // nil: nothing
	has   func(g guide, o *object.Object) bool
}

// stages are the order of the removal. Each object belongs to the first that has it.
//
// A client's ServiceEntry of a destination with a gateway has no endpoint: as long as it stands, calls that nothing leads
// to the gateway fail, also where the mesh lets out what nothing declares. So it goes late. What a sidecar leads out by
// itself ends with its ServiceEntry, where nothing else lets it out.
var stages = []stage{
	{
		what: "Calls through gateways end: nothing leads them there any more, and nothing else lets them out.",
		has: func(g guide, o *object.Object) bool {
			return o.Kind == kind.VirtualService && o.Origin.Port == 0 && !g.leavesFromSidecar(o)
		},
	},
	{
		what: "Calls straight from sidecars end, where nothing lets out what is not declared.",
		has: func(g guide, o *object.Object) bool {
			return o.Kind == kind.EndpointSlice || o.Kind == kind.ServiceEntry && g.leavesFromSidecar(o) && g.isClosed(o.Namespace)
		},
	},
	{
		what: "The gateways know nothing of the destinations any more.",
		has:  func(_ guide, o *object.Object) bool { return o.Origin.Port != 0 || o.Kind == kind.Gateway },
	},
	{
		what: "Nothing is left there that policies of the bundles kept others from.",
		has: func(_ guide, o *object.Object) bool {
			return o.Kind == kind.AuthorizationPolicy && o.Origin.Gateway != ""
		},
	},
	{
		what: "Sidecars do not know the way to the gateways any more, and those that open TLS or ask a proxy fail.",
		has:  func(_ guide, o *object.Object) bool { return o.Kind == kind.DestinationRule },
	},
	{
		what:  "Sidecars forget the hosts.",
		opens: opensHosts,
		has: func(g guide, o *object.Object) bool {
			return o.Origin.Destination != "" // also Services that stand for hosts
		},
	},
	{
		what: "The workloads of the gateways go, and what they log.",
		has: func(_ guide, o *object.Object) bool {
			return o.Kind != kind.Sidecar && o.Kind != kind.NetworkPolicy && o.Kind != kind.AuthorizationPolicy
		},
	},
	{
		what: "This closed ways around the destinations, for all that runs in these namespaces.",
		opens: func(guide) string {
			return "Each of these objects closes more than the destinations. Delete them when nothing runs in their namespaces any more, " +
				"and not while other bundles there say the same."
		},
		has: func(guide, *object.Object) bool { return true },
	},
}

// opensHosts is what is open without the ServiceEntries of clients.
func opensHosts(g guide) string {
	var open []string
	for _, n := range g.clientNamespaces() {
		if !g.isClosed(n) {
			open = append(open, n)
		}
	}
	if len(open) == 0 {
		return ""
	}
	return fmt.Sprintf("First stop what still calls them from %s: this mesh lets out what nothing declares (outboundTrafficPolicy %s), "+
		"and from here on that is these hosts too, straight from the sidecars.", strings.Join(open, ", "), ir.AllowAny)
}

// isClosed reports whether sidecars of a namespace let out nothing that is not declared.
func (g guide) isClosed(namespace string) bool {
	return slices.ContainsFunc(g.plans, func(p *ir.Plan) bool {
		isClient := slices.Contains(p.Clients.Namespaces, namespace)
		return p.Mesh.OutboundTrafficPolicy != ir.AllowAny || isClient && p.Enforce.RegistryOnly
	})
}

// leavesFromSidecar reports whether an object is for a destination without a gateway.
func (g guide) leavesFromSidecar(o *object.Object) bool {
	for _, p := range g.plans {
		for _, d := range p.Destinations {
			if d.Bundle.String() == o.Origin.Bundle && d.Name == o.Origin.Destination {
				_, ok := d.Way.(ir.FromSidecar)
				return ok
			}
		}
	}
	return false
}

// removal returns the steps by which all objects go.
func (g guide) removal() []runbook.Step {
	refs := make([][]diag.ObjectRef, len(stages))
	for _, o := range g.heads {
		i := slices.IndexFunc(stages, func(s stage) bool { return s.has(g, o) })
		refs[i] = append(refs[i], o.Ref())
	}
	var steps []runbook.Step
	for i, s := range stages {
		if len(refs[i]) == 0 {
			continue
		}
		step := runbook.Step{What: s.what, Commands: deletions(refs[i])}
		if s.opens != nil {
			step.Opens = s.opens(g)
		}
		steps = append(steps, step)
	}
	return steps
}

// deletions are commands that delete objects. Namespaces that have the same share one.
func deletions(refs []diag.ObjectRef) []string {
	slices.SortFunc(refs, func(a, b diag.ObjectRef) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(resource(a), resource(b)))
	})
	namespaces := map[string][]string{}
	var order []string
	for namespace, some := range byNamespace(refs) {
		names := strings.Join(some, " \\\n     ")
		if namespaces[names] == nil {
			order = append(order, names)
		}
		namespaces[names] = append(namespaces[names], namespace)
	}
	var commands []string
	for _, names := range order {
		commands = append(commands, forEach(namespaces[names], "kubectl delete -n $n --ignore-not-found \\\n     "+names))
	}
	return commands
}
