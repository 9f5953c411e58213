// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package istio

import (
	"fmt"
	"maps"
	"strings"

	security "istio.io/api/security/v1"
	selector "istio.io/api/type/v1beta1"

	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/draft"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/shard"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// principals returns the identities of clients as Istio matches them.
// https://istio.io/latest/docs/reference/config/security/authorization-policy/#Source
func principals(c ir.Clients, trustDomain string) []string {
	var principals []string
	for _, namespace := range c.Namespaces {
		accounts := c.Accounts[namespace]
		if len(accounts) == 0 {
			accounts = []string{"*"}
		}
		for _, account := range accounts {
			principals = append(principals, fmt.Sprintf("%s/ns/%s/sa/%s", trustDomain, namespace, account))
		}
	}
	return principals
}

// identities returns principals as certificates name them. They are compared in full, so
// none may stand for every account of a namespace.
//
// A policy alone refuses TCP half-way. Envoy asks it at the first byte of the client; by
// then the gateway has connected to the host, and what the host says first has come back.
// https://istio.io/latest/docs/reference/config/networking/gateway/#ServerTLSSettings
func identities(principals []string) []string {
	var identities []string
	for _, p := range principals {
		identities = append(identities, "spiffe://"+p)
	}
	return identities
}

// authorizationPolicies keep everyone but the clients off the lanes of the
// bundle. They deny, and do not allow: the first policy that allows would shut
// the gateway for everything that no policy names.
//
// They look at nothing but the SNI of the hop, which tells the bundle and the
// destination. Rules with attributes of HTTP would lose them on connections, and
// deny every other user of the gateway.
// https://istio.io/latest/docs/reference/config/security/authorization-policy/
func (h *hop) authorizationPolicies() []draft.Draft {
	if len(h.snis) == 0 {
		return nil
	}
	stop := object.Stop{Gateway: h.gateway.Name, Bundle: h.bundle.String()}
	namespaces, identities := stop, stop
	namespaces.Attempt, identities.Attempt = object.OtherNamespace, object.OtherIdentity
	var drafts []draft.Draft
	for _, s := range h.policyShards() {
		policy := h.draft(h.policyRef(s.Name...), func() any {
			var rules []*security.Rule
			for _, permitted := range s.Items {
				rules = append(rules, deny(strings.Fields(permitted), h.snis.Of(permitted)))
			}
			return h.denyPolicy(rules...)
		})
		drafts = append(drafts, policy.Stopping(namespaces, identities))
	}
	return drafts
}

// policyShards returns those who are permitted anything, each of them as one text, by
// AuthorizationPolicy.
func (h *hop) policyShards() []shard.Shard[string] { return shard.Split(h.snis.Keys()) }

// defaultDeny keeps everyone off the gateway who does not arrive on a lane, of
// whatever bundle. What arrives on one, the policy of its bundle judges.
func (h *hop) defaultDeny() draft.Draft {
	spec := func() any {
		return h.denyPolicy(&security.Rule{
			When: []*security.Condition{{Key: "connection.sni", NotValues: []string{"*." + ir.ReservedDomain}}},
		})
	}
	policy := draft.OfBundle(h.bundle, field.Enforce.Child("authorization"), h.policyRef("default-deny"), spec)
	return policy.Stopping(object.Stop{Attempt: object.UnlistedRoute, Gateway: h.gateway.Name})
}

func (h *hop) policyRef(parts ...string) diag.ObjectRef {
	return diag.ObjectRef{Kind: kind.AuthorizationPolicy, Namespace: h.gateway.Namespace, Name: h.objectName(parts...)}
}

// denyPolicy is for the Pods of the gateway.
func (h *hop) denyPolicy(rules ...*security.Rule) *security.AuthorizationPolicy {
	return &security.AuthorizationPolicy{
		Selector: &selector.WorkloadSelector{MatchLabels: maps.Clone(h.gateway.Selector)},
		Action:   security.AuthorizationPolicy_DENY,
		Rules:    rules,
	}
}

// deny refuses everyone but some on connections with certain SNIs.
func deny(notPrincipals, snis []string) *security.Rule {
	return &security.Rule{
		From: []*security.Rule_From{{Source: &security.Source{NotPrincipals: notPrincipals}}},
		When: []*security.Condition{{Key: "connection.sni", Values: snis}},
	}
}
