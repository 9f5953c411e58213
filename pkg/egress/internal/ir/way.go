// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package ir

import "slices"

// A Way is how a destination is reached: ThroughGateway or FromSidecar.
type Way interface{ isWay() }

// ThroughGateway is over a hop to an egress gateway, and out there.
type ThroughGateway struct {
	Gateway   *Gateway
	MutualTLS bool // of the hop
}

// FromSidecar is straight out.
type FromSidecar struct{}

func (ThroughGateway) isWay() {}
func (FromSidecar) isWay()    {}

// EntryPort returns the port of the gateway's Service that takes a route. Everything over
// mutual TLS goes to the TLS port, where a server name tells it apart.
func (w ThroughGateway) EntryPort(r Route) int {
	if w.MutualTLS {
		return w.Gateway.TLSPort
	}
	switch r.Protocol.Layer() {
	case LayerHTTP:
		return w.Gateway.HTTPPort
	case LayerTLS:
		return w.Gateway.TLSPort
	case LayerTCP:
		return r.GatewayPort
	}
	panic("ir: no port of gateways for the protocol " + string(r.Protocol))
}

// A Gateway is an egress gateway.
type Gateway struct {
	Name      string
	Namespace string
	Service   string
	Host      string // of its Service
	Selector  map[string]string
	HTTPPort  int
	TLSPort   int
	TCPPorts  []int
	// Targets are the container ports behind each of these: one, or all that it may be where
	// nobody stated it.
	Targets map[int][]int
	// HidesLanes says whether its Pods keep to themselves by what name they are called.
	HidesLanes bool
	// Deployed says whether its workload is among the objects.
	Deployed bool
}

// AssumedTargets returns the container ports of which nobody stated which it is, sorted.
func (g *Gateway) AssumedTargets() []int {
	var assumed []int
	for _, targets := range g.Targets {
		if len(targets) > 1 {
			assumed = append(assumed, targets...)
		}
	}
	slices.Sort(assumed)
	return assumed
}
