// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/conformance/calls"
)

// hopTwins spoil the leg from the sidecar to the gateway.
func hopTwins() []twin {
	return []twin{
		{
			wrong:   "no DestinationRule for the hop",
			because: "the subset that the route names is nowhere, so its cluster does not exist",
			change:  remove(hopRule),
			effects: each(throughGateway, func(p promise) becoming { return blocked(noCluster(p.hop)) }),
		},
		{
			wrong:   "subset with another name",
			because: "an unknown subset has no cluster",
			change: oneOf(
				set(meshLeg, "spec.tls.*.route.*.destination.subset", "typo"),
				set(meshLeg, "spec.http.*.route.*.destination.subset", "typo"),
			),
			effects: each(throughGateway, func(p promise) becoming {
				parts := strings.Split(p.hop, "|")
				parts[2] = "typo"
				return blocked(noCluster(strings.Join(parts, "|")))
			}),
		},
		{
			wrong:   "container port instead of the Service's",
			because: "clusters have the port of the gateway's Service",
			change: oneOf(
				set(meshLeg, "spec.tls.*.route.*.destination.port.number", 8443),
				set(meshLeg, "spec.http.*.route.*.destination.port.number", 8443),
			),
			effects: each(throughGateway, func(p promise) becoming {
				parts := strings.Split(p.hop, "|")
				parts[1] = "8443"
				return blocked(noCluster(strings.Join(parts, "|")))
			}),
		},
		{
			wrong:   "subset without SNI",
			because: "Istio then sends the name of the cluster, which no server of the gateway has",
			change:  drop(hopRule, "spec.subsets.*.trafficPolicy.tls.sni"),
			effects: each(mutualTLS, func(p promise) becoming {
				return blocked(noChain(p.bind, strings.ReplaceAll(p.hop, "|", "_.")))
			}),
		},
		{
			wrong:   "hop in plain text to a server with mutual TLS",
			because: "mutual TLS is on at both ends or at none; the gateway sees the application's SNI, or none",
			change:  set(hopRule, "spec.subsets.*.trafficPolicy.tls", map[string]any{"mode": "DISABLE"}),
			effects: slices.Concat(
				[]effect{{passthrough, blocked(noChain(8443, "edition.cnn.com"))}},
				each(mutualRequests, func(p promise) becoming { return blocked(noChain(p.bind, "")) }),
			),
		},
		{
			wrong:   "hop in mutual TLS to a server without",
			because: "mutual TLS is on at both ends or at none",
			change: set(hopRule, "spec.subsets.*.trafficPolicy.tls",
				map[string]any{"mode": "ISTIO_MUTUAL", "sni": "lane.example"}),
			effects: slices.Concat(
				each(plainTLS, func(p promise) becoming { return blocked(noChain(p.bind, "lane.example")) }),
				each(plainRequests, func(promise) becoming { return blocked(notHTTP) }),
			),
		},
		{
			wrong:   "mutual TLS to the gateway by hand",
			because: "the subset for plain text says so, and does not take what others say for the whole host",
			change:  add(mutualByHand),
			effects: each(slices.Concat(plainTLS, plainRequests, mutualTLS), func(promise) becoming { return keeps }),
		},
		{
			wrong:   "mutual TLS to the gateway by hand, and a subset that does not say plain text",
			because: "the subset then takes what others say for the whole host",
			change:  allOf(add(mutualByHand), drop(hopRule, "spec.subsets.*.trafficPolicy")),
			effects: slices.Concat(
				each(plainTLS, func(p promise) becoming {
					return blocked(noChain(p.bind, strings.ReplaceAll(p.hop, "|", "_.")))
				}),
				each(plainRequests, func(promise) becoming { return blocked(notHTTP) }),
			),
		},
		{
			wrong:   "no VirtualService for the mesh",
			because: "the ServiceEntry of the clients has no endpoints, so that nothing leaves past the gateway",
			change:  remove(meshLeg),
			effects: each(throughGateway, func(p promise) becoming { return blocked(noEndpoints(p.declared())) }),
		},
		{
			wrong:   "VirtualService for the mesh not exported to the clients",
			because: "what a sidecar does not see does not exist for it",
			change:  set(meshLeg, "spec.exportTo", list("istio-system")),
			effects: each(throughGateway, func(p promise) becoming { return blocked(noEndpoints(p.declared())) }),
		},
		{
			wrong:   "no VirtualService for the mesh, and resolution NONE",
			because: "with NONE the ServiceEntry of the clients opens a way past the gateway",
			change:  allOf(remove(meshLeg), set(declaration, "spec.resolution", "NONE")),
			effects: each(throughGateway, func(promise) becoming { return pastTheGateway }),
		},
		{
			wrong:   "TLS route of the mesh without a port",
			because: "the route of the first port takes the calls to the others as well",
			change:  drop(meshLeg, "spec.tls.0.match.0.port"),
			effects: []effect{{passthroughPort, leaves("mail.example.com:443")}},
		},
		{
			wrong:   "HTTP route of the mesh without a port",
			because: "the first route takes the requests to all ports, and to port 80, which nothing declares",
			change:  drop(meshLeg, "spec.http.0.match"),
			effects: []effect{
				{grpcToo, both(leaves("otel.example.com:4317"), host("otel.example.com:4317"))},
				{notGRPC, becomes(calls.Outcome{
					Through: gateway,
					As:      "payments/default",
					Leaves:  "otel.example.com:4317",
					Host:    "otel.example.com:4317",
					HTTP2:   true,
				})},
			},
		},
		{
			wrong: "VirtualService of the mesh bound and exported to the gateway as well",
			because: "the gateway then routes to itself, and stops at the subset, which the clients alone have. Lanes do not " +
				"suffer: their servers do not have the real host. With plain text on the hop the servers for TLS do",
			change: allOf(
				set(meshLeg, "spec.exportTo", list("payments", ".")),
				set(meshLeg, "spec.gateways", list("mesh", "payments--news--istio-egressgateway",
					"payments--web--istio-egressgateway", "payments--cards--istio-egressgateway")),
			),
			effects: slices.Concat(
				each(plainTLS, func(p promise) becoming { return blocked(noCluster(p.hop)) }),
				each(slices.Concat(mutualTLS, plainRequests), func(promise) becoming { return keeps }),
			),
		},
	}
}

