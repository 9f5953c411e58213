// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package audit finds out who may reach what, and what stops each way around. It reads plans,
// and what objects say of where they come from and what they stop.
package audit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
	"github.com/egressbundle/egressbundle/pkg/egress/report"
)

// Report reports on plans and on the objects that were made for them, in the order of the
// plans.
func Report(plans []*ir.Plan, objects []object.Object) report.Report {
	a := audit{
		plans: plans,
		stops: map[object.Stop][]diag.ObjectRef{},
		makes: map[object.Origin][]diag.ObjectRef{},
	}
	for _, o := range objects {
		a.note(o)
	}
	var r report.Report
	for _, p := range plans {
		for _, d := range p.Destinations {
			r.Access = append(r.Access, a.access(d)...)
		}
		r.WaysAround = append(r.WaysAround, a.waysAround(p)...)
	}
	return r
}

// An audit is what objects say, by what they say it of.
type audit struct {
	plans []*ir.Plan
	stops map[object.Stop][]diag.ObjectRef
	makes map[object.Origin][]diag.ObjectRef // by origins without fields
}

func (a audit) note(o object.Object) {
	for _, stop := range o.Stops {
		a.stops[stop] = append(a.stops[stop], o.Ref())
	}
	origin := o.Origin
	origin.Field = ""
	a.makes[origin] = append(a.makes[origin], o.Ref())
}

func (a audit) access(d *ir.Destination) []report.Access {
	var all []report.Access
	for _, client := range callers(d.Clients) {
		for _, h := range d.Hosts {
			for _, r := range d.Routes {
				all = append(all, report.Access{
					Bundle:      d.Bundle.String(),
					Destination: d.Name,
					Client:      client,
					Host:        called(d, h),
					Port:        r.Port,
					Protocol:    string(r.Protocol),
					Requests:    slices.Clone(r.Exit.Allow),
					Exit:        exitName(d.Way),
					ToExit:      encryptionToExit(d.Way, r),
					Beyond:      encryptionBeyond(d.Way, r),
					By:          a.servedBy(d, client, h, r),
				})
			}
		}
	}
	return all
}

// servedBy returns the objects that serve one port of one host for a client: those of the
// destination, of the host and of the port, and those of the hop to the gateway. What stands
// in the namespaces of other clients is theirs.
func (a audit) servedBy(d *ir.Destination, client string, h ir.Host, r ir.Route) []diag.ObjectRef {
	destination := object.Origin{Bundle: d.Bundle.String(), Destination: d.Name}
	host, port := destination, destination
	host.Host = h.Name
	port.Host, port.Port = h.Name, r.Port
	serving := slices.Concat(a.makes[destination], a.makes[host], a.makes[port])
	namespaces := []string{namespaceOf(client)}
	if way, ok := d.Way.(ir.ThroughGateway); ok {
		hop := object.Origin{Bundle: d.Bundle.String(), Gateway: way.Gateway.Name}
		serving = append(serving, a.makes[hop]...)
		namespaces = append(namespaces, way.Gateway.Namespace)
	}
	return slices.DeleteFunc(serving, func(ref diag.ObjectRef) bool {
		isService := ref.Kind == kind.Service || ref.Kind == kind.EndpointSlice // for all clients
		return !isService && !slices.Contains(namespaces, ref.Namespace)
	})
}

// namespaceOf returns the namespace of a client, which may name a service account too.
func namespaceOf(client string) string {
	namespace, _, _ := strings.Cut(client, "/")
	return namespace
}

// callers returns clients, with their service accounts where not all may call.
func callers(c ir.Clients) []string {
	var callers []string
	for _, client := range c.Namespaces {
		if len(c.Accounts[client]) == 0 {
			callers = append(callers, client)
		}
		for _, account := range c.Accounts[client] {
			callers = append(callers, client+"/"+account)
		}
	}
	return callers
}

// called returns what applications call.
func called(d *ir.Destination, h ir.Host) string {
	if d.Told != ir.ByAddress {
		return h.Name
	}
	var addresses []string
	for _, a := range d.Addresses {
		addresses = append(addresses, a.Text)
	}
	return fmt.Sprintf("%s (%s)", h.Outside, strings.Join(addresses, ", "))
}

func exitName(way ir.Way) string {
	if gateway, ok := way.(ir.ThroughGateway); ok {
		return gateway.Gateway.Namespace + "/" + gateway.Gateway.Service
	}
	return report.ExitSidecar
}

const byApplication = "the application"

// encryptionToExit says who encrypts a port before its exit. A sidecar is in the same Pod.
func encryptionToExit(way ir.Way, r ir.Route) string {
	gateway, ok := way.(ir.ThroughGateway)
	switch {
	case !ok:
		return ""
	case gateway.MutualTLS:
		return "Istio mutual TLS"
	case r.IsTLS():
		return byApplication
	default:
		return ""
	}
}

// encryptionBeyond says who encrypts a port after its exit.
func encryptionBeyond(way ir.Way, r ir.Route) string {
	_, fromSidecar := way.(ir.FromSidecar)
	switch {
	case r.Exit.TLS != nil && fromSidecar:
		return "the sidecar"
	case r.Exit.TLS != nil:
		return "the gateway"
	case r.IsTLS():
		return byApplication
	default:
		return ""
	}
}

// openTo names what all bundles let every Pod of a client send packets to.
func (a audit) openTo(client string) []string {
	var open []string
	for _, p := range a.plans {
		if !slices.Contains(p.Clients.Namespaces, client) {
			continue
		}
		var ofBundle []string
		for _, d := range p.FromSidecarsOf(client) {
			ofBundle = append(ofBundle, p.NameOf(d))
		}
		if p.Bypass != nil && len(p.Bypass.Prefixes) > 0 {
			ofBundle = append(ofBundle, bypassOf(p))
		}
		open = append(open, slices.Compact(ofBundle)...)
	}
	return open
}
