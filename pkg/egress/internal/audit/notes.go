// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

// What else there is to know of an opening or of a way around, in sentences.

const (
	noteOnAllowAny      = "outboundTrafficPolicy is ALLOW_ANY, and no Sidecar of a bundle says otherwise. So it is for others, too."
	noteOnBypass        = "No sidecar sees it, once egressbundle patch is applied."
	noteOnPolicy        = "NetworkPolicies add to one another: what this one opens is not looked at."
	noteOnOtherPolicy   = "It may allow what no bundle does."
	noteOnDropped       = "Clients of any bundle at the gateway get past it, and others do not."
	noteOnOpenWildcard  = "The wildcard leads to whatever address is called."
	noteOnEveryIdentity = "Every service account of the namespace is a client."
)

// noteOnSidecar says what workloads do that follow a Sidecar of somebody else.
func noteOnSidecar(selects bool, mode string) string {
	who := "Workloads"
	if selects {
		who = "The workloads that it selects"
	}
	return fmt.Sprintf("%s follow it, and not that of a bundle: its outboundTrafficPolicy is %s, and what else it says is not looked at.",
		who, cmp.Or(mode, "that of the mesh"))
}

// mostNamed is how many openings a note names.
const mostNamed = 3

// noteOnPast says what opens a way around, past what stops it, if anything does.
func noteOnPast(refs []diag.ObjectRef, stopped bool) string {
	opened := "Opened by"
	if stopped {
		opened = "But opened by"
	}
	var names []string
	for _, ref := range refs {
		if !slices.Contains(names, ref.String()) && len(names) <= mostNamed {
			names = append(names, ref.String())
		}
	}
	switch {
	case len(names) == 0:
		return ""
	case len(names) > mostNamed:
		return fmt.Sprintf("%s %d openings, which are listed.", opened, len(refs))
	default:
		return fmt.Sprintf("%s %s, as far as is listed.", opened, strings.Join(names, ", "))
	}
}

// noteOnOpen says what NetworkPolicies leave open to every Pod of a client.
func noteOnOpen(open []string, cluster bool) string {
	var notes []string
	if len(open) > 0 {
		notes = append(notes, "The addresses of "+strings.Join(open, ", ")+" are open to every Pod of the namespace.")
	}
	if cluster {
		notes = append(notes, "The rest of the cluster stays open, and may lead on.")
	}
	return strings.Join(notes, " ")
}

// joined puts notes together, of which some may be empty.
func joined(notes ...string) string {
	return strings.Join(slices.DeleteFunc(notes, func(note string) bool { return note == "" }), " ")
}

func noteOnSpoofed(d *ir.Destination) string {
	note := "It is led to where the destination leaves to."
	switch {
	case d.Allocated:
		note += " That is so of requests: sidecars take a connection to any other address for one that nothing declares."
	case d.Has(ir.Route.IsTLS):
		note += " What the application asks for within its TLS, nobody sees."
	}
	return note
}

// noteOnUnknownCaller says what the gateway lacks without mutual TLS.
func noteOnUnknownCaller(dropped bool) string {
	note := "Without mutual TLS the gateway cannot tell who calls."
	if dropped {
		note += " Namespaces that reach it for another destination reach this one."
	}
	return note
}

// noteOnRefusal says what a caller still gets that the gateway refuses. For a connection
// Envoy makes its own to the host before it asks who calls. For a request it asks first.
func noteOnRefusal(d *ir.Destination) string {
	connects := "connects to the host"
	if d.Onward.Proxy != nil {
		connects = "has the forward proxy connect to the host"
	}
	switch isTCP := d.Has(ir.Route.IsTCP); {
	case isTCP && !d.Clients.AreNamed():
		return fmt.Sprintf("TCP is refused at the caller's first byte: before that the gateway %s, and the caller hears what "+
			"the host says first. Where every client has serviceAccounts, it hears nothing.", connects)
	case isTCP || d.Has(ir.Route.IsTLS):
		return fmt.Sprintf("Before the gateway refuses a connection, it %s, and says nothing there. With the patterns "+
			"HTTP and TLSOrigination nothing is opened for a caller that is refused.", connects)
	default:
		return ""
	}
}

// noteOnGateway says what still gets through a gateway that denies what is of no bundle.
func noteOnGateway(denied bool) string {
	if !denied {
		return ""
	}
	return "But a server for every host (*) that ends Istio mutual TLS can be reached as any name below ." +
		ir.ReservedDomain + ". TCP and TLS are refused at the caller's first byte: before that the gateway connects to the " +
		"host, and the caller hears what the host says first."
}

// meshConfig is where Istio has the configuration of a mesh.
// https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/
func meshConfig(mesh api.Mesh) diag.ObjectRef {
	return diag.ObjectRef{Kind: "ConfigMap", Namespace: mesh.RootNamespace, Name: "istio"}
}