// exitTwins spoil the gateway and the leg that leaves it.
func exitTwins() []twin {
	return []twin{
		{
			wrong:   "no Gateway",
			because: "the gateway opens no port without a server",
			change:  remove(server),
			effects: each(throughGateway, func(p promise) becoming { return blocked(noListener(p.bind)) }),
		},
		{
			wrong:   "selector that no pod matches",
			because: "a Gateway is for the pods that it selects",
			change:  set(server, "spec.selector", map[string]any{"istio": "egress"}),
			effects: each(throughGateway, func(p promise) becoming { return blocked(noListener(p.bind)) }),
		},
		{
			wrong:   "server for other hosts",
			because: "a VirtualService binds to a server by its hosts, and TLS servers are found by them",
			change:  set(server, "spec.servers.*.hosts", list("other.example")),
			effects: slices.Concat(
				each(connections, func(p promise) becoming { return blocked(noListener(p.bind)) }),
				each(mutualRequests, func(p promise) becoming { return blocked(noChain(p.bind, p.sni)) }),
				each(plainRequests, func(promise) becoming { return blocked("404 no route in virtual host blackhole:80") }),
			),
		},
		{
			wrong:   "server protocol HTTP under mutual TLS",
			because: "the server then expects plain HTTP on a port where the hop opens TLS",
			change:  allOf(set(server, "spec.servers.*.port.protocol", "HTTP"), drop(server, "spec.servers.*.tls")),
			effects: each(mutualRequests, func(promise) becoming { return blocked(notHTTP) }),
		},
		{
			wrong:   "no VirtualService for the gateway",
			because: "a TLS server without a route has no filter chain, an HTTP server answers 404",
			change:  remove(exitLeg),
			effects: notRouted(),
		},
		{
			wrong:   "tls instead of tcp, or tcp instead of http",
			because: "a server that ends mutual TLS wants a tcp route, a server for HTTP an http route",
			change: oneOf(
				allOf(
					move(exitLeg, "spec.tcp", "spec.tls"),
					set(exitLeg, "spec.tls.*.match.*.sniHosts", list(passthrough.sni)),
				),
				allOf(move(exitLeg, "spec.http", "spec.tcp"), drop(exitLeg, "spec.tcp.*.rewrite")),
			),
			effects: effectsOf(notRouted(), passthrough, plainHTTP, plainHTTPPlain, originated, originatedPlain),
		},
		{
			wrong:   "tcp instead of tls",
			because: "a server that passes TLS on wants a tls route",
			change:  allOf(move(exitLeg, "spec.tls", "spec.tcp"), drop(exitLeg, "spec.tcp.*.match.*.sniHosts")),
			effects: effectsOf(notRouted(), plainTLS...),
		},
		{
			wrong:   "container port in the gateway's routes",
			because: "match.port is the port of the server, not that of the container",
			change: oneOf(
				set(exitLeg, "spec.tcp.*.match.*.port", 8443),
				set(exitLeg, "spec.tls.*.match.*.port", 8443),
				set(exitLeg, "spec.http.*.match.*.port", 8443),
			),
			effects: notRouted(),
		},
		{
			wrong:   "no ServiceEntry for the lane",
			because: "the gateway has no cluster for a host that nothing declares",
			change:  remove(lane),
			effects: each(throughGateway, func(p promise) becoming { return blocked(noCluster(p.exit)) }),
		},
		{
			wrong:   "lane with resolution NONE",
			because: "at a gateway the address that was called is the gateway's own; Istio leaves such a cluster empty",
			change:  allOf(set(lane, "spec.resolution", "NONE"), drop(lane, "spec.endpoints")),
			effects: each(throughGateway, func(p promise) becoming { return blocked(noEndpoints(p.exit)) }),
		},
		{
			wrong:   "lane without an endpoint",
			because: "the name of a lane is made up and resolves to nothing",
			change:  drop(lane, "spec.endpoints"),
			effects: each(throughGateway, func(p promise) becoming {
				_, port, _ := strings.Cut(p.target, ":")
				return leaves(p.lane + ":" + port)
			}),
		},
	}
}

