// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package istio

import (
	"fmt"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/name"
)

// httpCarrier leads requests, by their authority.
type httpCarrier struct{}

func (httpCarrier) laneKind(d *ir.Destination, _ ir.Host) string {
	if d.Narrowed {
		return laneClosed
	}
	return laneHTTP
}

// cross shares servers and subsets with all who have the same clients: the gateway tells
// requests apart by authority, and a server knows no request of another branch.
func (httpCarrier) cross(l lane) crossing {
	s := server{port: l.way.EntryPort(l.route), host: "*." + l.branch}
	if !l.way.MutualTLS {
		s.name, s.protocol = name.Label(l.branchName("http")...), "HTTP"
		return crossing{server: s, subset: plainSubset(l.destination)}
	}
	s.name, s.protocol, s.tls = name.Label(l.branchName("http-mutual-tls")...), "HTTPS", mutualTLS
	version := "http"
	if l.route.IsHTTP2() {
		version = "http2"
	}
	return crossing{server: s, subset: subset{
		name:  subsetName(l.destination, l.branchName(version)...),
		sni:   "mesh." + l.branch,
		http2: l.route.IsHTTP2(),
	}}
}

func (httpCarrier) addHopRoute(spec *networking.VirtualService, l lane) {
	route := &networking.HTTPRoute{
		Match:   []*networking.HTTPMatchRequest{{Port: uint32(l.route.Port)}},
		Rewrite: &networking.HTTPRewrite{Authority: l.name},
		Route:   []*networking.HTTPRouteDestination{{Destination: l.to()}},
	}
	if l.route.IsHTTP2() {
		route.Retries = hopRetries()
	}
	spec.Http = append(spec.Http, route)
}

// hopRetries are Istio's default without what an answer of gRPC says: who sends requests out repeats
// them for that, and not each proxy on the way.
// https://istio.io/latest/docs/concepts/traffic-management/#retries
func hopRetries() *networking.HTTPRetry {
	return &networking.HTTPRetry{Attempts: 2, RetryOn: "connect-failure,refused-stream"}
}

func (httpCarrier) addExitRoute(spec *networking.VirtualService, l lane) {
	for i, matches := range matchesOf(l) {
		if len(matches) == 0 {
			continue // None of them may pass, or they have a route already.
		}
		shape := l.route.Exit.Shapes[i]
		route := httpRoute(shape, l.onward())
		route.Match = matches
		route.Rewrite = rewrite(shape, l.route.AuthorityAs(l.host.Outside, shape))
		route.Headers = headers(l.destination, shape, slices.Concat(addedByProxies, addedByGateways)...)
		spec.Http = append(spec.Http, route)
	}
	if len(l.route.Exit.Allow) > 0 {
		spec.Http = append(spec.Http, refusal(l))
	}
}

// needsSidecarRoute is always true: a route takes away what sidecars add to requests.
func (httpCarrier) needsSidecarRoute(*ir.Destination, ir.Host, ir.Route) bool { return true }

func (httpCarrier) addSidecarRoute(spec *networking.VirtualService, d *ir.Destination, h ir.Host, r ir.Route) {
	for _, shape := range r.Exit.Shapes {
		route := httpRoute(shape, exitTo(h.Name, d, r))
		route.Match = []*networking.HTTPMatchRequest{{Port: uint32(r.Port), Uri: pathMatch(shape.Path)}}
		route.Headers = headers(d, shape, slices.Clone(addedByProxies)...)
		authority := ""
		if d.Renames(h, r, shape) {
			authority = r.AuthorityAs(h.Outside, shape)
		}
		route.Rewrite = rewrite(shape, authority)
		spec.Http = append(spec.Http, route)
	}
}

// httpRoute returns a route with the time limits, the retries and the faults of a shape.
func httpRoute(s ir.Shape, to *networking.Destination) *networking.HTTPRoute {
	route := &networking.HTTPRoute{
		Fault:   fault(s.Fault),
		Route:   []*networking.HTTPRouteDestination{{Destination: to}},
		Timeout: duration(s.Timeout),
	}
	if s.Retries != nil {
		route.Retries = &networking.HTTPRetry{
			Attempts:      int32(s.Retries.Attempts),
			PerTryTimeout: duration(s.Retries.PerTryTimeout),
			RetryOn:       strings.Join(s.Retries.RetryOn, ","),
		}
	}
	return route
}

// matchesOf returns what requests a lane is for, by the shapes of its route: those of its name
// on the port of the gateway, and where there are descriptions of requests, of these only. What
// several shapes or descriptions have in common stands at the first, which is the most exact:
// Istio warns of matches that repeat another.
func matchesOf(l lane) [][]*networking.HTTPMatchRequest {
	all := make([][]*networking.HTTPMatchRequest, len(l.route.Exit.Shapes))
	known := map[request]bool{}
	for i, shape := range l.route.Exit.Shapes {
		for _, r := range requestsOf(l.route.Exit.Allow, shape.Path) {
			if !known[r] {
				known[r] = true
				match := requestsAt(l, r.path)
				match.Method = exactMatch(r.method)
				all[i] = append(all[i], match)
			}
		}
	}
	return all
}

// A request has a method, or any if that is empty, and a path that may stand for several.
type request struct{ method, path string }

// requestsOf returns the requests of a path that may pass.
func requestsOf(allow []api.AllowedRequest, path string) []request {
	if len(allow) == 0 {
		return []request{{path: path}}
	}
	var requests []request
	for _, allowed := range allow {
		for _, allowedPath := range orAny(allowed.Paths, ir.EveryPath) {
			common, ok := ir.CommonPath(allowedPath, path)
			if !ok {
				continue
			}
			for _, method := range orAny(allowed.Methods, "") {
				requests = append(requests, request{method, common})
			}
		}
	}
	return requests
}

func requestsAt(l lane, path string) *networking.HTTPMatchRequest {
	match := anyRequest(l)
	match.Uri = pathMatch(path)
	return match
}

func anyRequest(l lane) *networking.HTTPMatchRequest {
	return &networking.HTTPMatchRequest{Authority: exactMatch(l.name), Port: uint32(l.crossing.server.port)}
}

// orAny returns what stands for any text where there is none.
func orAny(texts []string, anyText string) []string {
	if len(texts) == 0 {
		return []string{anyText}
	}
	return texts
}

func pathMatch(path string) *networking.StringMatch {
	if path == ir.EveryPath {
		return nil
	}
	if prefix, ok := strings.CutSuffix(path, "*"); ok {
		return &networking.StringMatch{MatchType: &networking.StringMatch_Prefix{Prefix: prefix}}
	}
	return exactMatch(path)
}

func exactMatch(text string) *networking.StringMatch {
	if text == "" {
		return nil
	}
	return &networking.StringMatch{MatchType: &networking.StringMatch_Exact{Exact: text}}
}

// forbidden is the status of a request that is understood and refused (RFC 9110,
// section 15.5.4).
const forbidden = 403

// refusal answers what no description of requests is for. A policy could not: of
// those that deny, none can say "neither of two", and one that allows shuts the
// gateway for everybody else.
func refusal(l lane) *networking.HTTPRoute {
	body := fmt.Sprintf("EgressBundle %s does not allow this request.\n", l.destination.Bundle)
	return &networking.HTTPRoute{
		Match: []*networking.HTTPMatchRequest{anyRequest(l)},
		DirectResponse: &networking.HTTPDirectResponse{
			Status: forbidden,
			Body:   &networking.HTTPBody{Specifier: &networking.HTTPBody_String_{String_: body}},
		},
	}
}
