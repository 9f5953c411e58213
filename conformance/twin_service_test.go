// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/conformance/cluster"
)

// The promises for Services of the cluster that stand for hosts outside. exit is the cluster of the Service.
var (
	aliasShort      = promise{golden: "http/service_external_name", from: "payments", call: "http://httpbin"}
	aliasToo        = promise{golden: "http/service_external_name", from: "search", call: "http://httpbin.payments"}
	aliasPort       = promise{golden: "http/service_external_name", from: "payments", call: "http://httpbin.payments.svc:8000"}
	aliasFull       = promise{golden: "http/service_external_name", from: "payments", call: "http://httpbin.payments.svc.cluster.local"}
	aliased         = promise{golden: "http/service_external_name", from: "search", call: "http://httpbin.org"}
	aliasGateway    = promise{golden: "http/service_external_name_gateway", from: "payments", call: "http://httpbin"}
	aliasMutual     = promise{golden: "http/service_external_name_gateway", from: "search", call: "http://httpbin.payments.svc.cluster.local:8000"}
	aliasPlain      = promise{golden: "http/service_external_name_gateway", from: "payments", call: "http://plain.payments.svc"}
	aliasTLS        = promise{golden: "tls_origination/service_external_name", from: "payments", call: "http://stripe.payments.svc.cluster.local"}
	aliasTLSShort   = promise{golden: "tls_origination/service_external_name", from: "payments", call: "http://stripe"}
	aliasTLSGateway = promise{golden: "tls_origination/service_external_name", from: "payments", call: "http://adyen.payments"}

	serviceHTTP = promise{
		golden: "http/service_endpoints", from: "payments", call: "http://httpbin",
		exit: "outbound|80||httpbin.payments.svc.cluster.local",
	}
	serviceToo = promise{
		golden: "http/service_endpoints", from: "search", call: "http://httpbin.payments.svc:8000",
		exit: "outbound|8000||httpbin.payments.svc.cluster.local",
	}
	serviceUnnamed = promise{
		golden: "http/service_endpoints", from: "payments", call: "http://legacy.payments",
		exit: "outbound|80||legacy.payments.svc.cluster.local",
	}
	serviceOfOthers = promise{golden: "http/service_endpoints", from: "search", call: "http://legacy.payments"}
	serviceHidden   = promise{golden: "http/service_endpoints", from: "web", call: "http://httpbin.payments"}

	serviceTLS = promise{
		golden: "tls_passthrough/service_endpoints", from: "payments", call: "https://wikipedia",
		exit: "outbound|443||wikipedia.payments.svc.cluster.local",
	}
	serviceTLSToo = promise{
		golden: "tls_passthrough/service_endpoints", from: "search", call: "https://wikipedia.payments.svc:8443",
		exit: "outbound|8443||wikipedia.payments.svc.cluster.local",
	}
	serviceTLSHidden = promise{golden: "tls_passthrough/service_endpoints", from: "web", call: "https://wikipedia.payments"}

	serviceOrigination = promise{
		golden: "tls_origination/service_endpoints", from: "payments", call: "http://stripe",
		exit: "outbound|80|tls|stripe.payments.svc.cluster.local",
	}
	serviceOriginationToo = promise{
		golden: "tls_origination/service_endpoints", from: "search", call: "http://stripe.payments.svc.cluster.local",
		exit: "outbound|80|tls|stripe.payments.svc.cluster.local",
	}
	serviceOriginationTLS = promise{
		golden: "tls_origination/service_endpoints", from: "payments", call: "https://stripe.payments",
		exit: "outbound|443||stripe.payments.svc.cluster.local",
	}
	serviceOriginationHidden    = promise{golden: "tls_origination/service_endpoints", from: "web", call: "http://stripe.payments"}
	serviceOriginationTLSHidden = promise{golden: "tls_origination/service_endpoints", from: "web", call: "https://stripe.payments"}

	serviceTCP = promise{
		golden: "tcp/service_endpoints", from: "payments", call: "tcp://postgres:5432",
		exit: "outbound|5432||postgres.payments.svc.cluster.local",
	}
	serviceTCPToo = promise{
		golden: "tcp/service_endpoints", from: "search", call: "tcp://postgres.payments.svc.cluster.local:6432",
		exit: "outbound|6432||postgres.payments.svc.cluster.local",
	}
	serviceTCPOther = promise{
		golden: "tcp/service_endpoints", from: "payments", call: "tcp://redis.payments:6379",
		exit: "outbound|6379||redis.payments.svc.cluster.local",
	}
	serviceTCPOfOthers = promise{golden: "tcp/service_endpoints", from: "search", call: "tcp://redis.payments:6379"}
	serviceTCPHidden   = promise{golden: "tcp/service_endpoints", from: "web", call: "tcp://postgres.payments:5432"}

	serviceRequests    = []promise{serviceHTTP, serviceToo, serviceUnnamed}
	serviceOriginated  = []promise{serviceOrigination, serviceOriginationToo}
	serviceConnections = []promise{serviceTLS, serviceTLSToo, serviceOriginationTLS, serviceTCP, serviceTCPToo, serviceTCPOther}
	services           = slices.Concat(serviceRequests, serviceOriginated, serviceConnections)
)

