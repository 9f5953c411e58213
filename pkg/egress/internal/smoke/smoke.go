// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package smoke makes Jobs that try on a cluster what explanations say of calls.
package smoke

import (
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/egressbundle/egressbundle/pkg/egress/explain"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// An Explainer says what becomes of a call.
type Explainer func(explain.Call) (explain.Explanation, error)

// Objects returns Jobs that try calls, each from the workload that it is for, with the
// ConfigMaps that the Jobs read. They keep the order of the calls.
func Objects(plans []*ir.Plan, calls []explain.Call, explainer Explainer, options Options) ([]object.Object, error) {
	t := trial{named: named(plans), explain: explainer}
	lines := map[identity][]string{}
	var identities []identity
	for _, call := range calls {
		line, err := t.line(call)
		if err != nil {
			return nil, err
		}
		of := identityOf(call)
		if lines[of] == nil {
			identities = append(identities, of)
		}
		lines[of] = append(lines[of], line)
	}
	var objects []object.Object
	for _, of := range identities {
		objects = append(objects, of.objects(lines[of], options)...)
	}
	return objects, nil
}

// A trial knows what can be tried.
type trial struct {
	named   map[string]bool
	explain Explainer
}

// named returns the hosts and addresses that bundles name, each by itself.
func named(plans []*ir.Plan) map[string]bool {
	names := map[string]bool{}
	for _, p := range plans {
		for _, d := range p.Destinations {
			for _, h := range d.Hosts {
				names[h.Name] = true
			}
			for _, a := range d.Addresses {
				names[a.Text] = true
			}
		}
	}
	return names
}

// What must become of a call, as the script has it.
const (
	mustPass = "passes"
	mustStop = "stopped"
	untried  = "untried"
)

// line returns what the script reads of a call.
func (t trial) line(call explain.Call) (string, error) {
	e, err := t.explain(call)
	if err != nil {
		return "", err
	}
	sent, err := t.sent(e)
	if err != nil {
		return "", err
	}
	if why := t.whyNot(e, sent); why != "" {
		return lineOf(untried, call, why), nil
	}
	if e.Verdict == explain.Passes {
		return lineOf(mustPass, call, wayOf(sent)), nil
	}
	return lineOf(mustStop, call, namesOf(sent.Stop.By)), nil
}

// sent explains the call that the script makes in place of another.
func (t trial) sent(e explain.Explanation) (explain.Explanation, error) {
	if !isRequest(e.Call) || e.Call.Method == methodHead {
		return e, nil
	}
	call := e.Call
	call.Method = methodHead
	return t.explain(call)
}

const methodHead = "HEAD"

func isRequest(call explain.Call) bool { return strings.HasPrefix(call.URL, "http://") }

// whyNot returns why a call is not tried, or nothing if what is sent in its place is told by
// how that ends.
func (t trial) whyNot(e, sent explain.Explanation) string {
	switch {
	case !t.named[hostOf(e.Call.URL)]:
		return "it is one of those that a wildcard or a range stands for; bundles do not name it"
	case e.Verdict == explain.Open:
		return "no bundle lets it pass, and nothing stops it"
	case e.Verdict == explain.Unknown:
		return "an object of somebody else decides"
	case sent.Verdict != e.Verdict:
		return "only HEAD is sent, and another method is allowed"
	case isStoppedLate(e):
		return namesOf(e.Stop.By) + " decides when the client speaks, and it does not"
	default:
		return ""
	}
}

// hostOf returns the host of a URL. It is empty if there is none.
func hostOf(text string) string {
	scheme, rest, _ := strings.Cut(text, "://")
	host, _, _ := strings.Cut(rest, "/")
	u, err := url.Parse(scheme + "://" + host)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// isStoppedLate reports whether a connection stays open until the client speaks.
func isStoppedLate(e explain.Explanation) bool {
	return strings.HasPrefix(e.Call.URL, "tcp://") && e.Stop != nil &&
		slices.ContainsFunc(e.Stop.By, func(o explain.Object) bool { return o.Ref.Kind == kind.AuthorizationPolicy })
}

// wayOf names the objects that lead a call.
func wayOf(e explain.Explanation) string {
	var objects []explain.Object
	for _, hop := range e.Hops {
		objects = append(objects, hop.Objects...)
	}
	return namesOf(objects)
}

func namesOf(objects []explain.Object) string {
	var names []string
	for _, o := range objects {
		names = append(names, o.Ref.String())
	}
	return strings.Join(names, ", ")
}

// lineOf writes a line. Whatever its parts hold, they do not end it.
func lineOf(must string, call explain.Call, why string) string {
	return must + " " + strings.Join(strings.FieldsFunc(call.URL, breaks), "") + " " + strings.Join(strings.FieldsFunc(why, breaks), " ")
}

func breaks(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }
