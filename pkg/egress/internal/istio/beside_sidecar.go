// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package istio

import (
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/neighbor"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/precedence"
)

// besideSidecar looks for Sidecars that take workloads from those of the bundle, lose them, or
// keep from them what the bundle has for them.
func (j *judge) besideSidecar(n neighbor.Object) {
	path := field.Enforce.Child("registryOnly")
	own, selects := slices.Contains(j.Clients.Namespaces, n.Ref.Namespace), n.Selects()
	switch {
	case own && selects:
		if j.Enforce.RegistryOnly {
			j.Report(path, sidecarTakesSome(n))
		}
		j.besideImports(n, n.Ref.Namespace)
	case !j.Enforce.RegistryOnly:
		for _, client := range j.Clients.Namespaces {
			if j.sidecars[client].Ref == n.Ref && j.besideImports(n, client) {
				return
			}
		}
	case own:
		j.Report(path, sidecarTakesAll(n))
	case n.Ref.Namespace == j.Mesh.RootNamespace && !selects:
		j.Report(path, sidecarLoses(j.Clients.Namespaces, n))
	}
}

// besideImports looks for what a Sidecar does not import, for the first host that lacks
// anything: it stands for all.
func (j *judge) besideImports(n neighbor.Object, client string) (found bool) {
	view := viewWithout(j.Mesh, client)
	view.Listeners = n.Spec.Egress
	for _, d := range j.Destinations {
		if !slices.Contains(d.Clients.Namespaces, client) {
			continue
		}
		for _, h := range d.Hosts {
			for _, r := range d.Routes {
				if missing := missingImports(view, d, h, r); len(missing) > 0 {
					j.Report(h.Path, sidecarImportsNot(h, client, missing, n))
					return true
				}
			}
		}
	}
	return false
}

// missingImports returns what sidecars need to see of a port of a host, and do not: the host
// stands in the namespace of the client, and the way to a gateway in that of the gateway.
func missingImports(view precedence.View, d *ir.Destination, h ir.Host, r ir.Route) []string {
	var missing []string
	name := sidecarName(d, h)
	if !view.Imports(view.Namespace, name, r.Port) {
		missing = append(missing, "./*")
	}
	if way, ok := d.Way.(ir.ThroughGateway); ok && !view.Imports(way.Gateway.Namespace, name, r.Port) {
		missing = append(missing, way.Gateway.Namespace+"/*")
	}
	return missing
}