func isService(m cluster.Manifest) bool { return m.Object.GetKind() == "Service" }

func isSlice(m cluster.Manifest) bool { return m.Object.GetKind() == "EndpointSlice" }

// allServicesMutual is what somebody may write to have mutual TLS in the whole cluster.
const allServicesMutual = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: by-hand, namespace: istio-system}
spec:
  host: "*.local"
  trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}
`

// serviceTwins spoil the Services that stand for hosts outside.
func serviceTwins() []twin {
	return []twin{
		{
			wrong:   "EndpointSlice without the label",
			because: "the label says which Service it belongs to",
			change:  drop(isSlice, "metadata.labels"),
			effects: each(services, func(p promise) becoming { return blocked(noEndpoints(p.exit)) }),
		},
		{
			wrong:   "EndpointSlice with other names of its ports",
			because: "a port of a Service finds that of its endpoints by name",
			change:  set(isSlice, "ports.*.name", "other"),
			effects: each(services, func(p promise) becoming { return blocked(noEndpoints(p.exit)) }),
		},
		{
			wrong:   "no EndpointSlice",
			because: "a Service without a selector has no endpoints of its own",
			change:  remove(isSlice),
			effects: each(services, func(p promise) becoming { return blocked(noEndpoints(p.exit)) }),
		},
		{
			wrong:   "port of the Service in the EndpointSlice",
			because: "targetPort of a Service without a selector is a comment: the endpoints have the port that is called",
			change:  set(isSlice, "ports.0.port", 80),
			effects: each(serviceOriginated, func(promise) becoming { return leaves("203.0.113.7:80") }),
		},
		{
			wrong:   "another targetPort of the Service",
			because: "it is a comment: the endpoints have the port that is called",
			change:  set(isService, "spec.ports.*.targetPort", 9999),
			effects: each(services, func(promise) becoming { return keeps }),
		},
		{
			wrong:   "no Service",
			because: "the name resolves to nothing that the mesh knows; a route for its full name has no cluster to lead to",
			change:  remove(isService),
			effects: slices.Concat(
				each([]promise{serviceHTTP, serviceUnnamed, serviceOrigination}, func(promise) becoming { return blocked("502 block_all") }),
				[]effect{{serviceToo, blocked("BlackHoleCluster")}, {serviceOriginationToo, blocked(noCluster(serviceOriginationToo.exit))}},
				each(serviceConnections, func(promise) becoming { return blocked("BlackHoleCluster") }),
				each([]promise{aliasShort, aliasToo, aliasPort, aliasFull, aliasGateway, aliasMutual, aliasPlain, aliasTLS,
					aliasTLSShort, aliasTLSGateway}, func(promise) becoming { return blocked("502 block_all") }),
			),
		},
		{
			wrong:   "Service for every namespace",
			because: "where the DestinationRule is not, what is to be TLS leaves in plain text, and what is closed is open",
			change:  drop(isService, "metadata.annotations"),
			effects: []effect{
				{serviceOriginationHidden, becomes(calls.Outcome{Through: calls.Sidecar, Leaves: "203.0.113.7:8443", Host: "stripe.payments"})},
				{serviceOriginationTLSHidden, becomes(calls.Outcome{Through: calls.Sidecar, Leaves: "203.0.113.7:443"})},
				{serviceHidden, becomes(calls.Outcome{
					Through: calls.Sidecar, Leaves: "198.51.100.7:80 198.51.100.8:80", Host: "httpbin.payments",
				})},
				{serviceOfOthers, becomes(calls.Outcome{Through: calls.Sidecar, Leaves: "198.51.100.9:80", Host: "legacy.payments"})},
				{serviceTLSHidden, becomes(calls.Outcome{
					Through: calls.Sidecar, Leaves: "185.15.59.224:443 91.198.174.192:443 [2620:0:862:ed1a::1]:443",
				})},
				{serviceTCPHidden, becomes(calls.Outcome{Through: calls.Sidecar, Leaves: "203.0.113.7:5432 203.0.113.8:5432"})},
				{serviceTCPOfOthers, becomes(calls.Outcome{Through: calls.Sidecar, Leaves: "203.0.113.9:6379"})},
			},
		},
		{
			wrong:   "mutual TLS for all Services by hand",
			because: "the DestinationRule of the Service is more specific, and says what TLS there is",
			change:  add(allServicesMutual),
			effects: each(services, func(promise) becoming { return keeps }),
		},
		{
			wrong:   "mutual TLS for all Services by hand, and a DestinationRule that does not say plain text",
			because: "a host outside has no certificate of the mesh",
			change:  allOf(remove(origination), add(allServicesMutual)),
			effects: slices.Concat(
				each(serviceRequests, meshTLS),
				each([]promise{serviceTLS, serviceTLSToo}, func(p promise) becoming { return both(meshTLS(p), doubleTLS) }),
				each([]promise{serviceTCP, serviceTCPToo, serviceTCPOther}, meshTLS),
			),
		},
		{
			wrong:   "TLS for the whole Service",
			because: "at the top of the DestinationRule it concerns the port for TLS as well",
			change: allOf(
				move(origination, "spec.trafficPolicy.portLevelSettings.0.tls", "spec.trafficPolicy.tls"),
				drop(origination, "spec.trafficPolicy.portLevelSettings"),
			),
			effects: []effect{{serviceOriginationTLS, encryptedTwice("api.stripe.com")}},
		},
		{
			wrong:   "no DestinationRule for the Service",
			because: "the subset is missing, so that nothing leaves in plain text",
			change:  remove(origination),
			effects: each(serviceOriginated, func(p promise) becoming { return blocked(noCluster(p.exit)) }),
		},
		{
			wrong:   "host not rewritten for the Service",
			because: "the host outside does not know the names of the Service",
			change:  drop(meshLeg, "spec.http.*.rewrite"),
			effects: []effect{
				{serviceHTTP, host("httpbin")},
				{serviceToo, host("httpbin.payments.svc:8000")},
				{serviceOrigination, host("stripe")},
				{serviceOriginationToo, host("stripe.payments.svc.cluster.local")},
				{aliasShort, host("httpbin")},
				{aliasToo, host("httpbin.payments")},
				{aliasPort, host("httpbin.payments.svc:8000")},
				{aliasFull, host("httpbin.payments.svc.cluster.local")},
			},
		},
		{
			wrong:   "port of the Service that is named for TCP",
			because: "the sidecar does not read its requests, so that no route applies to them: none is rewritten or repeated",
			change:  allOf(set(isService, "spec.ports.0.name", "tcp"), set(isSlice, "ports.0.name", "tcp")),
			effects: []effect{
				{serviceHTTP, asItIs("httpbin")},
				{serviceUnnamed, asItIs("legacy.payments")},
				{serviceOrigination, asItIs("stripe")},
				{serviceOriginationToo, asItIs("stripe.payments.svc.cluster.local")},
			},
		},
		{
			wrong:   "no ServiceEntry for the host of an alias",
			because: "an alias of what nobody declares is unknown; the host itself has a route, on port 80, and no cluster",
			change:  remove(declaration),
			effects: slices.Concat(
				each([]promise{aliasShort, aliasToo, aliasFull}, func(promise) becoming { return blocked("502 block_all") }),
				[]effect{{aliasPort, blocked("BlackHoleCluster")}, {aliased, blocked(noCluster("outbound|80||httpbin.org"))}},
			),
		},
	}
}

// meshTLS is a call to a Service for which the sidecar opens the TLS of the mesh.
func meshTLS(p promise) becoming {
	return func(o *calls.Outcome) {
		o.TLS = &calls.TLS{SNI: strings.ReplaceAll(p.exit, "|", "_."), CA: "ROOTCA", Certificate: "default"}
	}
}

// doubleTLS is a call whose TLS is put into another.
func doubleTLS(o *calls.Outcome) { o.Defect = "encrypted twice" }

// asItIs is a request that the sidecar carries as bytes.
func asItIs(name string) becoming {
	return func(o *calls.Outcome) { o.Host, o.Timeout, o.Retries = name, "", &calls.Retries{} }
}