// notRouted is what a gateway does with a call that its server takes and no route does.
func notRouted() []effect {
	return slices.Concat(
		each(connections, func(p promise) becoming { return blocked(noListener(p.bind)) }),
		each(mutualRequests, func(promise) becoming { return blocked("404 no route in virtual host blackhole:443") }),
		each(plainRequests, func(promise) becoming { return blocked("404 no route in virtual host blackhole:80") }),
	)
}

// visibilityTwins hide from the gateway what it needs.
func visibilityTwins() []twin {
	return []twin{
		{
			wrong:   "VirtualService of the gateway not exported to the gateway",
			because: "a gateway sees what is exported to the namespace of its pods",
			change:  set(exitLeg, "spec.exportTo", list("payments")),
			effects: notRouted(),
		},
		{
			wrong:   "ServiceEntry of the lane not exported to the gateway",
			because: "a gateway sees what is exported to the namespace of its pods",
			change:  set(lane, "spec.exportTo", list("payments")),
			effects: each(throughGateway, func(p promise) becoming { return blocked(noCluster(p.exit)) }),
		},
		{
			wrong:   "origination not exported to the gateway",
			because: "its subset is not to be found, and so nothing leaves in plain text",
			change:  set(origination, "spec.exportTo", list("payments")),
			effects: each([]promise{originated, originatedPlain}, func(p promise) becoming { return blocked(noCluster(p.exit)) }),
		},
	}
}

// clientTwins spoil what declares the hosts to the clients.
func clientTwins() []twin {
	undeclared := each([]promise{
		passthrough, passthroughPlain, passthroughPlainToo, passthroughSidecar, passthroughSidecarToo, grpc, grpcToo,
		plainHTTPSidecarPort, originatedSidecarGRPC, besideOriginated,
	}, func(promise) becoming { return blocked("BlackHoleCluster") })
	return []twin{
		{
			wrong: "no ServiceEntry for the clients",
			because: "what nothing declares is refused. On port 80 alone Istio also routes the hosts of VirtualServices, " +
				"which a gateway needs no more for; a sidecar has no cluster",
			change: remove(declaration),
			effects: slices.Concat(undeclared, each(
				[]promise{plainHTTPSidecar, plainHTTPSidecarToo, originatedSidecar},
				func(p promise) becoming { return blocked(noCluster(p.declared())) },
			)),
		},
		{
			wrong: "ServiceEntry for another namespace",
			because: "what a sidecar does not see is not declared. But a VirtualService brings its destinations along, so " +
				"that they work on port 80",
			change:  set(declaration, "spec.exportTo", list("elsewhere")),
			effects: undeclared,
		},
		{
			wrong:   "HTTP on the port for TLS",
			because: "the sidecar then knows plain HTTP there and nothing else",
			change:  set(declaration, "spec.ports.*.protocol", "HTTP"),
			effects: each([]promise{passthrough, passthroughPlain, passthroughPlainToo, passthroughSidecar, passthroughSidecarToo},
				func(promise) becoming { return blocked("BlackHoleCluster") }),
		},
	}
}

