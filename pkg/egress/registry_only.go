// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"maps"
	"slices"

	networking "istio.io/api/networking/v1"
)

// sidecarName is the name of every Sidecar. Istio takes one without a selector for
// a namespace, and of several the oldest; so all bundles make the same one. It is
// not called default, as those are that people write.
const sidecarName = ManagedBy

// sidecars restrict the proxies of the client namespaces. They say nothing of a
// single bundle: what stands in the namespace itself belongs to its bundles, and
// what leads to a gateway is shown to the clients of a bundle only.
func (p *planner) sidecars() []Object {
	if !p.enforce.RegistryOnly {
		return nil
	}
	var objects []Object
	for _, client := range p.clients.namespaces {
		spec := &networking.Sidecar{
			Egress:                []*networking.IstioEgressListener{{Hosts: p.imports(client)}},
			OutboundTrafficPolicy: &networking.OutboundTrafficPolicy{Mode: networking.OutboundTrafficPolicy_REGISTRY_ONLY},
		}
		objects = append(objects, sharedObject(kindSidecar, client, sidecarName, spec))
	}
	return objects
}

// imports are what the proxies of a namespace know, as NAMESPACE/HOST.
func (p *planner) imports(client string) []string { return p.importsWith(client, p.mesh) }

// importsWith are the imports of a mesh with other gateways.
func (p *planner) importsWith(client string, mesh Mesh) []string {
	namespaces := map[string]bool{}
	for _, g := range mesh.Gateways {
		if g.Namespace != client {
			namespaces[g.Namespace] = true
		}
	}
	imports := []string{"./*"}
	if p.enforce.ClusterTraffic == ClusterTrafficAllow {
		imports = append(imports, "*/*.svc."+p.mesh.ClusterDomain)
	}
	for _, namespace := range slices.Sorted(maps.Keys(namespaces)) {
		imports = append(imports, namespace+"/*")
	}
	return imports
}
