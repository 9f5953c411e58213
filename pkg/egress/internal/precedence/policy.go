// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package precedence

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/neighbor"
)

// A Call is what arrives at a gateway, as its policies see it.
type Call struct {
	Ports     []int  // of the container: one, or all that it may be where nobody stated it
	SNI       string // empty: none
	Authority string // of a request; empty for a connection of bytes
	// Identified says whether the hop is mutual TLS, without which nobody knows who calls.
	Identified             bool
	TrustDomain, Namespace string
	Account                string // empty: any of the namespace
}

func (c Call) isRequest() bool { return c.Authority != "" }

// An Answer says whether a rule of an AuthorizationPolicy is for a call.
type Answer int

// The answers: Maybe depends on what no plan knows.
const (
	No Answer = iota
	Maybe
	Yes
)

func answer(yes bool) Answer {
	if yes {
		return Yes
	}
	return No
}

// Not returns the answer to the opposite question.
func (a Answer) Not() Answer { return Yes - a }

// anyOf returns the surest answer for one of several, and Yes if there are none to fulfil.
func anyOf[T any](all []T, ask func(T) Answer) Answer {
	best := answer(len(all) == 0)
	for _, one := range all {
		best = max(best, ask(one))
	}
	return best
}

// IsMatched reports whether a rule of a policy is for a call.
func (c Call) IsMatched(policy neighbor.Object) Answer {
	best := No
	for _, r := range policy.Spec.Rules {
		best = max(best, c.isMatchedBy(policy, r))
	}
	return best
}

func (c Call) isMatchedBy(policy neighbor.Object, r neighbor.Rule) Answer {
	from := anyOf(r.From, func(f neighbor.Source) Answer { return c.fulfils(conditionsOf(policy, f.Source)) })
	to := anyOf(r.To, func(t neighbor.Target) Answer { return c.fulfils(conditionsOf(policy, t.Operation)) })
	when := Yes
	for _, w := range r.When {
		when = min(when, c.fulfils([]condition{{policy, w.Key, w.Values, w.NotValues}}))
	}
	return min(from, to, when)
}

// A condition is one of a rule: an attribute has one of some values, and none of others.
type condition struct {
	policy            neighbor.Object
	key               string
	values, notValues []string
}

// conditionsOf reads a source or an operation, whose fields have partners with "not" in front.
func conditionsOf(policy neighbor.Object, fields map[string][]string) []condition {
	var all []condition
	for name, values := range fields {
		if positive, negated := strings.CutPrefix(name, "not"); negated {
			all = append(all, condition{policy: policy, key: strings.ToLower(positive[:1]) + positive[1:], notValues: values})
		} else {
			all = append(all, condition{policy: policy, key: name, values: values})
		}
	}
	return all
}

func (c Call) fulfils(all []condition) Answer {
	worst := Yes
	for _, one := range all {
		worst = min(worst, c.fulfilsOne(one))
	}
	return worst
}

// fulfilsOne judges what is of requests alone as Istio does on connections: one that allows is
// left out as a whole, one that denies looks at the rest.
func (c Call) fulfilsOne(one condition) Answer {
	if !c.isRequest() && isOfRequests(one.key) {
		return answer(!Allows(one.policy))
	}
	result := Yes
	if len(one.values) > 0 {
		result = c.hasOneOf(one, one.values)
	}
	if isPort(one.key) && !Allows(one.policy) && result == Maybe {
		result = Yes // It denies the calls of an installation that nobody ruled out.
	}
	if len(one.notValues) > 0 {
		result = min(result, c.hasOneOf(one, one.notValues).Not())
	}
	return result
}

// hasOneOf reports whether an attribute of the call has one of some values.
func (c Call) hasOneOf(one condition, values []string) Answer {
	if isPort(one.key) {
		return c.isAt(values)
	}
	return anyOf(values, func(value string) Answer { return c.has(one, value) })
}

// Allows reports whether a policy denies what no such policy allows.
func Allows(policy neighbor.Object) bool { return cmp.Or(policy.Spec.Action, "ALLOW") == "ALLOW" }

func isOfRequests(key string) bool {
	return strings.HasPrefix(key, "request") || slices.Contains([]string{"hosts", "methods", "paths"}, key)
}

// has reports whether an attribute of the call has a value.
func (c Call) has(one condition, value string) Answer {
	identified := answer(c.Identified)
	switch one.key {
	case "connection.sni":
		return match(value, c.SNI)
	case "hosts":
		return match(value, c.Authority)
	case "namespaces", "source.namespace":
		return min(identified, match(value, c.Namespace))
	case "trustDomains", "source.trustDomain":
		return min(identified, match(value, c.TrustDomain))
	case "principals", "source.principal":
		return min(identified, match(value, c.TrustDomain+"/ns/"+c.Namespace+"/sa/"+cmp.Or(c.Account, "*")))
	case "serviceAccounts", "source.serviceAccount":
		return min(identified, c.isAccount(value, one.policy.Ref.Namespace))
	default:
		return Maybe
	}
}

func isPort(key string) bool { return key == "ports" || key == "destination.port" }

// isAt reports whether the call arrives at one of some ports.
func (c Call) isAt(ports []string) Answer {
	listed := 0
	for _, port := range c.Ports {
		if slices.Contains(ports, strconv.Itoa(port)) {
			listed++
		}
	}
	switch listed {
	case 0:
		return No
	case len(c.Ports):
		return Yes
	default:
		return Maybe
	}
}

func (c Call) isAccount(value, namespace string) Answer {
	if before, name, found := strings.Cut(value, "/"); found {
		namespace, value = before, name
	}
	switch {
	case namespace != c.Namespace:
		return No
	case c.Account == "":
		return Maybe
	default:
		return answer(value == c.Account)
	}
}

// match compares a text with a pattern of Istio, which may have an asterisk at one end. The text
// may have one too, for whatever stands there.
func match(pattern, text string) Answer {
	switch {
	case text == "":
		return No
	case pattern == text, matches(pattern, text):
		return Yes
	case strings.Contains(text, "*") && (matches(text, pattern) || areOpenApart(text, pattern) || areOpenApart(pattern, text)):
		return Maybe
	default:
		return No
	}
}

// areOpenApart reports whether anything may follow the one and precede the other.
func areOpenApart(a, b string) bool { return strings.HasSuffix(a, "*") && strings.HasPrefix(b, "*") }

func matches(pattern, text string) bool {
	if before, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(text, before)
	}
	return ir.Covers(pattern, text)
}
