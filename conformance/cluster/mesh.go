// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"maps"
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
)

// Where a mesh does not say on which ports the containers of a gateway listen,
// they are those that need no privileges: 8080 and 8443 for 80 and 443, as
// istioctl installs it.
const (
	privileged     = 1024
	containerPorts = 8000
)

func unprivileged(port int) int {
	if port >= privileged {
		return port
	}
	return containerPorts + port
}

// targetPorts returns the container ports of a gateway: as they are stated, or as
// a gateway has them that egressbundle deploys.
func targetPorts(stated, full api.Gateway) api.GatewayPorts {
	ports := full.TargetPorts
	if full.Deploy != nil {
		return ports
	}
	if stated.TargetPorts.HTTP == 0 {
		ports.HTTP = unprivileged(ports.HTTP)
	}
	if stated.TargetPorts.TLS == 0 {
		ports.TLS = unprivileged(ports.TLS)
	}
	return ports
}

// GatewaysOf returns the workloads of the gateways that a mesh states, sorted by
// name.
func GatewaysOf(stated api.Mesh) []Gateway {
	mesh := egress.WithDefaults(stated)
	var gateways []Gateway
	for _, name := range slices.Sorted(maps.Keys(mesh.Gateways)) {
		g := mesh.Gateways[name]
		targets := targetPorts(stated.Gateways[name], g)
		ports := []Port{
			{Name: "http2", Port: int32(g.Ports.HTTP), TargetPort: int32(targets.HTTP)},
			{Name: "https", Port: int32(g.Ports.TLS), TargetPort: int32(targets.TLS)},
		}
		for i, port := range g.Ports.TCP {
			ports = append(ports, Port{
				Name: fmt.Sprintf("tcp-%d", port), Port: int32(port), TargetPort: int32(targets.TCP[i]),
			})
		}
		gateways = append(gateways, Gateway{
			Namespace:      g.Namespace,
			Service:        g.Service,
			ServiceAccount: g.Service,
			Labels:         g.Selector,
			Ports:          ports,
			QuietProxy:     g.ProxyHeaders == api.ProxyHeadersDisabled,
		})
	}
	return gateways
}
