// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package trace

import (
	"fmt"
	"regexp"
	"strings"

	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcher "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
)

// matchString evaluates Envoy's string matcher.
func matchString(m *matcher.StringMatcher, s string) (bool, error) {
	fold := func(s string) string {
		if m.GetIgnoreCase() {
			return strings.ToLower(s)
		}
		return s
	}
	switch p := m.GetMatchPattern().(type) {
	case *matcher.StringMatcher_Exact:
		return fold(s) == fold(p.Exact), nil
	case *matcher.StringMatcher_Prefix:
		return strings.HasPrefix(fold(s), fold(p.Prefix)), nil
	case *matcher.StringMatcher_Suffix:
		return strings.HasSuffix(fold(s), fold(p.Suffix)), nil
	case *matcher.StringMatcher_Contains:
		return strings.Contains(fold(s), fold(p.Contains)), nil
	case *matcher.StringMatcher_SafeRegex:
		return matchRegex(p.SafeRegex, s)
	default:
		return false, fmt.Errorf("string matcher %T is not supported", p)
	}
}

// matchRegex reports whether the whole string matches, as Envoy wants it.
func matchRegex(m *matcher.RegexMatcher, s string) (bool, error) {
	re, err := regexp.Compile("^(?:" + m.GetRegex() + ")$")
	if err != nil {
		return false, err
	}
	return re.MatchString(s), nil
}

// header returns a header of the request.
func (r *request) header(name string) (string, bool) {
	switch strings.ToLower(name) {
	case ":authority", "host":
		return r.authority, true
	case ":method":
		return r.method, true
	case ":path":
		return r.path, true
	default:
		value, ok := r.headers[strings.ToLower(name)]
		return value, ok
	}
}

func matchHeader(m *route.HeaderMatcher, r *request) (bool, error) {
	value, present := r.header(m.GetName())
	switch s := m.GetHeaderMatchSpecifier().(type) {
	case *route.HeaderMatcher_PresentMatch:
		return (present == s.PresentMatch) != m.GetInvertMatch(), nil
	case *route.HeaderMatcher_StringMatch:
		if !present && !m.GetTreatMissingHeaderAsEmpty() {
			return m.GetInvertMatch(), nil
		}
		ok, err := matchString(s.StringMatch, value)
		return ok != m.GetInvertMatch(), err
	default:
		return false, fmt.Errorf("header matcher %T is not supported", s)
	}
}

// pathOnly is the path of a request without its query.
func (r *request) pathOnly() string {
	path, _, _ := strings.Cut(r.path, "?")
	return path
}
