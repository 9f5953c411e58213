// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"slices"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/conformance/cluster"
)

// The promises for destinations with a traffic policy, and for those with endpoints.
var (
	limited        = promise{golden: "http/traffic_policy", from: "payments", call: "http://httpbin.org"}
	limitedTLS     = promise{golden: "tls_passthrough/traffic_policy", from: "payments", call: "https://edition.cnn.com"}
	limitedPlain   = promise{golden: "tls_passthrough/traffic_policy", from: "payments", call: "https://www.bbc.co.uk"}
	limitedSidecar = promise{golden: "tls_passthrough/traffic_policy", from: "payments", call: "https://www.theguardian.com"}

	limitedOrigination = promise{golden: "tls_origination/traffic_policy_sidecar", from: "payments", call: "http://api.stripe.com"}
	limitedBeside      = promise{golden: "tls_origination/traffic_policy_sidecar", from: "payments", call: "http://api.stripe.com:8080"}
	limitedTLSBeside   = promise{golden: "tls_origination/traffic_policy_sidecar", from: "payments", call: "https://api.stripe.com"}

	failoverWest        = failoverFrom("tls_origination/failover", "http://api.partner.example", "eu-west1/b")
	failoverNorth       = failoverFrom("tls_origination/failover", "http://api.partner.example", "eu-north1/a")
	failoverEast        = failoverFrom("tls_origination/failover", "http://api.partner.example", "us-east1")
	failoverSidecar     = failoverFrom("tls_passthrough/failover_sidecar", "https://api.partner.example", "eu-west1/b")
	failoverSidecarPort = failoverFrom("tls_passthrough/failover_sidecar", "https://api.partner.example:8443", "eu-west1")
	failoverSidecarEast = failoverFrom("tls_passthrough/failover_sidecar", "https://api.partner.example", "us-east1")

	failovers = []promise{failoverWest, failoverNorth, failoverEast, failoverSidecar, failoverSidecarPort, failoverSidecarEast}
	// unranked are the same calls from where nothing is known of the region.
	unranked = []promise{
		failoverFrom("tls_origination/failover", "http://api.partner.example", ""),
		failoverFrom("tls_passthrough/failover_sidecar", "https://api.partner.example", ""),
	}

	endpoint = promise{
		golden: "tls_passthrough/endpoints", from: "payments", call: "https://api.bank.example",
		lane: "api.bank.example.443.bank.tls.partners.payments.egress",
	}
	endpointPort = promise{
		golden: "tls_passthrough/endpoints", from: "payments", call: "https://api.bank.example:9443",
		lane: "api.bank.example.9443.bank.tls.partners.payments.egress",
	}
	endpointPlain = promise{
		golden: "tls_passthrough/endpoints", from: "payments", call: "https://api.broker.example",
		lane: "api.broker.example.443.broker.tls.partners.payments.egress",
	}
	endpointSidecar     = promise{golden: "tls_passthrough/endpoints", from: "payments", call: "https://api.clearing.example"}
	endpointSidecarPort = promise{golden: "tls_passthrough/endpoints", from: "payments", call: "https://api.clearing.example:9443"}
	endpointHTTP        = promise{
		golden: "http/endpoints", from: "payments", call: "http://httpbin.org",
		lane: "httpbin.org.80.httpbin.http.web.payments.egress",
	}
	endpointHTTPPort = promise{
		golden: "http/endpoints", from: "payments", call: "http://httpbin.org:8000",
		lane: "httpbin.org.8000.httpbin.http.web.payments.egress",
	}
	endpointHTTPPlain = promise{
		golden: "http/endpoints", from: "payments", call: "http://plain.example:8080",
		lane: "plain.example.8080.plain.http.web.payments.egress",
	}
	endpointHTTPSidecar = promise{golden: "http/endpoints", from: "payments", call: "http://direct.example"}
	inCluster           = promise{
		golden: "tls_origination/endpoints", from: "payments", call: "http://my-nginx.example.com",
		lane: "my-nginx.example.com.80.nginx.http.cards.payments.egress",
	}
	endpointOrigination = promise{golden: "tls_origination/endpoints", from: "payments", call: "http://api.partner.example"}
)

