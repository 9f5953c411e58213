// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package precedence knows which of Istio's objects proxies follow where several are for the
// same: by who sees them, by how exact their hosts are, and by age.
//
// It is what Istio's control plane does (pilot/pkg/model/push_context.go, virtualservice.go and
// sidecar.go, pilot/pkg/networking/core/tls.go, pilot/pkg/security/authz). Nobody knows here
// which of two objects is older, so what is left to age counts for both.
package precedence

import (
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/neighbor"
)

// A View is what the sidecars of a namespace see.
type View struct {
	Namespace string
	Root      string // the root namespace of the mesh
	Domain    string // of the cluster
	// Listeners are what a Sidecar imports; none: everything.
	Listeners []neighbor.Listener
}

// Sidecar returns the Sidecar of others that all Pods of a namespace follow, if they have none of
// ours: that of the namespace, and else that of the root namespace.
func (v View) Sidecar(neighbors []neighbor.Object) (n neighbor.Object, ok bool) {
	for _, namespace := range []string{v.Namespace, v.Root} {
		i := slices.IndexFunc(neighbors, func(n neighbor.Object) bool {
			return n.Ref.Kind == kind.Sidecar && n.Ref.Namespace == namespace && !n.Selects()
		})
		if i >= 0 {
			return neighbors[i], true
		}
	}
	return n, false
}

// Sees reports whether the sidecars know what an object says of a host that is like name.
func (v View) Sees(n neighbor.Object, name string) bool {
	if n.ReachIn(v.Namespace) == neighbor.Unseen {
		return false
	}
	return slices.ContainsFunc(n.Spec.Hosts, func(host string) bool {
		host = n.FullName(host, v.Domain)
		if n.Ref.Kind == kind.VirtualService { // whose wildcards come with any name that they cover
			return overlap(host, name) && v.imports(n.Ref.Namespace, 0, func(imported string) bool { return overlap(imported, host) })
		}
		return overlap(host, name) && v.Imports(n.Ref.Namespace, host, 0)
	})
}

// SeesAny reports whether the sidecars know what an object says of any of its hosts.
func (v View) SeesAny(n neighbor.Object) bool { return v.Sees(n, "*") }

// Imports reports whether the sidecars know what stands in a namespace for a host, on a port or,
// if that is 0, on any.
func (v View) Imports(namespace, host string, port int) bool {
	return v.imports(namespace, port, func(imported string) bool { return ir.Covers(imported, host) })
}

func (v View) imports(namespace string, port int, isMeant func(name string) bool) bool {
	if len(v.Listeners) == 0 {
		return true
	}
	return slices.ContainsFunc(v.Listeners, func(l neighbor.Listener) bool {
		return (port == 0 || l.Port.Number == 0 || l.Port.Number == port) &&
			v.has(l.Hosts, "", namespace, isMeant) && !v.has(l.Hosts, "~", namespace, isMeant)
	})
}

// has reports whether one of some imports, which are NAMESPACE/HOST, has a mark in front and is
// for what is meant.
func (v View) has(imports []string, mark, namespace string, isMeant func(name string) bool) bool {
	return slices.ContainsFunc(imports, func(text string) bool {
		text, marked := strings.CutPrefix(text, mark)
		from, name, _ := strings.Cut(text, "/")
		if from == "." {
			from = v.Namespace
		}
		return marked && (from == "*" || from == "" || from == namespace) && isMeant(name)
	})
}

// FollowsRule reports whether proxies look for a DestinationRule where this one stands, which is
// in their namespace or in the root namespace, and may follow it there.
func (v View) FollowsRule(n neighbor.Object) bool {
	if n.Ref.Namespace == v.Namespace {
		return n.Selects() || n.ReachIn(v.Namespace) != neighbor.Unseen
	}
	return n.Ref.Namespace == v.Root && !n.Selects() && n.ReachIn(v.Namespace) != neighbor.Unseen
}

// overlap reports whether there is a name that both of two names of Istio are for.
func overlap(a, b string) bool { return ir.Covers(a, b) || ir.Covers(b, a) }
