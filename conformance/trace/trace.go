// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package trace

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"istio.io/istio/pilot/pkg/networking/util"
)

// Names of clusters that Istio gives to every sidecar.
const (
	blackHole   = "BlackHoleCluster"
	passthrough = "PassthroughCluster"
)

// maxGateways bounds the way of a call whose configuration sends it in circles.
const maxGateways = 3

// A blockedError says why a call goes no further. Other errors mean that it could not be traced.
type blockedError string

func (e blockedError) Error() string { return string(e) }

func blockedf(format string, args ...any) error {
	return blockedError(fmt.Sprintf(format, args...))
}

// Trace follows a call through the configuration of the proxies on its way, until it leaves the mesh or is refused. It
// fails the test if the way depends on configuration that it does not understand.
func (m *Mesh) Trace(c Call) Result {
	m.t.Helper()
	var r Result
	err := m.trace(c, &r)
	var blocked blockedError
	switch {
	case errors.As(err, &blocked):
		r.Steps = append(r.Steps, "blocked: "+blocked.Error())
		return Result{Blocked: blocked.Error(), Gateway: r.Gateway, Hop: r.Hop, Proxies: r.Proxies, Steps: r.Steps}
	case err != nil:
		m.t.Fatalf("trace %s from %s: %v\n%s", c.URL, c.Namespace, err, strings.Join(r.Steps, "\n"))
	}
	return r
}

func (m *Mesh) trace(c Call, r *Result) error {
	conn, err := c.open(sourceAddress, m.resolver(c))
	if err != nil {
		return err
	}
	if c.NoSidecar {
		return m.bare(c, conn, r)
	}
	at, pod := m.sidecar(c), c.pod()
	for range maxGateways {
		n := r.notesAt(at)
		out, err := at.forward(conn, n)
		if err != nil {
			return err
		}
		n.sends(out.cluster, at.clusters[out.cluster])
		up, err := at.dial(out)
		if err != nil {
			return err
		}
		n.stepf("to %s", up)
		if out.connect != "" {
			n.stepf("tunnel to %s", out.connect)
		}
		if err := m.send(pod, up.addresses); err != nil {
			return err
		}
		gw, port, err := m.gatewayAt(up.addresses)
		if err != nil {
			return err
		}
		if gw == nil {
			if outer := out.outermost(); outer != nil && outer.ofMesh {
				return blockedf("the TLS of the mesh leaves with the call: no gateway ends it")
			}
			r.leave(out, up)
			return nil
		}
		if conn, err = m.hop(c, out, up, gw, port); err != nil {
			return err
		}
		r.Gateway = gw.workload.String()
		r.Hop = hopOf(conn, up)
		at, pod = m.gatewayProxy(gw, c.Locality), gw.pod()
	}
	return blockedf("the call goes round in circles")
}

// bare follows a call that no proxy sees. Nothing but packets stops it. Where it arrives, a gateway would be only a
// server among others: TLS of the mesh is more than such a workload can open.
func (m *Mesh) bare(c Call, conn connection, r *Result) error {
	address := conn.destination.String()
	r.Steps = append(r.Steps, "Pod in "+c.Namespace+": to "+address)
	if err := m.send(c.pod(), []string{address}); err != nil {
		return err
	}
	r.Direct = true
	r.Exit = Exit{Addresses: []string{address}}
	return nil
}

// hop opens the connection from one proxy to a gateway.
func (m *Mesh) hop(c Call, out departure, up upstream, gw *gateway, port netip.AddrPort) (connection, error) {
	if out.connect != "" {
		return connection{}, fmt.Errorf("a tunnel to gateway %s is not supported", gw.workload)
	}
	next := out.connection
	next.destination = port
	if out.isHTTP {
		onward := *out.request
		onward.http2 = up.http2
		next.request = &onward
	}
	if up.tls.Mode == "" {
		return next, nil
	}
	tls := session{sni: up.tls.SNI, alpn: up.tls.ALPN, ofMesh: true}
	if up.tls.Mode == istioMutual {
		tls.mutual, tls.identity = true, m.identity(c.Namespace, c.serviceAccount())
		want := m.identity(gw.workload.Namespace, gw.workload.ServiceAccount)
		if len(up.tls.SANs) > 0 && !slices.Contains(up.tls.SANs, want) {
			return connection{}, blockedf("the sidecar expects a gateway with identity %v, it is %s", up.tls.SANs, want)
		}
	}
	next.stream = next.within(tls)
	return next, nil
}

func hopOf(c connection, up upstream) Hop {
	h := Hop{TLS: up.tls.Mode, HTTP2: up.http2}
	if outer := c.outermost(); outer != nil {
		h.SNI, h.Identity = outer.sni, outer.identity
	}
	return h
}

// leave records the last leg of the call.
func (r *Result) leave(out departure, up upstream) {
	r.Direct = r.Gateway == ""
	r.Unregistered = out.cluster == passthrough || out.cluster == util.AllowAnyDynamicDNSCluster
	r.Exit = Exit{Addresses: up.addresses, Priorities: up.priorities, Connect: out.connect, HTTP2: up.http2}
	if req := out.plainHTTP(); req != nil {
		r.Exit.Authority = req.authority
		if len(req.headers) > 0 {
			r.Exit.Headers = req.headers
		}
		if req.rewritten {
			r.Exit.Path = req.path
		}
	}
	r.Exit.Weights = up.weights
	r.Fault, r.Answer = out.fault, out.answer
	r.TLS = up.tls
	r.DoubleTLS = up.tls.Mode != "" && out.outermost() != nil && out.connect == ""
	r.Timeout, r.Retries = out.timeout, out.retries
	if out.isHTTP && !r.Unregistered {
		r.Headers = headersLeft(out.removed, !r.Direct)
	}
	// Nobody chose how connections to unknown hosts are made.
	if !r.Unregistered {
		r.Policy = up.policy
	}
}

// What proxies add to requests. Not among them are request ids and X-Envoy-Original-Host, which depend on how proxies
// are configured.
var (
	addedByProxies = []string{
		"x-envoy-attempt-count", "x-envoy-decorator-operation", "x-envoy-expected-rq-timeout-ms", "x-forwarded-proto",
	}
	addedByGateways = []string{"x-envoy-external-address", "x-forwarded-client-cert", "x-forwarded-for"}
)

// headersLeft returns what was added to a request and not removed.
func headersLeft(removed []string, byGateway bool) []string {
	added := slices.Clone(addedByProxies)
	if byGateway {
		added = append(added, addedByGateways...)
	}
	return slices.DeleteFunc(added, func(header string) bool { return slices.Contains(removed, header) })
}

// String tells a reader where the upstream is and how it is reached.
func (u upstream) String() string {
	s := strings.Join(u.addresses, ", ")
	if u.tls.Mode != "" {
		s += fmt.Sprintf(" with TLS %s, SNI %s", u.tls.Mode, u.tls.SNI)
	}
	if u.http2 {
		s += " over HTTP/2"
	}
	return s
}
