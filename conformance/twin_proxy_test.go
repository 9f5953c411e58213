// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/conformance/cluster"
)

// The promises for what a proxy outside the mesh leads to.
var (
	proxied = promise{
		golden: "tls_passthrough/forward_proxy", from: "payments", call: "https://edition.cnn.com",
		exit: "outbound|443|tunnel-443|edition.cnn.com.443.cnn.tls.news.payments.egress",
	}
	proxiedPort = promise{
		golden: "tls_passthrough/forward_proxy", from: "payments", call: "https://edition.cnn.com:8443",
		exit: "outbound|8443|tunnel-8443|edition.cnn.com.8443.cnn.tls.news.payments.egress",
	}
	proxiedHost = promise{
		golden: "tls_passthrough/forward_proxy", from: "payments", call: "https://www.cnn.com",
		exit: "outbound|443|tunnel-443|www.cnn.com.443.cnn.tls.news.payments.egress",
	}
	proxiedHostPort = promise{
		golden: "tls_passthrough/forward_proxy", from: "payments", call: "https://www.cnn.com:8443",
		exit: "outbound|8443|tunnel-8443|www.cnn.com.8443.cnn.tls.news.payments.egress",
	}
	proxiedPlain = promise{
		golden: "tls_passthrough/forward_proxy", from: "payments", call: "https://www.bbc.co.uk",
		exit: "outbound|443|tunnel-443|www.bbc.co.uk.443.bbc.tls.news.payments.egress",
	}

	proxiedTCP = promise{
		golden: "tcp/forward_proxy", from: "orders", call: "tcp://203.0.113.7:5432",
		exit: "outbound|5432|tunnel-5432|db.example.com.5432.db.tls.data.orders.egress",
	}
	proxiedTCPPlain = promise{
		golden: "tcp/forward_proxy", from: "orders", call: "tcp://203.0.113.8:5672",
		exit: "outbound|5672|tunnel-5672|queue.example.com.5672.queue.tls.data.orders.egress",
	}

	proxiedSidecar = promise{
		golden: "tls_passthrough/forward_proxy_sidecar", from: "payments", call: "https://edition.cnn.com",
		exit: "outbound|443|tunnel-443|edition.cnn.com",
	}
	proxiedSidecarPort = promise{
		golden: "tls_passthrough/forward_proxy_sidecar", from: "payments", call: "https://edition.cnn.com:8443",
		exit: "outbound|8443|tunnel-8443|edition.cnn.com",
	}
	proxiedSidecarHost = promise{
		golden: "tls_passthrough/forward_proxy_sidecar", from: "search", call: "https://www.cnn.com",
		exit: "outbound|443|tunnel-443|www.cnn.com",
	}
	proxiedSidecarHostPort = promise{
		golden: "tls_passthrough/forward_proxy_sidecar", from: "payments", call: "https://www.cnn.com:8443",
		exit: "outbound|8443|tunnel-8443|www.cnn.com",
	}
	proxiedSidecarToo = promise{
		golden: "tls_passthrough/forward_proxy_sidecar", from: "search", call: "https://edition.cnn.com",
		exit: "outbound|443|tunnel-443|edition.cnn.com",
	}
	proxiedSidecarAddress = promise{
		golden: "tls_passthrough/forward_proxy_sidecar", from: "search", call: "https://www.bbc.co.uk",
		exit: "outbound|443|tunnel-443|www.bbc.co.uk",
	}
)

// The promises for proxies in groups.
var (
	proxiedTLS     = []promise{proxied, proxiedPort, proxiedHost, proxiedHostPort, proxiedPlain}
	proxiedBytes   = []promise{proxiedTCP, proxiedTCPPlain}
	atTheGateway   = slices.Concat(proxiedTLS, proxiedBytes)
	proxiedByNames = []promise{proxiedSidecar, proxiedSidecarPort, proxiedSidecarHost, proxiedSidecarHostPort, proxiedSidecarToo}
	atTheSidecar   = slices.Concat(proxiedByNames, []promise{proxiedSidecarAddress})
	throughProxies = slices.Concat(atTheGateway, atTheSidecar)
)

