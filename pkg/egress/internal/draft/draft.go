// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package draft holds objects before their specs are made. A backend drafts what it is going
// to make, so that each name is made once, and judged before any spec is built.
package draft

import (
	"cmp"
	"iter"
	"maps"
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/name"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// A Draft is an object that is still to be made. It says what the object will be, and has only
// those labels and annotations that stand on few.
type Draft struct {
	*object.Object

	destination *ir.Destination // that it serves; nil: it serves several
	spec        func() any
}

// shared drafts an object that is the same for all bundles.
func shared(ref diag.ObjectRef, spec func() any) Draft {
	return Draft{
		Object: &object.Object{
			APIVersion: kind.APIVersion(ref.Kind),
			Kind:       ref.Kind,
			Namespace:  ref.Namespace,
			Name:       ref.Name,
		},
		spec: spec,
	}
}

// OfNamespace drafts an object that serves its namespace, whatever the bundles.
func OfNamespace(ref diag.ObjectRef, spec func() any) Draft {
	d := shared(ref, spec)
	d.Annotations = map[string]string{object.AnnotationNamespace: ref.Namespace}
	return d
}

// OfGateway drafts an object that serves a gateway of the mesh, whatever the bundles.
func OfGateway(gateway string, ref diag.ObjectRef, spec func() any) Draft {
	d := shared(ref, spec)
	d.Annotations = map[string]string{object.AnnotationGateway: gateway}
	return d
}

// OfBundle drafts an object that serves a whole bundle. The field is what asks for it.
func OfBundle(b ir.BundleID, path field.Path, ref diag.ObjectRef, spec func() any) Draft {
	d := shared(ref, spec)
	d.Origin = object.Origin{Bundle: b.String(), Field: string(path)}
	return d
}

// OfDestination drafts an object that serves one destination.
func OfDestination(of *ir.Destination, ref diag.ObjectRef, spec func() any) Draft {
	d := OfBundle(of.Bundle, of.Path, ref, spec)
	d.destination, d.Origin.Destination = of, of.Name
	return d
}

// OfHost drafts an object that serves one host of a destination.
func OfHost(of *ir.Destination, h ir.Host, ref diag.ObjectRef, spec func() any) Draft {
	d := OfDestination(of, ref, spec)
	d.Origin.Host, d.Origin.Field = h.Name, string(h.Path)
	return d
}

// OfRoute drafts an object that serves one port of a host.
func OfRoute(of *ir.Destination, h ir.Host, r ir.Route, ref diag.ObjectRef, spec func() any) Draft {
	d := OfHost(of, h, ref, spec)
	d.Origin.Port, d.Origin.Field = r.Port, string(r.Path)
	return d
}

// OfPort drafts an object that serves one port of several hosts.
func OfPort(of *ir.Destination, r ir.Route, ref diag.ObjectRef, spec func() any) Draft {
	d := OfDestination(of, ref, spec)
	d.Origin.Port, d.Origin.Field = r.Port, string(r.Path)
	return d
}

// OfHop drafts an object that serves the hop of a bundle to a gateway.
func OfHop(b ir.BundleID, g *ir.Gateway, ref diag.ObjectRef, spec func() any) Draft {
	d := OfBundle(b, field.Destinations, ref, spec)
	d.Origin.Gateway = g.Name
	return d
}

// Stopping returns the draft of an object that stops attempts.
func (d Draft) Stopping(stops ...object.Stop) Draft {
	d.Stops = slices.Clone(stops) // Shards of one object share nothing.
	return d
}

// Name names an object of a destination.
func Name(of *ir.Destination, parts ...string) string {
	all := []string{of.Bundle.Namespace, of.Bundle.Name, of.Name}
	if of.Told == ir.ByAddress {
		all = append(all, "tcp")
	}
	return name.Object(append(all, parts...)...)
}

// NameOfBundle names an object of a whole bundle.
func NameOfBundle(b ir.BundleID, parts ...string) string {
	return name.Object(slices.Concat([]string{b.Namespace, b.Name}, parts)...)
}

// Unique returns drafts of which each shared object stands once: of those that are the same
// for all bundles, or serve one gateway, there is one for each bundle.
func Unique(drafts []Draft) []Draft {
	type key struct {
		ref     diag.ObjectRef
		gateway string
	}
	seen := map[key]bool{}
	return slices.DeleteFunc(drafts, func(d Draft) bool {
		if d.Origin.Bundle != "" {
			return false
		}
		k := key{ref: d.Ref(), gateway: d.Annotations[object.AnnotationGateway]}
		again := seen[k]
		seen[k] = true
		return again
	})
}

// Heads returns what drafts say of themselves: their names, origins and stops. Whoever changes
// what Build makes does not change these.
func Heads(drafts []Draft) []*object.Object {
	heads := make([]*object.Object, len(drafts))
	for i, d := range drafts {
		heads[i] = d.Object
	}
	return heads
}

// Sort sorts drafts in an order in which their objects can be applied.
func Sort(drafts []Draft) {
	slices.SortFunc(drafts, func(a, b Draft) int {
		if a.Kind != b.Kind {
			return cmp.Compare(kind.Order(a.Kind), kind.Order(b.Kind))
		}
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
}

// Build makes the objects, each when its turn comes and anew each time: there may be many, and
// they are far larger than their drafts.
func Build(drafts []Draft) iter.Seq[object.Object] {
	return func(yield func(object.Object) bool) {
		for _, d := range drafts {
			if !yield(d.build()) {
				return
			}
		}
	}
}

func (d Draft) build() object.Object {
	o := *d.Object
	o.Labels, o.Annotations = d.labels(), d.annotations()
	o.Stops = slices.Clone(d.Stops)
	o.Spec = d.spec()
	return o
}

func (d Draft) labels() map[string]string {
	labels := map[string]string{object.LabelManagedBy: object.ManagedBy}
	if d.Kind == kind.ServiceEntry {
		labels[object.LabelAutoallocateIP] = "false"
	}
	maps.Copy(labels, d.Labels)
	return labels
}

func (d Draft) annotations() map[string]string {
	annotations := map[string]string{}
	set := func(name, text string) {
		if text != "" {
			annotations[name] = text
		}
	}
	set(object.AnnotationBundle, d.Origin.Bundle)
	if d.destination != nil {
		set(object.AnnotationDestination, d.destination.Name)
		set(object.AnnotationDescription, d.destination.Description)
		set(object.AnnotationOwner, d.destination.Owner)
		set(object.AnnotationTicket, d.destination.Ticket)
		set(object.AnnotationExpires, string(d.destination.Expires))
	}
	maps.Copy(annotations, d.Annotations)
	return annotations
}
