// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package follow

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/explain"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/istio"
)

// leave notes where the call leaves, as its course says.
func (w *walk) leave(c istio.Course) {
	w.Verdict = explain.Passes
	d, r := c.Destination, c.Route
	exit := &explain.Exit{}
	exit.To = w.leavings(c)
	if d.Onward.Proxy != nil {
		exit.Connect = hostPort(c.Host.Outside, r.Exit.Port)
	}
	if r.Exit.TLS != nil {
		exit.TLS = opened(*r.Exit.TLS, c.Host.Outside)
	}
	w.Exit = exit
}

// opened is the TLS that the last proxy opens to a host, or to the forward proxy.
func opened(tls ir.UpstreamTLS, host string) *explain.TLS {
	out := &explain.TLS{
		SNI:                cmp.Or(tls.SNI, host),
		ClientCertificate:  tls.ClientCertificate,
		InsecureSkipVerify: tls.Unverified,
	}
	if files := tls.ClientCertificate.Files; files != nil {
		out.ClientCertificate.Files = new(*files)
	}
	if tls.Unverified != "" {
		return out
	}
	out.SubjectAltNames = slices.Clone(tls.SubjectAltNames)
	if len(out.SubjectAltNames) == 0 {
		out.SubjectAltNames = []string{host}
	}
	out.CACertificates, out.CACRL = tls.CACertificates, tls.CRL
	if own := tls.ClientCertificate.Secret; own != "" {
		out.CACertificates = api.CACertificates{Secret: own} // They stand in the same Secret, or beside it.
	}
	return out
}

// leavings are where the call may leave to. Sidecars lead what they know by address to the
// very one that was called.
func (w *walk) leavings(c istio.Course) []string {
	d := c.Destination
	if _, fromSidecar := d.Way.(ir.FromSidecar); fromSidecar && d.Told == ir.ByAddress && len(d.Targets(c.Host)) == 0 {
		return []string{hostPort(w.address.String(), c.Route.Exit.Port)}
	}
	var all []string
	for _, l := range d.LeavingsOf(c.Host, c.Route) {
		all = append(all, hostPort(w.calledAt(d, l.Address), l.Port))
	}
	slices.Sort(all)
	return all
}

// calledAt returns the address or the name that is connected to. Of a wildcard it is what the
// application called; who does not look names up there connects to the address.
func (w *walk) calledAt(d *ir.Destination, leaving string) string {
	switch {
	case !ir.IsWildcard(leaving):
		return leaving
	case !d.Onward.DynamicDNS && w.address.IsValid():
		return w.address.String()
	default:
		return w.host
	}
}

func hostPort(host string, port int) string { return fmt.Sprintf("%s:%d", bracketed(host), port) }

// addHop adds a proxy that the call comes to, with what it follows there.
func (w *walk) addHop(c istio.Course, proxy string, leg istio.Leg) {
	hop := explain.Hop{Proxy: proxy}
	for _, ref := range leg.Objects {
		o := w.objectOf(ref, deed(c, proxy, leg, ref.Kind))
		if w.heads[ref].Origin.Destination == "" { // It serves several: this one is why it is asked.
			o.Field, o.Position = string(c.Destination.Path), w.planOf(o.Bundle).Subject.Position(c.Destination.Path)
		}
		hop.Objects = append(hop.Objects, o)
	}
	if w.isRequest() {
		hop.Authority = cmp.Or(leg.Renamed, w.authority())
	}
	hop.Log = w.log(leg.Cluster, cmp.Or(leg.Arrives, w.sni()))
	if proxy == explain.Sidecar && (c.Destination.Told != ir.ByName || c.Destination.Allocated) {
		hop.Log.SNI = w.inspected()
	}
	if c.Route.IsHTTP() {
		hop.Log = w.logOfRequest(hop.Authority, leg.Cluster, leg.Arrives)
		if isExit := c.Gateway == nil || proxy != explain.Sidecar; isExit {
			w.shape(&hop, c)
		}
	}
	w.Hops = append(w.Hops, hop)
}

// inspected is the server name that a sidecar logs of what it tells by address: whether it looks
// depends on what else there is on the port.
func (w *walk) inspected() string {
	if w.sni() == "" {
		return ""
	}
	return explain.Any
}

// log is what a proxy logs of a connection that it sends on.
func (w *walk) log(cluster, sni string) *explain.Log {
	return &explain.Log{Code: "0", Upstream: explain.Any, Cluster: cluster, SNI: sni}
}

// requested is the path of the request with its query.
func (w *walk) requested() string { return w.withQuery(w.path) }

func (w *walk) withQuery(path string) string {
	if w.query == "" {
		return path
	}
	return path + "?" + w.query
}

// logOfRequest is what a proxy logs of a request that it sends on.
func (w *walk) logOfRequest(authority, cluster, sni string) *explain.Log {
	return &explain.Log{
		Method: w.method, Path: w.requested(), Code: explain.Any, Details: "via_upstream", Authority: authority,
		Upstream: explain.Any, Cluster: cluster, SNI: sni, Route: explain.Any,
	}
}

// logOfAnswer is what a proxy logs of a request that it answers by itself.
func (w *walk) logOfAnswer(status int, details, authority string) *explain.Log {
	return &explain.Log{Method: w.method, Path: w.requested(), Code: strconv.Itoa(status), Details: details, Authority: authority}
}
