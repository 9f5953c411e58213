// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"maps"
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress"
)

// Containers listen on ports that need no privileges. Where a mesh does not say
// which, they are 8080 and 8443 for 80 and 443, as in Istio's own images.
const (
	privileged     = 1024
	containerPorts = 8000
)

func containerPort(stated int) int32 {
	if stated >= privileged {
		return int32(stated)
	}
	return containerPorts + int32(stated)
}

// GatewaysOf returns the workloads of the gateways that a mesh states, sorted by
// name.
func GatewaysOf(mesh egress.Mesh) []Gateway {
	mesh = mesh.WithDefaults()
	var gateways []Gateway
	for _, name := range slices.Sorted(maps.Keys(mesh.Gateways)) {
		g := mesh.Gateways[name]
		ports := []Port{
			{Name: "http2", Port: int32(g.Ports.HTTP), TargetPort: containerPort(g.TargetPorts.HTTP)},
			{Name: "https", Port: int32(g.Ports.TLS), TargetPort: containerPort(g.TargetPorts.TLS)},
		}
		for i, port := range g.Ports.TCP {
			ports = append(ports, Port{
				Name: fmt.Sprintf("tcp-%d", port), Port: int32(port), TargetPort: containerPort(g.TargetPorts.TCP[i]),
			})
		}
		gateways = append(gateways, Gateway{
			Namespace:      g.Namespace,
			Service:        g.Service,
			ServiceAccount: g.Service,
			Labels:         g.Selector,
			Ports:          ports,
		})
	}
	return gateways
}