func failoverFrom(golden, call, locality string) promise {
	return promise{golden: golden, from: "payments", call: call, locality: locality}
}

// noPolicy is a call that nothing limits.
func noPolicy(o *calls.Outcome) { o.Policy = nil }

// policyTwins spoil how connections are limited and spread.
func policyTwins() []twin {
	return []twin{
		{
			wrong:   "policy above the settings of a port alone",
			because: "Istio takes the settings of a port instead of those above, and does not add them up",
			change: allOf(
				drop(origination, "spec.trafficPolicy.portLevelSettings.*.connectionPool"),
				drop(origination, "spec.trafficPolicy.portLevelSettings.*.outlierDetection"),
			),
			effects: []effect{{limitedOrigination, noPolicy}},
		},
		{
			wrong:   "policy in the settings of a port alone",
			because: "they say nothing of other ports",
			change: allOf(
				drop(origination, "spec.trafficPolicy.connectionPool"),
				drop(origination, "spec.trafficPolicy.outlierDetection"),
			),
			effects: []effect{{limitedBeside, noPolicy}, {limitedTLSBeside, noPolicy}},
		},
		{
			wrong:   "no DestinationRule for the policy",
			because: "nothing else has the policy; TLS is not opened either",
			change:  remove(origination),
			effects: []effect{{limited, noPolicy}, {limitedTLS, noPolicy}, {limitedPlain, noPolicy}, {limitedSidecar, noPolicy}},
		},
		{
			wrong:   "policy for another namespace",
			because: "what a proxy does not see does not exist for it",
			change:  set(origination, "spec.exportTo", list("elsewhere")),
			effects: []effect{{limited, noPolicy}, {limitedTLS, noPolicy}, {limitedPlain, noPolicy}, {limitedSidecar, noPolicy}},
		},
		{
			wrong:   "policy for the host instead of its lane",
			because: "the gateway knows the host by its lane alone",
			change:  set(origination, "spec.host", "httpbin.org"),
			effects: []effect{{limited, noPolicy}},
		},
		{
			wrong:   "policy for the hop instead of the last leg",
			because: "it then limits all traffic to the gateway, of all destinations, and none to the host",
			change: allOf(
				set(hopRule, "spec.trafficPolicy", map[string]any{
					"connectionPool": map[string]any{"tcp": map[string]any{"maxConnections": 1}},
				}),
				remove(origination),
			),
			effects: []effect{{limited, noPolicy}},
		},
		{
			wrong:   "failover without outlier detection",
			because: "no endpoint ever counts as failed, so that Istio does not rank them",
			change:  drop(origination, "spec.trafficPolicy.outlierDetection"),
			effects: slices.Concat(
				each(failovers, func(promise) becoming { return both(noPolicy, noFailover) }),
				each(unranked, func(promise) becoming { return noPolicy }),
			),
		},
		{
			wrong:   "failover without regions",
			because: "Istio prefers the own region, and takes all others at once",
			change:  drop(origination, "spec.trafficPolicy.loadBalancer"),
			effects: []effect{
				{failoverWest, failover([]string{"eu-west.partner.example:8443"}, []string{"eu-north.partner.example:443", "us-east.partner.example:443"})},
				{failoverNorth, failover([]string{"eu-north.partner.example:443"}, []string{"eu-west.partner.example:8443", "us-east.partner.example:443"})},
				{failoverSidecar, failover([]string{"198.51.100.7:443"}, []string{"198.51.100.8:443", "203.0.113.7:443"})},
				{failoverSidecarPort, failover([]string{"198.51.100.7:8443"}, []string{"198.51.100.8:8443", "203.0.113.7:8443"})},
			},
		},
		{
			wrong:   "endpoints without localities",
			because: "there is nothing to rank",
			change:  oneOf(drop(lane, "spec.endpoints.*.locality"), drop(declaration, "spec.endpoints.*.locality")),
			effects: each(failovers, func(promise) becoming { return noFailover }),
		},
	}
}