// requestTwins spoil what HTTP needs beyond TLS.
func requestTwins() []twin {
	return []twin{
		{
			wrong:   "host not rewritten on the way to the gateway",
			because: "the gateway tells destinations apart by their lanes and does not know the real host",
			change:  drop(meshLeg, "spec.http.*.rewrite"),
			effects: each(requests, func(p promise) becoming {
				return blocked("404 no virtual host for " + strings.TrimPrefix(p.call, "http://"))
			}),
		},
		{
			wrong:   "routes of several hosts that no authority tells apart",
			because: "the hosts of a port share a VirtualService, of which the first route that matches is followed",
			change:  drop(exitLeg, "spec.http.*.match.*.authority"),
			effects: []effect{
				{ofTwoHosts, both(leaves("eu.httpbin.org:80"), host("eu.httpbin.org"))},
				{ofTwoHostsToo, both(leaves("eu.httpbin.org:8080"), host("eu.httpbin.org:8080"))},
			},
		},
		{
			wrong:   "host not rewritten on the way out",
			because: "the name of the lane leaks as the Host header, which no server outside knows",
			change:  drop(exitLeg, "spec.http.*.rewrite"),
			effects: each(requests, func(p promise) becoming { return host(p.lane) }),
		},
		{
			wrong:   "subset without HTTP/2",
			because: "the port of the gateway is named https, so that HTTP/2 is not kept on the hop and gRPC breaks",
			change:  drop(hopRule, "spec.subsets.*.trafficPolicy.connectionPool"),
			effects: each([]promise{grpc, grpcToo}, func(promise) becoming { return http1Hop }),
		},
		{
			wrong:   "HTTP/2 for every host by hand",
			because: "the rule of a host says how requests leave, and does not take what others say for all hosts",
			change:  add(http2ByHand),
			effects: each(slices.Concat(requests, http1Sidecar), func(promise) becoming { return keeps }),
		},
		{
			wrong:   "HTTP/2 for every host by hand, and no rule for those of plain HTTP",
			because: "a rule for every host is for each that has none of its own, and the server there may not know HTTP/2",
			change:  allOf(remove(origination), add(http2ByHand)),
			effects: []effect{{plainHTTP, http2}},
		},
	}
}

// http2ByHand is what somebody may write for every host of the mesh.
const http2ByHand = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: by-hand, namespace: istio-system}
spec:
  host: "*"
  trafficPolicy: {connectionPool: {http: {h2UpgradePolicy: UPGRADE}}}
`

// originationTwins spoil the TLS that the mesh opens, or open one where none belongs.
func originationTwins() []twin {
	return []twin{
		{
			wrong:   "no DestinationRule for the origination",
			because: "the subset is missing, so that nothing leaves in plain text",
			change:  remove(origination),
			effects: []effect{
				{originated, blocked(noCluster(originated.exit))},
				{originatedPlain, blocked(noCluster(originatedPlain.exit))},
				{originatedSidecar, blocked(noCluster(originatedSidecar.exit))},
				{originatedSidecarGRPC, blocked(noCluster(originatedSidecarGRPC.exit))},
			},
		},
		{
			wrong:   "route that does not name the subset of the origination",
			because: "the request arrives in plain text at the port for TLS",
			change:  drop(exitLeg, "spec.http.*.route.*.destination.subset"),
			effects: each([]promise{originated, originatedPlain}, func(promise) becoming { return plainText }),
		},
		{
			wrong:   "no targetPort",
			because: "the port of the client is not the port where TLS is spoken",
			change:  oneOf(drop(lane, "spec.ports.*.targetPort"), drop(declaration, "spec.ports.*.targetPort")),
			effects: []effect{
				{originated, leaves("api.stripe.com:80")},
				{originatedPlain, leaves("api.stripe.com:80")},
				{originatedSidecar, leaves("api.stripe.com:80")},
				{originatedSidecarGRPC, leaves("grpc.example.com:8080")},
			},
		},
		{
			wrong:   "no names for the certificate",
			because: "with an SNI and no subjectAltNames any certificate that the roots vouch for will do",
			change: oneOf(
				drop(origination, "spec.subsets.*.trafficPolicy.tls.subjectAltNames"),
				drop(origination, "spec.trafficPolicy.portLevelSettings.*.tls.subjectAltNames"),
			),
			effects: each([]promise{originated, originatedPlain, originatedSidecar, originatedSidecarGRPC},
				func(promise) becoming { return unnamed }),
		},
		{
			wrong:   "TLS on the lane of a passthrough",
			because: "the gateway encrypts what the application encrypted already",
			change: add(`
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: originate, namespace: istio-system}
spec:
  exportTo: ["."]
  host: edition.cnn.com.443.cnn.tls.news.payments.egress
  trafficPolicy: {tls: {mode: SIMPLE, sni: edition.cnn.com, subjectAltNames: [edition.cnn.com]}}
