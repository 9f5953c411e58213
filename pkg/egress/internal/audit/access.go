// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
	"github.com/egressbundle/egressbundle/pkg/egress/report"
)

// access returns an entry for each port of a destination.
func (a audit) access(p *ir.Plan, d *ir.Destination) []report.Access {
	var all []report.Access
	for _, r := range d.Routes {
		at := d.Path
		if r.Listed {
			at = r.Path
		}
		entry := report.Access{
			Bundle:      d.Bundle.String(),
			Destination: d.Name,
			Port:        r.Port,
			Field:       string(at),
			Position:    p.Subject.Position(at),
			Description: d.Description,
			Owner:       d.Owner,
			Ticket:      d.Ticket,
			Expires:     d.Expires,
			Clients:     clientsOf(d),
			Protocol:    string(r.Protocol),
			Requests:    requestsOf(r),
			Shapes:      shapesOf(r),
			Service:     serviceOf(d),
			Headers:     d.Originals(r, p.Mesh.ProxyHeaders),
			By:          a.servedBy(d, r),
		}
		entry.Hosts, entry.Addresses = called(d)
		addExit(&entry, d, r)
		addTargets(&entry, d, r)
		all = append(all, entry)
	}
	return all
}

func clientsOf(d *ir.Destination) []api.Client {
	var clients []api.Client
	for _, namespace := range d.Clients.Namespaces {
		clients = append(clients, api.Client{Namespace: namespace, ServiceAccounts: slices.Clone(d.Clients.Accounts[namespace])})
	}
	return clients
}

// called returns what applications call, and by which addresses sidecars know it.
func called(d *ir.Destination) (hosts, addresses []string) {
	for _, h := range d.Hosts {
		name := h.Name
		if d.Told == ir.ByAddress {
			name = h.Outside
		}
		hosts = append(hosts, name)
	}
	for _, a := range d.Addresses {
		addresses = append(addresses, a.Text)
	}
	return hosts, addresses
}

func requestsOf(r ir.Route) []api.AllowedRequest {
	var requests []api.AllowedRequest
	for _, allowed := range r.Exit.Allow {
		requests = append(requests, api.AllowedRequest{Methods: slices.Clone(allowed.Methods), Paths: slices.Clone(allowed.Paths)})
	}
	return requests
}

// shapesOf returns what becomes of requests, path by path, if anything does.
func shapesOf(r ir.Route) []report.Shape {
	var shapes []report.Shape
	isShaped := false
	for _, s := range r.Exit.Shapes {
		isShaped = isShaped || s.Rewrite != nil || s.Headers != nil || s.Fault != nil
		s = s.Clone()
		shape := report.Shape{Path: s.Path, Rewrite: s.Rewrite, Headers: s.Headers, Fault: s.Fault}
		if s.RewritesURI() {
			shape.Replaces = s.Replaces
		}
		shapes = append(shapes, shape)
	}
	if !isShaped {
		return nil
	}
	return shapes
}

func serviceOf(d *ir.Destination) *report.Service {
	s := d.Onward.Service
	if s == nil {
		return nil
	}
	return &report.Service{Namespace: d.Bundle.Namespace, Name: d.Name, Type: s.Type, ExternalName: s.ExternalName}
}

// servedBy returns the objects that serve one port: those of the destination, of its hosts and
// of the port, and those of the hop to the gateway. What stands in the namespaces of other
// clients of the bundle is theirs.
func (a audit) servedBy(d *ir.Destination, r ir.Route) []diag.ObjectRef {
	destination := object.Origin{Bundle: d.Bundle.String(), Destination: d.Name}
	serving := slices.Clone(a.makes[destination])
	for _, h := range d.Hosts {
		host, port := destination, destination
		host.Host = h.Name
		port.Host, port.Port = h.Name, r.Port
		serving = slices.Concat(serving, a.makes[host], a.makes[port])
	}
	namespaces := map[string]bool{}
	for _, client := range d.Clients.Namespaces {
		namespaces[client] = true
	}
	if way, ok := d.Way.(ir.ThroughGateway); ok {
		hop := object.Origin{Bundle: d.Bundle.String(), Gateway: way.Gateway.Name}
		serving = append(serving, a.makes[hop]...)
		namespaces[way.Gateway.Namespace] = true
	}
	return slices.DeleteFunc(serving, func(ref diag.ObjectRef) bool {
		isService := ref.Kind == kind.Service || ref.Kind == kind.EndpointSlice // for all clients
		return !isService && !namespaces[ref.Namespace]
	})
}

// addExit says by which exit a port leaves, and who encrypts before and after it.
func addExit(entry *report.Access, d *ir.Destination, r ir.Route) {
	entry.Exit = report.ExitSidecar
	entry.Beyond = encryptionBeyond(d, r)
	through, ok := d.Way.(ir.ThroughGateway)
	if !ok {
		return // A sidecar is in the same Pod.
	}
	entry.Exit = exitName(through.Gateway)
	entry.ExitPort = through.EntryPort(r)
	switch {
	case through.MutualTLS:
		entry.ToExit = "Istio mutual TLS"
	case r.IsTLS():
		entry.ToExit = byApplication
	}
}

func exitName(g *ir.Gateway) string { return g.Namespace + "/" + g.Service }

const byApplication = "the application"

// encryptionBeyond says who encrypts a port after its exit.
func encryptionBeyond(d *ir.Destination, r ir.Route) string {
	exit := "the gateway"
	if _, fromSidecar := d.Way.(ir.FromSidecar); fromSidecar {
		exit = "the sidecar"
	}
	toProxy := d.Onward.Proxy != nil && r.Exit.TLS != nil
	switch {
	case toProxy && r.IsTLS():
		return byApplication + ", and as far as the forward proxy by " + exit
	case toProxy:
		return exit + " as far as the forward proxy"
	case r.Exit.TLS != nil:
		return exit
	case r.IsTLS():
		return byApplication
	default:
		return ""
	}
}
