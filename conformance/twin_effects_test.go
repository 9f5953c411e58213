// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"fmt"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/conformance/calls"
)

// each predicts the same for several promises.
func each(promises []promise, becomes func(promise) becoming) []effect {
	var effects []effect
	for _, p := range promises {
		effects = append(effects, effect{p, becomes(p)})
	}
	return effects
}

// effectsOf keeps the effects on some promises.
func effectsOf(effects []effect, promises ...promise) []effect {
	return slices.DeleteFunc(effects, func(e effect) bool { return !slices.Contains(promises, e.promise) })
}

// A becoming turns what was promised for a call into what becomes of it.
type becoming func(*calls.Outcome)

// blocked is a call that does not leave.
func blocked(reason string) becoming {
	return becomes(calls.Outcome{Blocked: reason})
}

// keeps is a call whose promise is kept.
func keeps(*calls.Outcome) {}

// becomes is a call with another outcome altogether.
func becomes(other calls.Outcome) becoming {
	return func(o *calls.Outcome) {
		other.Call, other.From, other.Address, other.Locality = o.Call, o.From, o.Address, o.Locality
		*o = other
	}
}

// leaves is a call that leaves to another address.
func leaves(address string) becoming { return func(o *calls.Outcome) { o.Leaves = address } }

// host is a call that leaves with another Host header.
func host(name string) becoming { return func(o *calls.Outcome) { o.Host = name } }

// timeout is a call with another timeout.
func timeout(d string) becoming { return func(o *calls.Outcome) { o.Timeout = d } }

// encryptedTwice is a call whose TLS is put into TLS to a host.
func encryptedTwice(name string) becoming {
	return func(o *calls.Outcome) {
		o.TLS = &calls.TLS{SNI: name, Names: []string{name}, CA: "system"}
		o.Defect = "encrypted twice"
	}
}

// both is a call to which two things happen.
func both(first, second becoming) becoming {
	return func(o *calls.Outcome) {
		first(o)
		second(o)
	}
}

// plainText is a call for which nobody opens TLS.
func plainText(o *calls.Outcome) { o.TLS = nil }

// unnamed is a call that any certificate satisfies.
func unnamed(o *calls.Outcome) { o.TLS = &calls.TLS{SNI: o.TLS.SNI, CA: o.TLS.CA} }

// http2 is a call of HTTP/1.1 through the gateway that reaches the host as HTTP/2.
func http2(o *calls.Outcome) { o.HTTP2, o.Defect = true, calls.HTTP1Hop }

// http1Hop is a call of HTTP/2 that is carried over HTTP/1.1 to the gateway.
func http1Hop(o *calls.Outcome) { o.Defect = calls.HTTP1Hop }

// noTimeout is a call that may take forever.
func noTimeout(o *calls.Outcome) { o.Timeout = "" }

// pastTheGateway is a call that the sidecar lets out to where the application sends it.
func pastTheGateway(o *calls.Outcome) {
	direct := calls.Outcome{Call: o.Call, From: o.From, Through: calls.Sidecar, Leaves: "203.0.113.254:443"}
	if name, ok := strings.CutPrefix(o.Call, "http://"); ok {
		direct.Leaves, direct.Host = "203.0.113.254:80", name
	}
	*o = direct
}

// notHTTP is the reason of a listener for HTTP that gets anything else.
const notHTTP = "the listener expects HTTP, the call is none"

func noCluster(name string) string { return "503 NC: cluster " + name + " does not exist" }

func noEndpoints(name string) string { return "503 UH: cluster " + name + " has no endpoints" }

func noChain(port int, sni string) string {
	return fmt.Sprintf("no filter chain of listener 0.0.0.0_%d matches SNI %q", port, sni)
}

func noListener(port int) string {
	return fmt.Sprintf("no listener at %s takes 10.244.1.1:%d", gateway, port)
}
