// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/conformance/cluster"
)

// The promises for TCP.
var (
	tcpAddress = promise{
		golden: "tcp/basic", from: "orders", call: "tcp://203.0.113.7:5432", target: "db.example.com:5432",
		hop:  "outbound|443|orders--data--db--db-example-com--tcp-5432|" + hopHost,
		sni:  "db.example.com.5432.db.tls.data.orders.egress",
		bind: 8443,
		lane: "db.example.com.5432.db.tls.data.orders.egress",
		exit: "outbound|5432||db.example.com.5432.db.tls.data.orders.egress",
	}
	tcpRange     = tcpAddress.calling("tcp://198.51.100.200:5432")
	tcpTLS       = tcpAddress.calling("https://db.example.com:5432").at("203.0.113.7")
	tcpNextTo    = tcpAddress.calling("tcp://203.0.113.8:5432")
	tcpNextRange = tcpAddress.calling("tcp://198.51.101.1:5432")
	tcpNoClient  = promise{golden: "tcp/basic", from: "istio-system", call: "tcp://203.0.113.7:5432"}

	tcpPlainAddress = promise{
		golden: "tcp/plaintext_hop", from: "orders", call: "tcp://203.0.113.7:5432", target: "db.example.com:5432",
		hop:  "outbound|9001|orders--data--plaintext|" + hopHost,
		bind: 9001,
		lane: "db.example.com.5432.db.tls.data.orders.egress",
		exit: "outbound|5432||db.example.com.5432.db.tls.data.orders.egress",
	}
	tcpPlainRange = tcpPlainAddress.calling("tcp://198.51.100.200:5432")
	tcpPlainQueue = promise{
		golden: "tcp/plaintext_hop", from: "orders", call: "tcp://203.0.113.8:5432", target: "queue.example.com:5432",
		hop:  "outbound|9002|orders--data--plaintext|" + hopHost,
		bind: 9102,
		lane: "queue.example.com.5432.queue.tls.data.orders.egress",
		exit: "outbound|5432||queue.example.com.5432.queue.tls.data.orders.egress",
	}

	tcpSidecar        = promise{golden: "tcp/sidecar", from: "orders", call: "tcp://203.0.113.7:5432"}
	tcpSidecarToo     = promise{golden: "tcp/sidecar", from: "orders", call: "tcp://203.0.113.8:6379"}
	tcpSidecarNextTo  = promise{golden: "tcp/sidecar", from: "orders", call: "tcp://203.0.113.9:5432"}
	tcpSidecarNextToo = promise{golden: "tcp/sidecar", from: "orders", call: "tcp://192.0.2.100:6379"}
	tcpSidecarRange   = promise{golden: "tcp/sidecar", from: "reports", call: "tcp://198.51.100.200:5432"}
	tcpSidecarOther   = promise{golden: "tcp/sidecar", from: "reports", call: "tcp://192.0.2.200:6379"}

	nestedInGateway     = promise{golden: "tcp/told_apart", from: "orders", call: "tcp://203.0.113.7:5432"}
	nestedInSidecar     = promise{golden: "tcp/told_apart", from: "orders", call: "tcp://198.51.100.7:5432"}
	sidecarInGateway    = promise{golden: "tcp/told_apart", from: "orders", call: "tcp://203.0.113.9:5432"}
	aroundNested        = promise{golden: "tcp/told_apart", from: "orders", call: "tcp://203.0.113.1:5432"}
	aroundNestedToo     = promise{golden: "tcp/told_apart", from: "billing", call: "tcp://203.0.113.1:5432"}
	notSidecarInGateway = promise{golden: "tcp/told_apart", from: "billing", call: "tcp://203.0.113.9:5432"}

	besideTCP = promise{golden: "tcp/beside_other_patterns", from: "orders", call: "https://warehouse.example.com"}
	besideToo = promise{golden: "tcp/beside_other_patterns", from: "orders", call: "https://warehouse.example.com:8443"}
)

