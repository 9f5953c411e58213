// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package trace

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	rbac "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	matcher "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
)

// A subject is what an RBAC filter knows of a connection or a request. It evaluates the matchers that Istio makes out
// of AuthorizationPolicies, and fails on others.
type subject struct {
	identity            string // SPIFFE ID of the peer; empty without mutual TLS
	serverName          string
	request             *request // nil in a network filter
	source, destination netip.AddrPort
}

// authorize returns an error if the rules refuse the subject.
func (s subject) authorize(rules *rbac.RBAC) error {
	if rules == nil {
		return nil
	}
	policy, err := s.firstMatch(rules.GetPolicies())
	if err != nil {
		return err
	}
	switch rules.GetAction() {
	case rbac.RBAC_ALLOW:
		if policy == "" {
			return blockedf("403 RBAC: no policy allows it")
		}
	case rbac.RBAC_DENY:
		if policy != "" {
			return blockedf("403 RBAC: denied by %s", policy)
		}
	case rbac.RBAC_LOG:
	default:
		return fmt.Errorf("RBAC action %v is not supported", rules.GetAction())
	}
	return nil
}

func (s subject) firstMatch(policies map[string]*rbac.Policy) (string, error) {
	for _, name := range slices.Sorted(maps.Keys(policies)) {
		p := policies[name]
		if p.GetCondition() != nil || p.GetCheckedCondition() != nil {
			return "", fmt.Errorf("RBAC policy %s: conditions are not supported", name)
		}
		permitted, err := anyOf(p.GetPermissions(), s.permits)
		if err != nil {
			return "", fmt.Errorf("RBAC policy %s: %w", name, err)
		}
		identified, err := anyOf(p.GetPrincipals(), s.is)
		if err != nil {
			return "", fmt.Errorf("RBAC policy %s: %w", name, err)
		}
		if permitted && identified {
			return name, nil
		}
	}
	return "", nil
}

// anyOf evaluates every rule, so that one which is not supported is always found.
func anyOf[T any](rules []T, match func(T) (bool, error)) (bool, error) {
	found := false
	for _, r := range rules {
		ok, err := match(r)
		if err != nil {
			return false, err
		}
		found = found || ok
	}
	return found, nil
}

func allOf[T any](rules []T, match func(T) (bool, error)) (bool, error) {
	unmatched, err := anyOf(rules, func(r T) (bool, error) {
		ok, err := match(r)
		return !ok, err
	})
	return !unmatched, err
}

func (s subject) permits(p *rbac.Permission) (bool, error) {
	switch r := p.GetRule().(type) {
	case *rbac.Permission_Any:
		return r.Any, nil
	case *rbac.Permission_AndRules:
		return allOf(r.AndRules.GetRules(), s.permits)
	case *rbac.Permission_OrRules:
		return anyOf(r.OrRules.GetRules(), s.permits)
	case *rbac.Permission_NotRule:
		ok, err := s.permits(r.NotRule)
		return !ok, err
	case *rbac.Permission_DestinationPort:
		return r.DestinationPort == uint32(s.destination.Port()), nil
	case *rbac.Permission_DestinationIp:
		return contains(r.DestinationIp, s.destination.Addr()), nil
	case *rbac.Permission_RequestedServerName:
		return matchString(r.RequestedServerName, s.serverName)
	case *rbac.Permission_Header:
		if s.request == nil {
			return false, errors.New("a network filter cannot match headers")
		}
		return matchHeader(r.Header, s.request)
	case *rbac.Permission_UrlPath:
		return s.matchPath(r.UrlPath)
	default:
		return false, fmt.Errorf("permission %T is not supported", r)
	}
}

func (s subject) is(p *rbac.Principal) (bool, error) {
	switch id := p.GetIdentifier().(type) {
	case *rbac.Principal_Any:
		return id.Any, nil
	case *rbac.Principal_AndIds:
		return allOf(id.AndIds.GetIds(), s.is)
	case *rbac.Principal_OrIds:
		return anyOf(id.OrIds.GetIds(), s.is)
	case *rbac.Principal_NotId:
		ok, err := s.is(id.NotId)
		return !ok, err
	case *rbac.Principal_Authenticated_:
		return s.matchIdentity(id.Authenticated.GetPrincipalName())
	case *rbac.Principal_FilterState:
		if key := id.FilterState.GetKey(); key != "io.istio.peer_principal" {
			return false, fmt.Errorf("filter state %s is not supported", key)
		}
		return s.matchIdentity(id.FilterState.GetStringMatch())
	case *rbac.Principal_DirectRemoteIp:
		return contains(id.DirectRemoteIp, s.source.Addr()), nil
	case *rbac.Principal_RemoteIp:
		return contains(id.RemoteIp, s.source.Addr()), nil
	default:
		return false, fmt.Errorf("principal %T is not supported", id)
	}
}

// matchIdentity matches nobody without mutual TLS. No matcher at all means anybody who has an identity.
func (s subject) matchIdentity(m *matcher.StringMatcher) (bool, error) {
	if s.identity == "" || m == nil {
		return s.identity != "", nil
	}
	return matchString(m, s.identity)
}

func (s subject) matchPath(m *matcher.PathMatcher) (bool, error) {
	if s.request == nil {
		return false, errors.New("a network filter cannot match paths")
	}
	return matchString(m.GetPath(), s.request.pathOnly())
}
