// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"fmt"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

// What else there is to know of a way around, in sentences.

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

// noteOnBypass says that sidecars do not see everything.
func noteOnBypass() string { return fmt.Sprintf("No sidecar sees what %s names.", field.Bypass) }

func noteOnOpenWildcard() string { return "The wildcard leads to whatever address is called." }

func noteOnSpoofed(tls bool) string {
	note := "It leads to the host itself."
	if tls {
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

func noteOnEveryIdentity() string { return "Every service account of the namespace is a client." }

func noteOnGateway(name string, denied bool) string {
	note := fmt.Sprintf("Of gateway %s.", name)
	if denied {
		note += " But a server for every host (*) that ends Istio mutual TLS can be reached as any name below ." +
			ir.ReservedDomain + ". TCP and TLS are refused at the caller's first byte: before that the gateway connects to the " +
			"host, and the caller hears what the host says first."
	}
	return note
}

func bypassOf(p *ir.Plan) string {
	return fmt.Sprintf("%s of %s", field.Bypass.Child("cidrs"), p.Subject.Object)
}

// meshConfig is where Istio has the configuration of a mesh.
// https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/
func meshConfig(mesh api.Mesh) diag.ObjectRef {
	return diag.ObjectRef{Kind: "ConfigMap", Namespace: mesh.RootNamespace, Name: "istio"}
}
