// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package istio

import (
	networking "istio.io/api/networking/v1"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/draft"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// sidecars restrict the proxies of the client namespaces. They say nothing of a
// single bundle: what stands in the namespace itself belongs to its bundles, and
// what leads to a gateway is shown to the clients of a bundle only.
func sidecars(p *ir.Plan) []draft.Draft {
	if !p.Enforce.RegistryOnly {
		return nil
	}
	var drafts []draft.Draft
	for _, client := range p.Clients.Namespaces {
		ref := diag.ObjectRef{Kind: kind.Sidecar, Namespace: client, Name: object.NameOfSidecars}
		sidecar := draft.OfNamespace(ref, func() any {
			return &networking.Sidecar{
				Egress:                []*networking.IstioEgressListener{{Hosts: imports(p, client)}},
				OutboundTrafficPolicy: &networking.OutboundTrafficPolicy{Mode: networking.OutboundTrafficPolicy_REGISTRY_ONLY},
			}
		})
		drafts = append(drafts, sidecar.Stopping(object.Stop{Attempt: object.DirectIP, From: client}))
	}
	return drafts
}

// imports are what the proxies of a namespace know, as NAMESPACE/HOST.
func imports(p *ir.Plan, client string) []string {
	imports := []string{"./*"}
	if p.Enforce.ClusterTraffic == api.ClusterTrafficAllow {
		imports = append(imports, "*/*.svc."+p.Mesh.ClusterDomain)
	}
	for _, namespace := range p.GatewayNamespaces(client) {
		imports = append(imports, namespace+"/*")
	}
	return imports
}
