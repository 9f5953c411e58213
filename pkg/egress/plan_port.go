// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/schema"
)

// A portPlanner is where a pattern reports what is wrong with its port.
type portPlanner struct {
	planner     *planner
	path        string // of the port, or of the list that has none
	destination Destination
	way         way
	number      int
}

// reportf adds an error for a field of the port.
func (p *portPlanner) reportf(code Code, field, format string, args ...any) {
	p.planner.reportf(code, p.field(field), format, args...)
}

// warnf adds a warning for a field of the port.
func (p *portPlanner) warnf(code Code, field, format string, args ...any) {
	p.planner.warnf(code, p.field(field), format, args...)
}

// field leads to a field of the port, and to the list of ports if that is empty.
func (p *portPlanner) field(name string) string {
	if len(p.destination.Ports) == 0 {
		return p.path
	}
	return schema.Child(p.path, name)
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
	if p.way.proxy != nil {
		p.reportf(ForwardProxyConflict, "pattern", "must be TLSPassthrough or TCP where a forwardProxy leads to the host: Istio tunnels connections, and no requests; let the application open TLS, and use TLSPassthrough")
	}
}

// checkAllow refuses limits of requests where nothing but the caller's own proxy
// would keep them.
func (p *portPlanner) checkAllow(allow []AllowedRequest) {
	if len(allow) > 0 && p.way.gateway == nil {
		p.reportf(NeedsGateway, "allow", "must not be set with `via: Sidecar`: nothing checks requests there but the proxy of who sends them; remove it, or use `via: Gateway`")
	}
	for i, r := range allow {
		if len(r.Methods)+len(r.Paths) == 0 {
			p.planner.reportf(MissingField, schema.Item(p.field("allow"), i), "must have methods or paths, such as {methods: [GET]}; without them it is every request, as without allow")
		}
	}
}

func joinInts(numbers []int) string {
	var texts []string
	for _, n := range numbers {
		texts = append(texts, strconv.Itoa(n))
	}
	return strings.Join(texts, ", ")
}

// routes lets the pattern of each port plan it.
func (p *planner) routes(path string, w way, from Destination) []route {
	ports := from.Ports
	if len(ports) == 0 {
		ports = []Port{{Number: 443, Pattern: &TLSPassthrough{}}}
	}
	path = schema.Child(path, "ports")
	if len(ports) > maxItems {
		p.reportf(InvalidValue, path, "must have at most %d ports, got %d; that is what a ServiceEntry holds", maxItems, len(ports))
	}
	var routes []route
	for i, port := range ports {
		at := path
		if len(from.Ports) > 0 {
			at = schema.Item(path, i)
		}
		if routeAt(routes, port.Number) != nil {
			p.reportf(DuplicatePort, schema.Child(at, "port"), "must stand only once in the list, got %d again; one port has one pattern", port.Number)
			continue
		}
		r := port.Pattern.route(&portPlanner{p, at, from, w, port.Number})
		r.port = port.Number
		routes = append(routes, r)
	}
	slices.SortFunc(routes, func(a, b route) int { return cmp.Compare(a.port, b.port) })
	return routes
}
