// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package rig

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/pkg/egress/explain"
	"github.com/egressbundle/egressbundle/wire/outside"
)

// A Result is what became of a call.
type Result struct {
	calls.Outcome

	// Seen is everything that the server outside saw of it, in order of time. What it
	// saw of a connection that was there before is not in it.
	Seen []outside.Seen
	// Body is what came back.
	Body string
	// Logged says whether the gateway that it came to has it in its access log.
	Logged bool
	// Logs are what the proxies that it came to have of it in their access logs, the client's
	// first.
	Logs []explain.Log
	// Lines are the same as lines of the format that Istio has by default.
	Lines []string
	// Steps are the entries of the access logs, the client's first, and how it ended.
	Steps []string
}

// logPatience is how long an entry may take to be written.
const logPatience = 2 * time.Second

// Call makes the call of an outcome and observes it.
func (m *Mesh) Call(ctx context.Context, o calls.Outcome, extra Request) (Result, error) {
	if err := m.moveGateways(ctx, o.Locality); err != nil {
		return Result{}, err
	}
	w, err := m.client(ctx, o)
	if err != nil {
		return Result{}, err
	}
	if err := m.show(o, extra); err != nil {
		return Result{}, err
	}
	m.lastCall++
	id := fmt.Sprintf("call-%d", m.lastCall)
	m.Outside.Take()
	if _, err := m.drops.read(); err != nil {
		return Result{}, err
	}
	if err := m.passLogs(w); err != nil {
		return Result{}, err
	}
	r := m.call(ctx, w, o, extra, id)
	result := Result{Body: r.body}
	pods := []string{w.String()}
	var at, there entry
	if w.proxy != nil && len(r.locals) > 0 {
		at = result.follow(ctx, "sidecar", w, func(e entry) bool { return slices.Contains(r.locals, e.Downstream) })
	}
	if g, ok := m.gatewayAt(hostOf(at.UpstreamHost)); ok {
		pods = append(pods, g.String())
		there = result.follow(ctx, "gateway", g.Workload, func(e entry) bool { return e.Downstream == at.Upstream && e.isOf(id) })
		result.Logged = there.Downstream != ""
	}
	dropped, err := m.drops.read(pods...)
	if err != nil {
		return Result{}, err
	}
	if dropped != "" {
		result.Steps = append(result.Steps, "packets: "+dropped)
	}
	result.Steps = append(result.Steps, "ends: "+r.String())
	result.Seen = m.Outside.Take() // What is logged is over, and has been seen.
	result.Outcome = o.Unobserved()
	if r.seen == nil {
		result.Blocked = blocked(r, at, there, dropped)
		return result, nil
	}
	result.Through = m.through(w, r.seen.Peer.Addr())
	result.As = calls.Account(there.Identity)
	m.see(&result.Outcome, *r.seen, there)
	if result.Host != "" {
		result.Headers = headersLike(o, result)
		result.Answer = answersLike(o, r.header)
	}
	return result, nil
}

// passLogs lets a call find nothing of others in the logs of its proxies.
func (m *Mesh) passLogs(w *Workload) error {
	for _, g := range m.gateways {
		if err := g.log.pass(); err != nil {
			return err
		}
	}
	if w.log == nil {
		return nil
	}
	return w.log.pass()
}

// through says what a call of a workload passes, by the address that the server outside saw.
func (m *Mesh) through(w *Workload, peer netip.Addr) string {
	if g, ok := m.gatewayAt(peer); ok {
		return g.of.String()
	}
	if peer != w.Address {
		return "the address " + peer.String()
	}
	return calls.Sidecar
}

// follow adds the step of a proxy, and returns its entry if it has one.
func (r *Result) follow(ctx context.Context, what string, w *Workload, wanted func(entry) bool) entry {
	e, err := w.log.await(ctx, wanted)
	if err != nil {
		r.Steps = append(r.Steps, what+": "+err.Error())
		return entry{}
	}
	r.Steps = append(r.Steps, what+": "+e.text)
	r.Logs, r.Lines = append(r.Logs, e.log()), append(r.Lines, e.Line)
	return e
}

// Headers returns the headers of a request that the server outside saw, without that
// which names the call, and without the length of its body, which each connection says in
// its own way.
func Headers(r Result) http.Header {
	header := http.Header{}
	for _, seen := range r.Seen {
		if seen.Request != nil {
			maps.Copy(header, seen.Request.Header)
		}
	}
	delete(header, callHeader)
	delete(header, "Content-Length")
	return header
}

