// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package follow

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/explain"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/istio"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/neighbor"
)

// Exit statuses of curl, from its manual page.
const (
	curlHTTPError    = 22
	curlTimeout      = 28
	curlTLSHandshake = 35
)

// The statuses with which proxies answer requests that they stop.
const (
	statusForbidden  = 403
	statusBadGateway = 502
)

// Names that Envoy, or Istio in it, has for what stops calls.
const (
	blackHole       = "BlackHoleCluster"
	passthrough     = "PassthroughCluster"
	blockAll        = "block_all"
	directResponse  = "direct_response"
	noHealthyHost   = "UH"
	deniedByRuleFmt = "rbac_access_denied_matched_policy[%s]"
)

func (w *walk) stop(by explain.Object, at, why, looks string) *explain.Stop {
	w.Verdict = explain.Stopped
	w.Stop = &explain.Stop{By: []explain.Object{by}, At: at, Why: why, Looks: looks}
	return w.Stop
}

// endAt leaves of the objects that the call would meet at the last proxy those up to the one of
// a kind, which stops it.
func (w *walk) endAt(kindName, does string) explain.Object {
	hop := w.lastHop()
	i := slices.IndexFunc(hop.Objects, func(o explain.Object) bool { return o.Ref.Kind == kindName })
	hop.Objects = hop.Objects[:i+1]
	hop.Objects[i].Does = does
	return hop.Objects[i]
}

// arriving is the host of the request as it comes to the last proxy, which does not send it on.
func (w *walk) arriving() string {
	w.lastHop().Authority = ""
	if len(w.Hops) == 1 {
		return w.authority()
	}
	return w.Hops[len(w.Hops)-2].Authority
}

// lastHop is where a call is stopped that has come to any proxy.
func (w *walk) lastHop() *explain.Hop { return &w.Hops[len(w.Hops)-1] }

// stopAnswered stops a request with an answer.
func (w *walk) stopAnswered(by explain.Object, status int, why, body string) {
	s := w.stop(by, w.lastHop().Proxy, why, answer(status, body))
	s.Status, s.Curl = status, curlHTTPError
}

func answer(status int, body string) string {
	if body == "" {
		return fmt.Sprintf("The answer is %d, without a body.", status)
	}
	return fmt.Sprintf("The answer is %d, with the body %q.", status, body)
}

// stopClosed stops what is no request, whose connection is closed.
func (w *walk) stopClosed(by explain.Object, at, why string) {
	if !w.isTLS() {
		w.stop(by, at, why, "The connection opens, and is closed at once.")
		return
	}
	w.stop(by, at, why, "The connection opens, and is closed in the TLS handshake, without a certificate.").Curl = curlTLSHandshake
}

// stopRequest stops a request that is none of those that may pass.
func (w *walk) stopRequest(c istio.Course, leg istio.Leg) {
	by, hop := w.endAt(kind.VirtualService, "answers it"), w.lastHop()
	hop.Log = w.logOfAnswer(statusForbidden, directResponse, w.arriving())
	hop.Log.SNI, hop.Log.Route = leg.Arrives, explain.Any
	for i := range w.Hops[:len(w.Hops)-1] {
		w.Hops[i].Log.Code = strconv.Itoa(statusForbidden)
	}
	w.stopAnswered(by, statusForbidden,
		fmt.Sprintf("The destination allows some requests, and %s %s is none of them.", w.method, w.path),
		fmt.Sprintf("EgressBundle %s does not allow this request.", c.Destination.Bundle))
}

// stopIdentity stops a caller with another service account at the gateway.
func (w *walk) stopIdentity(c istio.Course) {
	by, why := w.endAt(kind.AuthorizationPolicy, "refuses it"), w.whyNoClient(c)
	denied := fmt.Sprintf(deniedByRuleFmt, c.Gateway.Rule)
	hop := w.lastHop()
	if !c.Route.IsHTTP() {
		hop.Log.Termination = denied
		w.stopClosed(by, hop.Proxy, why)
		return
	}
	hop.Log = w.logOfAnswer(statusForbidden, denied, w.arriving())
	hop.Log.SNI, hop.Log.Cluster, hop.Log.Route = c.Gateway.Arrives, c.Gateway.Cluster, explain.Any
	w.Hops[0].Log.Code = hop.Log.Code
	w.stopAnswered(by, statusForbidden, why, "RBAC: access denied")
}

// stopHandshake stops a caller with another service account in the handshake of mutual TLS.
func (w *walk) stopHandshake(c istio.Course) {
	w.stopClosed(w.endAt(kind.Gateway, "refuses it in the handshake"), w.lastHop().Proxy, w.whyNoClient(c))
}

func (w *walk) whyNoClient(c istio.Course) string {
	return fmt.Sprintf("Of namespace %s the destination is for no other service accounts than %s.",
		w.Call.Namespace, strings.Join(c.Destination.Clients.Accounts[w.Call.Namespace], ", "))
}

// readsRequests reports whether sidecars of the caller read HTTP on the port, as far as is known:
// for a destination, for what somebody else declares, or for the Service of a gateway, which every
// client sees.
func (w *walk) readsRequests() bool {
	for _, g := range w.mesh().Gateways {
		if g.Ports.HTTP == w.port {
			return true
		}
	}
	for _, p := range w.plans {
		for _, d := range p.Destinations {
			if r := d.RouteAt(w.port); r != nil && r.IsHTTP() && slices.Contains(d.Clients.Namespaces, w.Call.Namespace) {
				return true
			}
		}
	}
	view := w.view()
	return slices.ContainsFunc(w.neighbors, func(n neighbor.Object) bool {
		return n.Ref.Kind == kind.ServiceEntry && view.SeesAny(n) && slices.ContainsFunc(n.Spec.Ports, func(p neighbor.Port) bool {
			return p.Number == w.port && isHTTP(p.Protocol)
		})
	})
}

func isHTTP(protocol string) bool {
	return slices.Contains([]string{"HTTP", "HTTP2", "GRPC", "GRPC-WEB"}, strings.ToUpper(protocol))
}