// endpointTwins spoil where traffic really goes.
func endpointTwins() []twin {
	return []twin{
		{
			wrong:   "endpoints without ports of their own",
			because: "they then have the port that the pattern says",
			change:  allOf(drop(lane, "spec.endpoints.*.ports"), drop(declaration, "spec.endpoints.*.ports")),
			effects: []effect{
				{endpoint, leaves("a.front.bank.example:443 b.front.bank.example:443")},
				{endpointPlain, leaves("198.51.100.7:443 198.51.100.8:443")},
				{endpointSidecar, leaves("[2001:db8::7]:443 front.clearing.example:443")},
				{endpointHTTP, leaves("eu.httpbin.org:80")},
				{endpointHTTPPlain, leaves("198.51.100.7:8080 198.51.100.8:8080")},
				{endpointHTTPSidecar, leaves("198.51.100.9:80")},
				{endpointOrigination, leaves("198.51.100.7:443 198.51.100.8:443")},
			},
		},
		{
			wrong:   "port of an endpoint by the name of another",
			because: "the names are those of the ServiceEntry's ports",
			change:  set(declaration, "spec.endpoints.1.ports", map[string]any{"tls-9443": 8443}),
			effects: []effect{
				{endpointSidecar, leaves("[2001:db8::7]:443 front.clearing.example:443")},
				{endpointSidecarPort, leaves("[2001:db8::7]:9443 front.clearing.example:8443")},
			},
		},
		{
			wrong:   "no endpoints",
			because: "the name of a lane is made up and resolves to nothing",
			change:  drop(lane, "spec.endpoints"),
			effects: []effect{
				{endpoint, leaves(endpoint.lane + ":443")},
				{endpointPort, leaves(endpointPort.lane + ":9443")},
				{endpointPlain, blocked(noEndpoints("outbound|443||" + endpointPlain.lane))},
				{endpointHTTP, leaves(endpointHTTP.lane + ":80")},
				{endpointHTTPPort, leaves(endpointHTTPPort.lane + ":8000")},
				{endpointHTTPPlain, blocked(noEndpoints("outbound|8080||" + endpointHTTPPlain.lane))},
				{inCluster, leaves(inCluster.lane + ":443")},
			},
		},
		{
			wrong:   "no targetPort beside endpoints",
			because: "endpoints without a port of their own have the port where TLS is spoken",
			change:  allOf(drop(lane, "spec.ports.*.targetPort"), drop(declaration, "spec.ports.*.targetPort")),
			effects: []effect{{endpointOrigination, leaves("198.51.100.7:8443 198.51.100.8:80")}},
		},
		{
			wrong:   "endpoints for the sidecars of a gateway's clients",
			because: "should the route to the gateway be missing, calls leave past it",
			change: allOf(
				remove(meshLeg),
				set(func(m cluster.Manifest) bool { return declaration(m) && field(m, "endpoints") == nil },
					"spec.endpoints", list(map[string]any{"address": "198.51.100.66"})),
			),
			effects: []effect{
				{endpoint, past("198.51.100.66:443")},
				{endpointPort, past("198.51.100.66:9443")},
				{endpointPlain, past("198.51.100.66:443")},
			},
		},
	}
}

// past is a connection that the sidecar lets out past the gateway.
func past(address string) becoming {
	return becomes(calls.Outcome{Through: calls.Sidecar, Leaves: address})
}

// failover is a call whose endpoints are used in another order.
func failover(groups ...[]string) becoming {
	return func(o *calls.Outcome) { o.Failover = groups }
}

// noFailover is a call whose endpoints are all used at once.
func noFailover(o *calls.Outcome) { o.Failover = nil }
