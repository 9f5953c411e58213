// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"fmt"
	"strings"
)

// A Report says what bundles open, and what stops each way around them.
// EncodeReport writes it for people.
type Report struct {
	Access     []Access
	WaysAround []WayAround
}

// An Access is one port of one host that some workloads may call.
type Access struct {
	// Bundle is NAMESPACE/NAME, and Destination a name in it.
	Bundle      string
	Destination string
	// Client is a namespace, or NAMESPACE/SERVICEACCOUNT.
	Client string
	// Host is what is called, with its addresses where they tell it, and Port
	// its port.
	Host string
	Port int
	// Protocol is what sidecars see there: TLS, TCP, HTTP, HTTP2 or GRPC.
	Protocol string
	// Requests are those that may pass. Empty: all that are made.
	Requests []AllowedRequest
	// Exit is the gateway, as NAMESPACE/SERVICE, or "sidecar".
	Exit string
	// ToExit and Beyond are who encrypts, before and after the exit. Empty:
	// nobody in the mesh.
	ToExit string
	Beyond string
}

// A WayAround is something that a bundle does not want to happen.
type WayAround struct {
	// Bundle is NAMESPACE/NAME. Destinations are those concerned, by name; if it
	// is empty, it is what no destination is for.
	Bundle       string
	Destinations []string
	// Way is what is tried, and From who tries it: a namespace, or empty for
	// anybody else.
	Way  Way
	From string
	// StoppedBy are the objects that stop it, in the order in which it meets
	// them: should one be missing, the next one does. If there is none, nothing
	// stops it. Of SpoofedHost they are those that lead it to the host after all;
	// should one be missing, it is like DirectIP. The ConfigMap istio stands for
	// outboundTrafficPolicy in the configuration of the mesh.
	StoppedBy []ObjectRef
	// Note is what else there is to know, in a sentence. It may be empty.
	Note string
}

// A Way is what somebody may try.
type Way string

const (
	// NoSidecar is that a Pod without a proxy calls the outside.
	NoSidecar Way = "NoSidecar"
	// DirectIP is that a workload calls an address or a host that nobody listed.
	DirectIP Way = "DirectIP"
	// SpoofedHost is that a workload names a host that is listed, in SNI or in the
	// request, and connects to an address of its own choice.
	SpoofedHost Way = "SpoofedHost"
	// OtherNamespace is that workloads of another namespace take the way of the clients
	// to the gateway, with the same SNI and the same requests.
	OtherNamespace Way = "OtherNamespace"
	// OtherIdentity is that workloads of a client namespace with another service account
	// do the same.
	OtherIdentity Way = "OtherIdentity"
	// UnlistedRoute is that somebody takes a way out of the gateway that is of no bundle.
	UnlistedRoute Way = "UnlistedRoute"
)

// Report reports on the bundles that were rendered, in the order of their
// namespaces and names.
func (o *Output) Report() Report {
	var r Report
	c := newClosings(o.planners)
	for _, p := range o.planners {
		for _, d := range p.planned {
			r.Access = append(r.Access, d.access()...)
		}
		r.WaysAround = append(r.WaysAround, p.waysAround(c)...)
	}
	return r
}

func (d *destination) access() []Access {
	var all []Access
	for _, client := range d.callers() {
		for _, h := range d.hosts {
			for _, r := range d.routes {
				toExit, beyond := d.encryption(r)
				all = append(all, Access{
					Bundle:      d.bundle.String(),
					Destination: d.name,
					Client:      client,
					Host:        d.called(h),
					Port:        r.port,
					Protocol:    r.protocol,
					Requests:    r.exit.allow,
					Exit:        d.exitName(),
					ToExit:      toExit,
					Beyond:      beyond,
				})
			}
		}
	}
	return all
}

// callers returns the clients, with their service accounts where not all may call.
func (d *destination) callers() []string {
	var callers []string
	for _, client := range d.clients {
		if len(d.accounts[client]) == 0 {
			callers = append(callers, client)
		}
		for _, account := range d.accounts[client] {
			callers = append(callers, client+"/"+account)
		}
	}
	return callers
}

// called returns what applications call.
func (d *destination) called(h host) string {
	if len(d.addresses) > 0 {
		return fmt.Sprintf("%s (%s)", h.outside, strings.Join(d.addresses, ", "))
	}
	return h.name
}

// exitSidecar is the exit of what leaves straight from the sidecar.
const exitSidecar = "sidecar"

func (d *destination) exitName() string {
	if d.gateway == nil {
		return exitSidecar
	}
	return d.gateway.namespace + "/" + d.gateway.service
}

// encryption says who encrypts a port before and after its exit.
func (d *destination) encryption(r route) (toExit, beyond string) {
	const application = "the application"
	if r.protocol == protocolTLS {
		toExit, beyond = application, application
	}
	if d.mutualTLS {
		toExit = "Istio mutual TLS"
	}
	if r.exit.tls != nil {
		beyond = "the gateway"
		if d.gateway == nil {
			beyond = "the sidecar"
		}
	}
	if d.gateway == nil {
		toExit = "" // It is in the same Pod.
	}
	return toExit, beyond
}