// The promises for TCP in groups.
var (
	mutualTCP  = []promise{tcpAddress, tcpRange, tcpTLS}
	plainTCP   = []promise{tcpPlainAddress, tcpPlainRange, tcpPlainQueue}
	gatewayTCP = slices.Concat(mutualTCP, plainTCP)
	sidecarTCP = []promise{tcpSidecar, tcpSidecarToo, tcpSidecarRange, tcpSidecarOther}
)

// calling is the promise for another call that goes the same way.
func (p promise) calling(call string) promise {
	p.call = call
	return p
}

// at is the promise for a call that is made to an address.
func (p promise) at(address string) promise {
	p.address = address
	return p
}

// byAddress is the cluster of what is known by its address at the sidecar.
func (p promise) byAddress() string {
	host, _, _ := strings.Cut(p.lane, ".5432.")
	name, _, _ := strings.Cut(host, ".")
	return "outbound|5432||" + host + "." + name + ".tcp.data.orders.egress"
}

// tcpHopTwins spoil how TCP gets to the gateway.
func tcpHopTwins() []twin {
	return []twin{
		{
			wrong:   "no DestinationRule for the hop of TCP",
			because: "the subset that the route names is nowhere, so its cluster does not exist",
			change:  remove(hopRule),
			effects: each(gatewayTCP, func(p promise) becoming { return blocked(noCluster(p.hop)) }),
		},
		{
			wrong:   "subset of TCP with another name",
			because: "an unknown subset has no cluster",
			change:  set(meshLeg, "spec.tcp.*.route.*.destination.subset", "typo"),
			effects: each(gatewayTCP, func(p promise) becoming {
				parts := strings.Split(p.hop, "|")
				parts[2] = "typo"
				return blocked(noCluster(strings.Join(parts, "|")))
			}),
		},
		{
			wrong:   "subset of TCP without SNI",
			because: "Istio then sends the name of the cluster, which no server of the gateway has",
			change:  drop(hopRule, "spec.subsets.*.trafficPolicy.tls.sni"),
			effects: each(mutualTCP, func(p promise) becoming {
				return blocked(noChain(p.bind, strings.ReplaceAll(p.hop, "|", "_.")))
			}),
		},
		{
			wrong:   "subset of TCP with the SNI of the host",
			because: "the gateway knows lanes and no hosts",
			change:  set(hopRule, "spec.subsets.*.trafficPolicy.tls.sni", "db.example.com"),
			effects: each(mutualTCP, func(p promise) becoming { return blocked(noChain(p.bind, "db.example.com")) }),
		},
		{
			wrong:   "one SNI for all TCP",
			because: "the server name is all that tells destinations apart inside mutual TLS: both end at the one that has it",
			change: set(hopRule, "spec.subsets.*.trafficPolicy.tls.sni",
				"ledger.example.com.5432.ledger.tls.data.orders.egress"),
			effects: each([]promise{aroundNested, aroundNestedToo, notSidecarInGateway},
				func(promise) becoming { return leaves("ledger.example.com:5432") }),
		},
		{
			wrong:   "TCP in plain text to a server with mutual TLS",
			because: "mutual TLS is on at both ends or at none; the gateway sees the SNI of the application, if it sends one",
			change:  set(hopRule, "spec.subsets.*.trafficPolicy.tls", map[string]any{"mode": "DISABLE"}),
			effects: []effect{
				{tcpAddress, blocked(noChain(8443, ""))},
				{tcpRange, blocked(noChain(8443, ""))},
				{tcpTLS, blocked(noChain(8443, "db.example.com"))},
			},
		},
		{
			wrong:   "TCP in mutual TLS to a port for plain TCP",
			because: "nobody ends the mutual TLS at the gateway, and the host would get it",
			change:  set(hopRule, "spec.subsets.*.trafficPolicy.tls", map[string]any{"mode": "ISTIO_MUTUAL"}),
			effects: each(plainTCP, func(promise) becoming { return blocked(notEnded) }),
		},
		{
			wrong:   "no VirtualService for TCP in the mesh",
			because: "what the clients know by address has no endpoints, so that nothing leaves past the gateway",
			change:  remove(meshLeg),
			effects: each(gatewayTCP, func(p promise) becoming { return blocked(noEndpoints(p.byAddress())) }),
		},
		{
			wrong:   "VirtualService for TCP in the mesh not exported to the clients",
			because: "what a sidecar does not see does not exist for it",
			change:  set(meshLeg, "spec.exportTo", list("istio-system")),
			effects: each(gatewayTCP, func(p promise) becoming { return blocked(noEndpoints(p.byAddress())) }),
		},
		{
			wrong:   "no VirtualService for TCP in the mesh, and resolution NONE",
			because: "with NONE what the clients know by address opens a way past the gateway",
			change:  allOf(remove(meshLeg), set(declaration, "spec.resolution", "NONE")),
			effects: each(gatewayTCP, func(promise) becoming { return toTheAddress }),
		},
		{
			wrong: "addresses in the route as well, one of them a range",
			because: "two filter chains match the range, and Envoy rejects the whole listener of the port; single addresses have " +
				"listeners of their own",
			change:  set(meshLeg, "spec.tcp.*.match.*.destinationSubnets", list("198.51.100.0/24", "203.0.113.7")),
			effects: each([]promise{tcpRange, tcpNextTo, tcpNextRange}, func(promise) becoming { return blocked(rejected) }),
		},
		{
			wrong:   "two destinations on one port of the gateway",
			because: "without mutual TLS nothing else tells TCP apart: both end at the first",
			change: allOf(
				set(called("Gateway istio-system/orders--data--istio-egressgateway"), "spec.servers.*.port.number", 9001),
				set(called("VirtualService istio-system/orders--data--queue--tcp"), "spec.tcp.*.route.*.destination.port.number", 9001),
				set(called("VirtualService istio-system/orders--data--queue--tcp--queue.example.com--5432"), "spec.tcp.*.match.*.port", 9001),
			),
			effects: []effect{{tcpPlainQueue, leaves("db.example.com:5432")}},
		},
		{
			wrong:   "port of the gateway that its Service does not have",
			because: "there is no cluster for it",
			change: allOf(
				set(server, "spec.servers.*.port.number", 9009),
				set(meshLeg, "spec.tcp.*.route.*.destination.port.number", 9009),
				set(exitLeg, "spec.tcp.*.match.*.port", 9009),
			),
			effects: each(plainTCP, func(promise) becoming {
				return blocked(noCluster("outbound|9009|orders--data--plaintext|" + hopHost))
			}),
		},
	}
}

