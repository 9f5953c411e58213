// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package guide

import (
	"strconv"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/address"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/runbook"
)

// A row is a failure that some paths can have.
type row struct {
	name, cause, remedy string
	applies             func(p path) bool
	// atExit says that the log of the last proxy shows it, and not that of the sidecar.
	atExit bool
	// status is that of the answer to a request.
	status int
	// request and connection are what stands in the log, from the status on. Empty: no such call fails so.
	request, connection string
	// cluster is what stands behind that. Nil: it does not matter.
	cluster func(p path) string
	// other replaces what curl says of calls that do not fail as most do. Nil: it says what is usual.
	other func(p path, s *runbook.Symptom)
	look  func(g guide, p path) []runbook.Check
}

// failures are those that the paths can have.
func (g guide) failures() []runbook.Failure {
	var all []runbook.Failure
	for _, r := range rows {
		f := runbook.Failure{Name: r.name, Cause: r.cause, Remedy: r.remedy}
		seen := map[ir.Layer]bool{}
		for _, p := range g.paths {
			layer := p.route.Protocol.Layer()
			if seen[layer] || !r.applies(p) || r.shows(p) == "" {
				continue
			}
			seen[layer] = true
			if len(f.Symptoms) == 0 && r.look != nil {
				f.Look = r.look(g, p)
			}
			f.Symptoms = append(f.Symptoms, r.symptom(p))
		}
		if len(f.Symptoms) > 0 {
			all = append(all, f)
		}
	}
	return all
}

// shows is what stands in the log of calls of a path.
func (r row) shows(p path) string {
	if p.route.IsHTTP() {
		return r.request
	}
	return r.connection
}

// Exit statuses of curl.
const (
	curlNoHost      = 6
	curlTime        = 28
	curlHandshake   = 35
	curlCertificate = 60
)

func (r row) symptom(p path) runbook.Symptom {
	s := runbook.Symptom{Of: p.name(), Call: p.call().Command, Proxy: p.sidecar().Proxy, Logs: r.shows(p)}
	if r.atExit {
		s.Proxy = p.last().Proxy
	}
	if r.cluster != nil {
		s.Logs += "*" + r.cluster(p)
	}
	switch {
	case p.route.IsHTTP():
		s.Prints = strconv.Itoa(r.status)
	case p.route.IsTLS():
		s.Exit, s.Prints = curlHandshake, "000"
	}
	if r.other != nil {
		r.other(p, &s)
	}
	return s
}

func throughGateway(p path) bool { return p.gateway() != nil }

// verifiesHost reports whether the mesh looks at the certificate of the host.
func verifiesHost(p path) bool { return p.route.Exit.TLS != nil && p.route.Exit.TLS.Unverified == "" }

// hasSubset reports whether calls leave by a subset.
func hasSubset(p path) bool { return partsOf(p.last().Log.Cluster).subset != "" }

// leavesToName reports whether the last proxy looks up where calls leave to.
func leavesToName(p path) bool {
	if p.Exit == nil || p.of.Told == ir.ByService || p.of.IsOpen() {
		return false
	}
	host, _, _ := strings.Cut(p.Exit.To[0], ":")
	return !address.IsIP(host)
}

func onHop(p path) string  { return p.sidecar().Log.Cluster }
func onward(p path) string { return p.last().Log.Cluster }

// isEnclosed reports whether the sidecar lets out nothing that is not declared.
func (p path) isEnclosed() bool {
	return p.plan.Mesh.OutboundTrafficPolicy != ir.AllowAny || p.plan.Enforce.RegistryOnly
}

func (p path) overMutualTLS() bool {
	way, ok := p.of.Way.(ir.ThroughGateway)
	return ok && way.MutualTLS
}

// isNamedTCP reports whether the handshake with the gateway refuses others.
func (p path) isNamedTCP() bool { return p.route.IsTCP() && p.of.Clients.AreNamed() }

// limitsPending reports whether few requests may wait for a connection.
func (p path) limitsPending() bool {
	policy := p.of.Onward.Policy
	if policy == nil || policy.ConnectionPool == nil || policy.ConnectionPool.HTTP == nil {
		return false
	}
	return policy.ConnectionPool.HTTP.HTTP1MaxPendingRequests > 0
}

// asWell is what curl says when nothing fails.
func asWell(p path, s *runbook.Symptom) {
	s.Exit, s.Prints = 0, runbook.Any
	if p.route.IsTCP() {
		s.Exit = curlTime
	}
}
