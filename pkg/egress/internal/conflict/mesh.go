// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conflict

import (
	"cmp"
	"reflect"
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/diagnose"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/source"
)

func (b *bundle) reportTwice(first *bundle) {
	b.Report(field.Name, bundleTwice(b.Bundle, first.Subject.Position(field.Name)))
}

// A fact is something that a bundle says of the cluster: of what, in which field of the
// mesh, and what. The first bundle that says it stands for it.
type fact struct {
	of     string
	field  field.Path
	value  any
	bundle *bundle
}

// claimFacts looks for bundles that state different facts of one cluster.
func (c *claims) claimFacts(b *bundle) {
	for _, f := range factsOf(b.Mesh) {
		first, claimed := c.facts[f.of]
		if !claimed {
			f.bundle = b
			c.facts[f.of] = f
		} else if first.bundle != b && !reflect.DeepEqual(first.value, f.value) {
			b.Report(field.Mesh+"."+f.field, meshesDiffer(first.bundle))
		}
	}
}

// factsOf returns what two meshes cannot state differently, sorted by field. That of
// a gateway is what its name stands for, and which Service it is.
// Whether hops are mutual TLS is a choice and not a fact, and a gateway that
// only one of them knows is no contradiction.
func factsOf(m api.Mesh) []fact {
	var facts []fact
	for name, value := range map[string]any{
		"apiServer":             m.APIServer,
		"clusterDomain":         m.ClusterDomain,
		"dns":                   m.DNS,
		"dnsCapture":            m.DNSCapture,
		"istioVersion":          m.IstioVersion,
		"outboundTrafficPolicy": m.OutboundTrafficPolicy,
		"rootNamespace":         m.RootNamespace,
		"trustDomain":           m.TrustDomain,
	} {
		facts = append(facts, fact{of: name, field: field.Path(name), value: value})
	}
	for name, g := range m.Gateways {
		path := field.Path("gateways").Child(name)
		facts = append(facts,
			fact{of: string(path), field: path, value: g},
			fact{of: "Service " + g.Namespace + "/" + g.Service, field: path, value: namedGateway{name: name, gateway: g}})
	}
	slices.SortFunc(facts, func(a, b fact) int { return cmp.Or(cmp.Compare(a.field, b.field), cmp.Compare(a.of, b.of)) })
	return facts
}

// A namedGateway is a gateway and its name in the mesh.
type namedGateway struct {
	name    string
	gateway api.Gateway
}

// openMesh says that the mesh lets workloads reach everything: a bundle that leaves that as it
// is restricts nobody.
func openMesh(shared *source.Document[api.Mesh], plans []*ir.Plan) []diag.Diagnostic {
	var diagnostics []diag.Diagnostic
	for _, p := range plans {
		if p.Mesh.OutboundTrafficPolicy != ir.AllowAny || p.Enforce.RegistryOnly {
			continue
		}
		subject, path := p.Subject, field.Mesh
		if shared != nil {
			subject, path = shared.Subject, field.Spec
		}
		r := diagnose.New(subject)
		r.Report(path.Child("outboundTrafficPolicy"), allowAny())
		diagnostics = append(diagnostics, r.Diagnostics()...)
	}
	return slices.Compact(diagnostics)
}

// reportUnlistedPorts looks for hosts that get an address at which they have no port but those of
// bundles, where clients could reach all others: no bundle closes their sidecars.
func reportUnlistedPorts(bundles []*bundle) {
	closed := map[string]bool{} // by namespace
	for _, b := range bundles {
		for _, client := range b.Clients.Namespaces {
			closed[client] = closed[client] || b.Enforce.RegistryOnly
		}
	}
	isOpen := func(client string) bool { return !closed[client] }
	for _, b := range bundles {
		for _, d := range b.Destinations {
			if d.Allocated && b.Mesh.OutboundTrafficPolicy == ir.AllowAny && slices.ContainsFunc(d.Clients.Namespaces, isOpen) {
				b.Report(d.Path.Child("hosts"), unlistedPorts())
			}
		}
	}
}