`),
			effects: each([]promise{passthrough, passthroughPlain}, func(promise) becoming { return encryptedTwice("edition.cnn.com") }),
		},
		{
			wrong:   "TLS for a host that sidecars pass through",
			because: "the sidecar encrypts what the application encrypted already",
			change: add(`
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: originate, namespace: payments}
spec:
  host: edition.cnn.com
  trafficPolicy: {tls: {mode: SIMPLE, sni: edition.cnn.com, subjectAltNames: [edition.cnn.com]}}
`),
			effects: []effect{{passthroughSidecar, encryptedTwice("edition.cnn.com")}},
		},
		{
			wrong:   "TLS for all ports of a host",
			because: "at the top of the DestinationRule it concerns the port for TLS as well",
			change: allOf(
				move(origination, "spec.trafficPolicy.portLevelSettings.0.tls", "spec.trafficPolicy.tls"),
				drop(origination, "spec.trafficPolicy.portLevelSettings"),
			),
			effects: []effect{{besideOriginated, encryptedTwice("api.stripe.com")}},
		},
		{
			wrong:   "TLS for another port of the host",
			because: "the settings of a port are those of the ServiceEntry's port, not of its target",
			change:  set(origination, "spec.trafficPolicy.portLevelSettings.*.port.number", 443),
			effects: []effect{
				{originatedSidecar, plainText},
				{originatedSidecarGRPC, plainText},
				{besideOriginated, encryptedTwice("api.stripe.com")},
			},
		},
	}
}

// sidecarTwins spoil what leaves without a gateway.
func sidecarTwins() []twin {
	return []twin{
		{
			wrong:   "resolution NONE",
			because: "the call goes wherever the application says that the host is",
			change:  set(declaration, "spec.resolution", "NONE"),
			effects: slices.Concat(
				each([]promise{passthroughSidecar, passthroughSidecarToo}, func(promise) becoming { return leaves("203.0.113.254:443") }),
				each([]promise{plainHTTPSidecar, plainHTTPSidecarToo}, func(promise) becoming { return leaves("203.0.113.254:80") }),
				[]effect{{plainHTTPSidecarPort, leaves("203.0.113.254:8000")}},
			),
		},
		{
			wrong:   "no VirtualService for the sidecar",
			because: "timeouts and rewritten hosts are a matter of routes",
			change:  remove(meshLeg),
			effects: []effect{
				{plainHTTPSidecar, noTimeout},
				{plainHTTPSidecarToo, noTimeout},
				{originatedSidecar, noTimeout},
				{originatedSidecarGRPC, host("grpc.example.com:8080")},
			},
		},
		{
			wrong:   "VirtualService for another namespace",
			because: "what a sidecar does not see does not exist for it",
			change:  set(meshLeg, "spec.exportTo", list("elsewhere")),
			effects: []effect{
				{plainHTTPSidecar, noTimeout},
				{plainHTTPSidecarToo, noTimeout},
				{originatedSidecar, noTimeout},
				{originatedSidecarGRPC, host("grpc.example.com:8080")},
			},
		},
		{
			wrong:   "DestinationRule for another namespace",
			because: "what a sidecar does not see does not exist for it",
			change:  set(origination, "spec.exportTo", list("elsewhere")),
			effects: each([]promise{originatedSidecar, originatedSidecarGRPC},
				func(p promise) becoming { return blocked(noCluster(p.exit)) }),
		},
		{
			wrong:   "route without a port",
			because: "the first route of a VirtualService takes all requests",
			change:  drop(meshLeg, "spec.http.0.match"),
			effects: []effect{{plainHTTPSidecarPort, both(leaves("httpbin.org:80"), timeout("1m30s"))}},
		},
	}
}
