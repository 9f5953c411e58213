// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"cmp"
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/schema"
)

// A portPlanner is where a pattern reports what is wrong with its port.
type portPlanner struct {
	planner *planner
	path    string // of the port
	via     Via
	number  int
}

// reportf adds a diagnostic for a field of the port.
func (p *portPlanner) reportf(code Code, field, format string, args ...any) {
	p.planner.reportf(code, schema.Child(p.path, field), format, args...)
}

// checkPlainHTTP judges what patterns have in common whose application speaks
// plain HTTP.
func (p *portPlanner) checkPlainHTTP(retries *Retries) {
	if p.number == 443 {
		p.reportf(PlainHTTPOn443, "port", "must not be 443 where the application speaks plain HTTP: sidecars would take all HTTPS of their workloads for plain HTTP and break it; use port 80, or TLSPassthrough for an application that opens TLS itself")
	}
	if retries != nil && retries.Attempts == 0 && (retries.PerTryTimeout != 0 || len(retries.RetryOn) > 0) {
		p.reportf(RetriesOff, "retries", "must not have perTryTimeout or retryOn with `attempts: 0`, which turns retries off; remove them, or set attempts to 1 or more")
	}
}

// routes lets the pattern of each port plan it.
func (p *planner) routes(path string, via Via, from []Port) []route {
	if len(from) == 0 {
		from = []Port{{Number: 443, Pattern: &TLSPassthrough{}}}
	}
	path = schema.Child(path, "ports")
	if len(from) > maxItems {
		p.reportf(InvalidValue, path, "must have at most %d ports, got %d; that is what a ServiceEntry holds", maxItems, len(from))
	}
	var routes []route
	for i, port := range from {
		at := schema.Item(path, i)
		if slices.ContainsFunc(routes, func(r route) bool { return r.port == port.Number }) {
			p.reportf(DuplicatePort, schema.Child(at, "port"), "must stand only once in the list, got %d again; one port has one pattern", port.Number)
			continue
		}
		r := port.Pattern.route(&portPlanner{p, at, via, port.Number})
		r.port = port.Number
		routes = append(routes, r)
	}
	slices.SortFunc(routes, func(a, b route) int { return cmp.Compare(a.port, b.port) })
	return routes
}
