// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"maps"
	"strings"

	security "istio.io/api/security/v1"
	selector "istio.io/api/type/v1beta1"
)

// authorizationPolicies keep everyone but the clients off the lanes of the
// bundle. They deny, and do not allow: the first policy that allows would shut
// the gateway for everything that no policy names.
//
// They look at nothing but the SNI of the hop, which tells the bundle and the
// destination. Rules with attributes of HTTP would lose them on connections, and
// deny every other user of the gateway.
// https://istio.io/latest/docs/reference/config/security/authorization-policy/
func (h *hop) authorizationPolicies() []Object {
	if len(h.snis) == 0 {
		return nil
	}
	var objects []Object
	for _, s := range shards(h.snis.keys(), itself, maxItems) {
		var rules []*security.Rule
		for _, principals := range s.items {
			rules = append(rules, deny(strings.Fields(principals), h.snis.of(principals)))
		}
		objects = append(objects, h.denyPolicy(h.objectName(s.name...), rules...))
	}
	return objects
}

// denyPolicy is for the Pods of the gateway.
func (h *hop) denyPolicy(name string, rules ...*security.Rule) Object {
	spec := &security.AuthorizationPolicy{
		Selector: &selector.WorkloadSelector{MatchLabels: maps.Clone(h.gateway.selector)},
		Action:   security.AuthorizationPolicy_DENY,
		Rules:    rules,
	}
	return newObject(kindAuthorizationPolicy, h.gateway.namespace, name, h.bundle, spec)
}

// defaultDeny keeps everyone off the gateway who does not arrive on a lane, of
// whatever bundle. What arrives on one, the policy of its bundle judges.
func (h *hop) defaultDeny() Object {
	return h.denyPolicy(h.defaultDenyName(), &security.Rule{
		When: []*security.Condition{{Key: "connection.sni", NotValues: []string{"*." + laneDomain}}},
	})
}

func (h *hop) defaultDenyName() string { return h.objectName("default-deny") }

// deny refuses everyone but some on connections with certain SNIs.
func deny(notPrincipals, snis []string) *security.Rule {
	return &security.Rule{
		From: []*security.Rule_From{{Source: &security.Source{NotPrincipals: notPrincipals}}},
		When: []*security.Condition{{Key: "connection.sni", Values: snis}},
	}
}