// tcpExitTwins spoil how TCP leaves the gateway.
func tcpExitTwins() []twin {
	noServer := each(gatewayTCP, func(p promise) becoming { return blocked(noListener(p.bind)) })
	return []twin{
		{
			wrong:   "no Gateway for TCP",
			because: "the gateway opens no port without a server",
			change:  remove(server),
			effects: noServer,
		},
		{
			wrong:   "no VirtualService for TCP at the gateway",
			because: "a server for connections has no filter chain without a route",
			change:  remove(exitLeg),
			effects: noServer,
		},
		{
			wrong:   "tls instead of tcp at the end of TCP",
			because: "what arrives is TCP, once mutual TLS has ended or where there is none",
			change: allOf(
				move(exitLeg, "spec.tcp", "spec.tls"),
				set(exitLeg, "spec.tls.*.match.*.sniHosts", list("db.example.com.5432.db.tls.data.orders.egress")),
			),
			effects: each(mutualTCP, func(p promise) becoming { return blocked(noListener(p.bind)) }),
		},
		{
			wrong:   "container port in the routes for TCP",
			because: "match.port is the port of the server, not that of the container",
			change:  set(exitLeg, "spec.tcp.*.match.*.port", 8443),
			effects: noServer,
		},
		{
			wrong:   "server for another lane than that of the route",
			because: "a VirtualService binds to a server by its hosts",
			change:  set(server, "spec.servers.*.hosts", list("other.example")),
			effects: noServer,
		},
		{
			wrong:   "VirtualService for TCP not exported to the gateway",
			because: "a gateway sees what is exported to the namespace of its pods",
			change:  set(exitLeg, "spec.exportTo", list("orders")),
			effects: noServer,
		},
		{
			wrong:   "no ServiceEntry for the lane of TCP",
			because: "the gateway has no cluster for a host that nothing declares",
			change:  remove(lane),
			effects: each(gatewayTCP, func(p promise) becoming { return blocked(noCluster(p.exit)) }),
		},
		{
			wrong:   "lane of TCP not exported to the gateway",
			because: "a gateway sees what is exported to the namespace of its pods",
			change:  set(lane, "spec.exportTo", list("orders")),
			effects: each(gatewayTCP, func(p promise) becoming { return blocked(noCluster(p.exit)) }),
		},
		{
			wrong:   "lane of TCP with resolution NONE",
			because: "at a gateway the address that was called is the gateway's own; Istio leaves such a cluster empty",
			change:  allOf(set(lane, "spec.resolution", "NONE"), drop(lane, "spec.endpoints")),
			effects: each(gatewayTCP, func(p promise) becoming { return blocked(noEndpoints(p.exit)) }),
		},
		{
			wrong:   "lane of TCP without an endpoint",
			because: "the name of a lane is made up and resolves to nothing",
			change:  drop(lane, "spec.endpoints"),
			effects: each(gatewayTCP, func(p promise) becoming { return leaves(p.lane + ":5432") }),
		},
		{
			wrong:   "lane that is said to be TCP",
			because: "it has no address, and takes all of them in the sidecars of the gateway's namespace",
			change:  set(lane, "spec.ports.*.protocol", "TCP"),
			effects: []effect{{tcpNoClient, becomes(calls.Outcome{Through: calls.Sidecar, Leaves: "db.example.com:5432"})}},
		},
	}
}

