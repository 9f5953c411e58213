// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package report holds who may call what (Access), and which objects stop those who try to
// get around that (WayAround).
package report

import (
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// A Report says what bundles open, and what stops each way around them.
// Encode writes it for people.
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
	Requests []api.AllowedRequest
	// Exit is the gateway, as NAMESPACE/SERVICE, or "sidecar".
	Exit string
	// ToExit and Beyond are who encrypts, before and after the exit. Empty:
	// nobody in the mesh.
	ToExit string
	Beyond string
	// By are the objects that serve this port of this host for the client: those of the
	// destination, and those of the hop to the gateway that it shares with others of its
	// bundle.
	By []diag.ObjectRef
}

// A WayAround is something that a bundle does not want to happen.
type WayAround struct {
	// Bundle is NAMESPACE/NAME. Destinations are those concerned, by name; if it
	// is empty, it is what no destination is for.
	Bundle       string
	Destinations []string
	// Attempt is what is tried, and From who tries it: a namespace, or empty for
	// anybody else.
	Attempt object.Attempt
	From    string
	// StoppedBy are the objects that stop it, in the order in which it meets
	// them: should one be missing, the next one does. If there is none, nothing
	// stops it. Of SpoofedHost they are those that lead it to the host after all;
	// should one be missing, it is like DirectIP. The ConfigMap istio stands for
	// outboundTrafficPolicy in the configuration of the mesh.
	StoppedBy []diag.ObjectRef
	// Note is what else there is to know, in a sentence. It may be empty.
	Note string
}

// ExitSidecar is the Exit of what leaves straight from the sidecar.
const ExitSidecar = "sidecar"
