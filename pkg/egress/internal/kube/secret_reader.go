// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/draft"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
)

// secretReaders let a gateway that is deployed here have the Secrets that the
// bundle opens TLS with: the control plane, which sends them, asks whether its
// account may list the Secrets of the namespace.
func secretReaders(p *ir.Plan, g *ir.Gateway) []draft.Draft {
	if !g.Deployed || !usesSecrets(p, g) {
		return nil
	}
	name := draft.NameOfBundle(p.Bundle, g.Name, "secrets")
	of := func(kindName string, spec func() any) draft.Draft {
		return draft.OfHop(p.Bundle, g, diag.ObjectRef{Kind: kindName, Namespace: g.Namespace, Name: name}, spec)
	}
	role := func() any {
		return &rbacv1.Role{Rules: []rbacv1.PolicyRule{{
			APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"list"},
		}}}
	}
	binding := func() any {
		return &rbacv1.RoleBinding{
			RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: kind.Role, Name: name},
			Subjects: []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: g.Service, Namespace: g.Namespace}},
		}
	}
	return []draft.Draft{of(kind.Role, role), of(kind.RoleBinding, binding)}
}

func usesSecrets(p *ir.Plan, g *ir.Gateway) bool {
	for _, d := range p.Through(g) {
		if d.Has(ir.Route.UsesSecret) {
			return true
		}
	}
	return false
}