// tcpClientTwins spoil what tells the clients which addresses belong to what.
func tcpClientTwins() []twin {
	unknown := func(promise) becoming { return blocked("BlackHoleCluster") }
	return []twin{
		{
			wrong:   "no ServiceEntry for TCP",
			because: "what nothing declares is refused",
			change:  remove(declaration),
			effects: each(slices.Concat(gatewayTCP, sidecarTCP), unknown),
		},
		{
			wrong:   "ServiceEntry for TCP in another namespace",
			because: "what a sidecar does not see is not declared",
			change:  set(declaration, "spec.exportTo", list("elsewhere")),
			effects: each(slices.Concat(gatewayTCP, sidecarTCP), unknown),
		},
		{
			wrong:   "no addresses",
			because: "TCP without an address takes every address on its port",
			change:  drop(declaration, "spec.addresses"),
			effects: slices.Concat(
				each([]promise{tcpNextTo, tcpNextRange}, func(promise) becoming {
					return becomes(calls.Outcome{Through: gateway, As: "orders/default", Leaves: "db.example.com:5432"})
				}),
				each([]promise{tcpSidecarNextTo, tcpSidecarNextToo}, func(promise) becoming { return toTheAddress }),
			),
		},
		{
			wrong:   "one address missing",
			because: "an address that nothing declares is refused",
			change:  set(declaration, "spec.addresses", list("198.51.100.0/24")),
			effects: each([]promise{tcpAddress, tcpTLS, tcpSidecar, tcpSidecarToo, tcpSidecarOther}, unknown),
		},
		{
			wrong:   "HTTP on the port for TCP",
			because: "the sidecar then knows plain HTTP there and nothing else",
			change:  set(declaration, "spec.ports.*.protocol", "HTTP"),
			effects: each(slices.Concat(gatewayTCP, sidecarTCP), unknown),
		},
		{
			wrong:   "TLS on the port for TCP",
			because: "TLS follows no tcp route and knows no ranges",
			change:  set(declaration, "spec.ports.*.protocol", "TLS"),
			effects: slices.Concat(
				each([]promise{tcpAddress, tcpTLS, tcpPlainAddress, tcpPlainQueue},
					func(p promise) becoming { return blocked(noEndpoints(p.byAddress())) }),
				each([]promise{tcpRange, tcpPlainRange, tcpSidecarRange, tcpSidecarOther}, unknown),
			),
		},
		{
			wrong:   "resolution DNS for TCP straight from the sidecar",
			because: "the host of what is known by address is made up and resolves to nothing; and Istio then takes no ranges",
			change: allOf(
				set(declaration, "spec.resolution", "DNS"),
				set(declaration, "spec.addresses", list("203.0.113.7", "203.0.113.8")),
			),
			effects: slices.Concat(
				[]effect{
					{tcpSidecar, leaves("db.example.com.db.tcp.data.orders.egress:5432")},
					{tcpSidecarToo, leaves("db.example.com.db.tcp.data.orders.egress:6379")},
				},
				each([]promise{tcpSidecarRange, tcpSidecarOther}, unknown),
			),
		},
		{
			wrong:   "resolution STATIC for TCP straight from the sidecar",
			because: "without endpoints there is nowhere to go",
			change:  set(declaration, "spec.resolution", "STATIC"),
			effects: each(sidecarTCP, func(p promise) becoming {
				_, port, _ := strings.Cut(strings.TrimPrefix(p.call, "tcp://"), ":")
				return blocked(noEndpoints("outbound|" + port + "||db.example.com.db.tcp.data.orders.egress"))
			}),
		},
		{
			wrong:   "no declaration of the addresses within a range",
			because: "they belong to the range then, which leads elsewhere",
			change: allOf(
				remove(called("ServiceEntry orders/orders--data--ledger--tcp")),
				remove(called("ServiceEntry orders/orders--data--metrics--tcp")),
			),
			effects: []effect{
				{nestedInGateway, leaves("db.example.com:5432")},
				{nestedInSidecar, becomes(calls.Outcome{Through: calls.Sidecar, Leaves: "198.51.100.7:5432"})},
				{sidecarInGateway, becomes(calls.Outcome{Through: gateway, As: "orders/default", Leaves: "db.example.com:5432"})},
			},
		},
		{
			wrong:   "addresses for what is told by name",
			because: "ports that have addresses are known by them alone, and the host may resolve to others",
			change: set(called("ServiceEntry orders/orders--data--warehouse"), "spec.addresses",
				list("198.51.100.0/24", "203.0.113.7")),
			effects: each([]promise{besideTCP, besideToo}, unknown),
		},
	}
}

// notEnded is the reason of a call that would leave inside the mesh's own TLS.
const notEnded = "the TLS of the mesh leaves with the call: no gateway ends it"

// rejected is the listener of a port whose range two filter chains match.
const rejected = `listener 0.0.0.0_5432 is rejected: two filter chains match port 0, transport "", 198.51.100.0/24, any, any`

// called is the one object of a name, as in "ServiceEntry payments/news".
func called(name string) role {
	return func(m cluster.Manifest) bool { return m.String() == name }
}

// toTheAddress is a call that the sidecar lets out to the address that was called.
func toTheAddress(o *calls.Outcome) {
	direct := calls.Outcome{Call: o.Call, From: o.From, Address: o.Address, Through: calls.Sidecar}
	_, direct.Leaves, _ = strings.Cut(o.Call, "://")
	if o.Address != "" {
		_, port, _ := strings.Cut(direct.Leaves, ":")
		direct.Leaves = o.Address + ":" + port
	}
	*o = direct
}