// headersLike returns the headers that the server outside saw, if the promise of the call has any: those that are sent
// without one TestHeaders looks at. Nor do bundles choose what Envoy adds where it replaces the name or the path.
func headersLike(o calls.Outcome, r Result) map[string]string {
	if len(o.Headers)+len(o.Sends) == 0 {
		return nil
	}
	var headers map[string]string
	for name, values := range Headers(r) {
		if !strings.HasPrefix(name, "X-Envoy-Original-") {
			if headers == nil {
				headers = map[string]string{}
			}
			headers[strings.ToLower(name)] = strings.Join(values, ", ")
		}
	}
	return headers
}

// answersLike returns those headers of a response of which the promise says anything.
func answersLike(o calls.Outcome, header http.Header) map[string]string {
	if len(o.Answer) == 0 {
		return nil
	}
	answers := map[string]string{}
	for name := range o.Answer {
		answers[name] = strings.Join(header.Values(name), ", ")
	}
	return answers
}

// see fills in what the server saw.
func (m *Mesh) see(o *calls.Outcome, seen outside.Seen, there entry) {
	o.Leaves = net.JoinHostPort(m.Names.Host(seen.Address.Addr()), strconv.Itoa(int(seen.Address.Port())))
	o.Connect, o.TLS = seen.Connect, sessionOf(seen.ConnectTLS)
	if !strings.HasPrefix(o.Call, "http://") || seen.Request == nil {
		return
	}
	o.Host, o.Path = seen.Request.Host, calls.Rewritten(o.Call, seen.Request.URI)
	if o.HTTP2 = seen.Request.Protocol == "HTTP/2.0"; o.HTTP2 && o.Through != calls.Sidecar && there.Protocol != "HTTP/2" {
		o.Defect = calls.HTTP1Hop
	}
	o.TLS = sessionOf(seen.TLS)
}

// sessionOf says what a session of the mesh shows of itself.
func sessionOf(seen *outside.TLS) *calls.TLS {
	if seen == nil {
		return nil
	}
	return &calls.TLS{SNI: seen.SNI, CA: seen.Authority, Certificate: seen.Certificate}
}

// moveGateways runs the gateways where a call comes from.
func (m *Mesh) moveGateways(ctx context.Context, locality string) error {
	for _, g := range m.gateways {
		if g.of.Locality == locality {
			continue
		}
		moved := g.of
		moved.Locality = locality
		if err := m.addGateway(ctx, moved, m.manifests); err != nil {
			return err
		}
	}
	return nil
}

// await returns the entry that is looked for.
func (l *accessLog) await(ctx context.Context, wanted func(entry) bool) (found entry, err error) {
	ctx, cancel := context.WithTimeout(ctx, logPatience)
	defer cancel()
	return found, retry(ctx, func() error {
		entries, err := l.read()
		if err != nil {
			return err
		}
		entries = entries[l.passed:]
		i := slices.IndexFunc(entries, wanted)
		if i < 0 {
			return errNoEntry
		}
		found = entries[i]
		return nil
	})
}

func hostOf(hostPort string) netip.Addr {
	address, err := netip.ParseAddrPort(hostPort)
	if err != nil {
		return netip.Addr{}
	}
	return address.Addr()
}

// faultAbort is what Envoy says of a request that a fault answers.
const faultAbort = "fault_filter_abort"

// blocked says why nothing of a call came back from outside, in the words of the
// tracer.
func blocked(r reply, at, there entry, dropped string) string {
	for _, e := range []entry{there, at} {
		if _, rule, ok := strings.Cut(e.Details+" "+e.Termination, "rbac_access_denied_matched_policy["); ok {
			return "403 RBAC: denied by " + strings.TrimSpace(rule[:strings.LastIndex(rule, "]")])
		}
	}
	switch {
	case at.Cluster == "BlackHoleCluster":
		return at.Cluster
	case at.Details == "direct_response" && at.Route == "block_all":
		return at.code() + " " + at.Route
	case there.Details == faultAbort || at.Details == faultAbort:
		return at.code() + " fault filter abort"
	case at.Details == "direct_response" || there.Details == "direct_response":
		return at.code() + " direct response"
	case dropped != "":
		return dropped
	case there.Handshake != "":
		return "refused in the handshake with the gateway"
	case there.Details != "" && there.Downstream != "":
		return "gateway: " + reason(there)
	case at.Downstream != "":
		return "sidecar: " + reason(at)
	default:
		return "application: " + r.String()
	}
}

func reason(e entry) string {
	parts := []string{e.code(), e.Flags, e.Details, e.Termination, e.Failure, e.Cluster}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" || s == "-" || s == "<nil>" }), " ")
}

func (r reply) String() string {
	switch {
	case r.err != nil:
		return r.err.Error()
	case r.status != 0:
		return fmt.Sprintf("%d %s", r.status, cmp.Or(r.body, "(no body)"))
	default:
		return cmp.Or(r.body, "(nothing)")
	}
}
