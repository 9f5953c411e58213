// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package trace

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strings"

	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
)

// matchVirtualHost picks the virtual host of a Host header as Envoy does: exact, then the longest "*.suffix", then the
// longest "prefix.*", then "*".
func matchVirtualHost(rc *route.RouteConfiguration, authority string) *route.VirtualHost {
	host := strings.ToLower(authority)
	if rc.GetIgnorePortInHostMatching() {
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
	}
	var found *route.VirtualHost
	best := 0
	for _, vh := range rc.GetVirtualHosts() {
		for _, domain := range vh.GetDomains() {
			if r := rankDomain(strings.ToLower(domain), host); r > best {
				best, found = r, vh
			}
		}
	}
	return found
}

// rankDomain is positive if the domain matches, and the higher the more specific it is. Domains are shorter than 256.
func rankDomain(domain, host string) int {
	switch {
	case domain == host:
		return 1024
	case domain == "*":
		return 1
	case strings.HasPrefix(domain, "*") && len(host) >= len(domain) && strings.HasSuffix(host, domain[1:]):
		return 512 + len(domain)
	case strings.HasSuffix(domain, "*") && len(host) >= len(domain) && strings.HasPrefix(host, domain[:len(domain)-1]):
		return 256 + len(domain)
	default:
		return 0
	}
}

// matchRoute returns the first route that takes the request.
func matchRoute(vh *route.VirtualHost, r *request) (*route.Route, error) {
	for _, candidate := range vh.GetRoutes() {
		ok, err := takes(candidate.GetMatch(), r)
		if err != nil {
			return nil, fmt.Errorf("virtual host %s: %w", vh.GetName(), err)
		}
		if ok {
			return candidate, nil
		}
	}
	return nil, blockedf("%d no route in virtual host %s", http.StatusNotFound, vh.GetName())
}

func takes(m *route.RouteMatch, r *request) (bool, error) {
	if len(m.GetQueryParameters())+len(m.GetDynamicMetadata())+len(m.GetFilterState())+len(m.GetCookies()) > 0 ||
		m.GetGrpc() != nil || m.GetTlsContext() != nil || m.GetRuntimeFraction() != nil {
		return false, fmt.Errorf("route match %v is not supported", m)
	}
	ok, err := takesPath(m, r.pathOnly())
	for _, h := range m.GetHeaders() {
		if !ok || err != nil {
			break
		}
		ok, err = matchHeader(h, r)
	}
	return ok, err
}

func takesPath(m *route.RouteMatch, path string) (bool, error) {
	fold := func(s string) string {
		if m.GetCaseSensitive() != nil && !m.GetCaseSensitive().GetValue() {
			return strings.ToLower(s)
		}
		return s
	}
	switch p := m.GetPathSpecifier().(type) {
	case *route.RouteMatch_Prefix:
		return strings.HasPrefix(fold(path), fold(p.Prefix)), nil
	case *route.RouteMatch_Path:
		return fold(path) == fold(p.Path), nil
	case *route.RouteMatch_PathSeparatedPrefix:
		rest, ok := strings.CutPrefix(fold(path), fold(p.PathSeparatedPrefix))
		return ok && (rest == "" || rest[0] == '/'), nil
	case *route.RouteMatch_SafeRegex:
		return matchRegex(p.SafeRegex, path)
	default:
		return false, fmt.Errorf("path specifier %T is not supported", p)
	}
}

// follow returns the cluster that a route leads to, and the request as the route rewrites it.
func follow(rt *route.Route, r *request) (cluster string, rewritten *request, err error) {
	switch action := rt.GetAction().(type) {
	case *route.Route_DirectResponse:
		return "", nil, blockedf("%d %s", action.DirectResponse.GetStatus(), cmp.Or(rt.GetName(), "direct response"))
	case *route.Route_Redirect:
		return "", nil, blockedf("%d redirect", http.StatusMovedPermanently)
	case *route.Route_Route:
		if action.Route.GetCluster() == "" {
			return "", nil, fmt.Errorf("cluster specifier %T is not supported", action.Route.GetClusterSpecifier())
		}
		if len(action.Route.GetRequestMirrorPolicies()) > 0 {
			return "", nil, errors.New("mirrors are not supported")
		}
		rewritten, err = rewrite(action.Route, *r)
		if err != nil {
			return "", nil, err
		}
		rewritten.headers, err = changeHeaders(r.headers, rt.GetRequestHeadersToRemove(), rt.GetRequestHeadersToAdd())
		return action.Route.GetCluster(), rewritten, err
	default:
		return "", nil, fmt.Errorf("route action %T is not supported", action)
	}
}

func rewrite(a *route.RouteAction, r request) (*request, error) {
	switch h := a.GetHostRewriteSpecifier().(type) {
	case nil:
	case *route.RouteAction_HostRewriteLiteral:
		r.authority = h.HostRewriteLiteral
	default:
		return nil, fmt.Errorf("host rewrite %T is not supported", h)
	}
	if a.GetPrefixRewrite() != "" || a.GetPathRewritePolicy() != nil {
		return nil, errors.New("path rewrite of this kind is not supported")
	}
	if rewrite := a.GetRegexRewrite(); rewrite != nil {
		pattern, err := regexp.Compile(rewrite.GetPattern().GetRegex())
		if err != nil || strings.Contains(rewrite.GetSubstitution(), `\`) {
			return nil, fmt.Errorf("path rewrite %v is not supported", rewrite)
		}
		path, query, asks := strings.Cut(r.path, "?")
		r.path, r.rewritten = pattern.ReplaceAllLiteralString(path, rewrite.GetSubstitution()), true
		if asks {
			r.path += "?" + query
		}
	}
	return &r, nil
}

// retries returns the retry policy of a route action.
func retries(a *route.RouteAction) Retries {
	p := a.GetRetryPolicy()
	if p == nil {
		return Retries{}
	}
	return Retries{
		Attempts:      p.GetNumRetries().GetValue(),
		PerTryTimeout: p.GetPerTryTimeout().AsDuration(),
		On:            p.GetRetryOn(),
	}
}
