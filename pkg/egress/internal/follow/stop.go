// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package follow

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/explain"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/istio"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
)

// Exit statuses of curl, from its manual page.
const (
	curlHTTPError    = 22
	curlTimeout      = 28
	curlTLSHandshake = 35
)

// The statuses with which proxies answer requests that they stop.
const (
	statusBadRequest = 400
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
	s := w.stop(by, w.lastHop().Proxy, why, fmt.Sprintf("The answer is %d, with the body %q.", status, body))
	s.Status, s.Curl = status, curlHTTPError
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
	w.stopClosed(w.endAt(kind.Gateway, "refuses it in the handshake"), gatewayOf(c), w.whyNoClient(c))
}

func (w *walk) whyNoClient(c istio.Course) string {
	return fmt.Sprintf("Of namespace %s the destination is for the service accounts %s alone.",
		w.Call.Namespace, strings.Join(c.Destination.Clients.Accounts[w.Call.Namespace], ", "))
}

// readsRequests reports whether sidecars of the caller read HTTP on the port. Those of a gateway's
// Service do so too, which every client sees.
func (w *walk) readsRequests() bool {
	_, ok := w.gatewayAtHTTP()
	return ok || len(w.coursesOfRequests()) > 0
}

// coursesOfRequests are those of the caller on the port that are HTTP.
func (w *walk) coursesOfRequests() []istio.Course {
	return w.backend.Courses(w.Call.Namespace, func(_ *ir.Destination, _ ir.Host, r ir.Route) bool { return r.IsHTTP() && r.Port == w.port })
}

// gatewayAtHTTP returns a gateway whose Service has HTTP on the port.
func (w *walk) gatewayAtHTTP() (api.Gateway, bool) {
	gateways := w.mesh().Gateways
	for _, name := range slices.Sorted(maps.Keys(gateways)) {
		if gateways[name].Ports.HTTP == w.port {
			return gateways[name], true
		}
	}
	return api.Gateway{}, false
}

// stopNoRequest stops what is no request where sidecars expect one.
func (w *walk) stopNoRequest() {
	w.Hops = append(w.Hops, explain.Hop{Proxy: explain.Sidecar})
	s := w.stop(explain.Object{Ref: w.readerOfRequests(), Does: "makes the port one of HTTP"}, explain.Sidecar,
		fmt.Sprintf("Sidecars of namespace %s read HTTP on port %d, and the call is none.", w.Call.Namespace, w.port),
		fmt.Sprintf("The answer is %d, in plain text.", statusBadRequest))
	if w.isTLS() {
		s.Curl = curlTLSHandshake
	}
}

// readerOfRequests is what makes sidecars read HTTP on the port.
func (w *walk) readerOfRequests() diag.ObjectRef {
	if courses := w.coursesOfRequests(); len(courses) > 0 {
		return courses[0].Sidecar.Objects[0]
	}
	g, _ := w.gatewayAtHTTP()
	return diag.ObjectRef{Kind: kind.Service, Namespace: g.Namespace, Name: g.Service}
}
