// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"maps"
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress"
)

// containerPorts are where the pods of a gateway listen: ports that need no
// privileges, as in Istio's own images.
const containerPorts = 8000

// GatewaysOf returns the workloads of the gateways that a mesh states, sorted by
// name.
func GatewaysOf(mesh egress.Mesh) []Gateway {
	mesh = mesh.WithDefaults()
	var gateways []Gateway
	for _, name := range slices.Sorted(maps.Keys(mesh.Gateways)) {
		g := mesh.Gateways[name]
		gateways = append(gateways, Gateway{
			Namespace:      g.Namespace,
			Service:        g.Service,
			ServiceAccount: g.Service,
			Labels:         g.Selector,
			Ports: []Port{
				{Name: "http2", Port: int32(g.Ports.HTTP), TargetPort: containerPorts + int32(g.Ports.HTTP)%1000},
				{Name: "https", Port: int32(g.Ports.TLS), TargetPort: containerPorts + int32(g.Ports.TLS)%1000},
			},
		})
	}
	return gateways
}