// proxyTwins spoil the way through a proxy outside the mesh.
func proxyTwins() []twin {
	return []twin{
		{
			wrong:   "no DestinationRule for the tunnel",
			because: "the subset is missing, so that nothing gets to the proxy that did not ask it for the host",
			change:  remove(origination),
			effects: each(throughProxies, func(p promise) becoming { return blocked(noCluster(p.exit)) }),
		},
		{
			wrong:   "DestinationRule for the tunnel not exported to whoever opens it",
			because: "what a proxy of the mesh does not see does not exist for it",
			change:  set(origination, "spec.exportTo", list("elsewhere")),
			effects: each(throughProxies, func(p promise) becoming { return blocked(noCluster(p.exit)) }),
		},
		{
			wrong:   "subset without a tunnel",
			because: "the proxy gets the bytes of the application, and is not asked for the host",
			change:  drop(origination, "spec.subsets.*.trafficPolicy"),
			effects: each(throughProxies, func(promise) becoming { return notAsked }),
		},
		{
			wrong:   "route that does not name the subset of the tunnel",
			because: "the proxy gets the bytes of the application, and is not asked for the host",
			change:  dropAny(tunnelLeg, "spec.tls.*.route.*.destination.subset", "spec.tcp.*.route.*.destination.subset"),
			effects: each(throughProxies, func(promise) becoming { return notAsked }),
		},
		{
			wrong:   "tunnel to another host",
			because: "the proxy leads wherever it is asked to",
			change:  set(origination, "spec.subsets.*.trafficPolicy.tunnel.targetHost", "other.example.com"),
			effects: each(throughProxies, func(promise) becoming { return asksFor("other.example.com", "") }),
		},
		{
			wrong:   "tunnel to the port of the proxy",
			because: "the proxy is asked for that port of the host",
			change:  set(origination, "spec.subsets.*.trafficPolicy.tunnel.targetPort", 3128),
			effects: each(throughProxies, func(promise) becoming { return asksFor("", "3128") }),
		},
		{
			wrong:   "endpoint without the port of the proxy",
			because: "the proxy is called on the port of the host",
			change:  oneOf(drop(lane, "spec.endpoints.*.ports"), drop(declaration, "spec.endpoints.*.ports")),
			effects: each(throughProxies, func(promise) becoming { return onThePortOfTheHost }),
		},
		{
			wrong:   "endpoint that is not the proxy",
			because: "nobody there understands CONNECT, even if it is the host itself",
			change: oneOf(
				set(lane, "spec.endpoints.*.address", "203.0.113.80"),
				set(declaration, "spec.endpoints.*.address", "203.0.113.80"),
			),
			effects: each(throughProxies, func(promise) becoming { return elsewhere("203.0.113.80") }),
		},
		{
			wrong:   "no lane to the proxy",
			because: "the gateway has no cluster for a host that nothing declares",
			change:  remove(lane),
			effects: each(atTheGateway, func(p promise) becoming { return blocked(noCluster(p.exit)) }),
		},
		{
			wrong:   "no VirtualService that leads the sidecar into the tunnel",
			because: "the proxy gets the TLS of the application, and is not asked for the host",
			change:  remove(meshLeg),
			effects: each(atTheSidecar, func(promise) becoming { return notAsked }),
		},
		{
			wrong:   "VirtualService of the tunnel for another namespace",
			because: "what a sidecar does not see does not exist for it",
			change:  set(meshLeg, "spec.exportTo", list("elsewhere")),
			effects: each(atTheSidecar, func(promise) becoming { return notAsked }),
		},
		{
			wrong:   "route of the tunnel without a port",
			because: "the route of the first port takes the calls to the others as well, and the proxy is asked for that port",
			change:  drop(meshLeg, "spec.tls.0.match.0.port"),
			effects: each([]promise{proxiedSidecarPort, proxiedSidecarHostPort}, func(promise) becoming { return asksFor("", "443") }),
		},
		{
			wrong:   "no ServiceEntry for what the proxy leads to",
			because: "what nothing declares is refused",
			change:  remove(declaration),
			effects: each(throughProxies, func(promise) becoming { return blocked("BlackHoleCluster") }),
		},
	}
}

// tunnelLeg is a route that leads into a tunnel.
func tunnelLeg(m cluster.Manifest) bool { return strings.Contains(m.YAML, "subset: tunnel-") }

// dropAny removes fields from all objects of a role, whichever of them there are.
func dropAny(r role, paths ...string) mutation {
	return change(r, func(object map[string]any) bool {
		found := false
		for _, path := range paths {
			found = at(object, path, func(parent map[string]any, key string) bool {
				_, had := parent[key]
				delete(parent, key)
				return had
			}) || found
		}
		return found
	})
}

// notAsked is a call whose bytes get to the proxy as they are.
func notAsked(o *calls.Outcome) { o.Connect = "" }

// asksFor is a call for which the proxy is asked for another host or port.
func asksFor(host, port string) becoming {
	return func(o *calls.Outcome) {
		was := strings.Split(o.Connect, ":")
		if host != "" {
			was[0] = host
		}
		if port != "" {
			was[1] = port
		}
		o.Connect = strings.Join(was, ":")
	}
}

// onThePortOfTheHost is a call to the proxy on the port that it is asked for.
func onThePortOfTheHost(o *calls.Outcome) {
	proxy, _, _ := strings.Cut(o.Leaves, ":")
	_, port, _ := strings.Cut(o.Connect, ":")
	o.Leaves = proxy + ":" + port
}

// elsewhere is a call that leaves to another address, on the same port.
func elsewhere(address string) becoming {
	return func(o *calls.Outcome) {
		_, port, _ := strings.Cut(o.Leaves, ":")
		o.Leaves = address + ":" + port
	}
}
