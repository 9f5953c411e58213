// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"fmt"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/conformance/cluster"
)

// The promises for names below a wildcard, and for concrete hosts beside them.
var (
	wildcard = promise{
		golden: "tls_passthrough/wildcard_gateway", from: "payments", call: "https://en.wikipedia.org",
		sni:  "wikipedia.org.443.wikipedia.wildcard.wiki.payments.egress",
		bind: 8443,
		lane: "wikipedia.org.443.wikipedia.wildcard.wiki.payments.egress",
		exit: "outbound|443||wikipedia.org.443.wikipedia.wildcard.wiki.payments.egress",
	}
	wildcardDeep  = promise{golden: "tls_passthrough/wildcard_gateway", from: "payments", call: "https://de.m.wikipedia.org"}
	belowWildcard = promise{golden: "tls_passthrough/wildcard_gateway", from: "payments", call: "https://upload.wikipedia.org"}
	wildcardPlain = promise{
		golden: "tls_passthrough/wildcard_plaintext_hop", from: "payments", call: "https://en.wikipedia.org",
		sni:  "en.wikipedia.org",
		bind: 8443,
		lane: "wikipedia.org.443.wikipedia.wildcard.wiki.payments.egress",
		exit: "outbound|443||wikipedia.org.443.wikipedia.wildcard.wiki.payments.egress",
	}
	wildcardSidecar   = promise{golden: "tls_passthrough/wildcard_sidecar", from: "payments", call: "https://en.wikipedia.org"}
	wildcardSidecarAt = promise{
		golden: "tls_passthrough/wildcard_sidecar", from: "payments", call: "https://en.wikipedia.org", address: "192.0.2.1",
	}
	wildcardSidecarPort = promise{golden: "tls_passthrough/wildcard_sidecar", from: "payments", call: "https://en.wikipedia.org:8443"}
	besideWildcard      = promise{golden: "tls_passthrough/wildcard_sidecar", from: "payments", call: "https://www.wikimedia.org"}
	concreteBelow       = promise{golden: "tls_passthrough/wildcard_sidecar", from: "payments", call: "https://upload.wikipedia.org"}
	wildcardOpen        = promise{
		golden: "tls_passthrough/wildcard_sidecar_before_dynamic_dns", from: "payments", call: "https://en.wikipedia.org",
		address: "198.51.100.7",
	}
	wildcardOpenToo = promise{
		golden: "tls_passthrough/wildcard_sidecar_before_dynamic_dns", from: "payments", call: "https://en.wikipedia.org",
		address: "192.0.2.1",
	}
	wildcardServer = promise{
		golden: "tls_passthrough/wildcard_server_sidecar", from: "payments", call: "https://en.wikipedia.org", address: "192.0.2.1",
	}
	wildcardHTTP     = promise{golden: "http/wildcard_server_sidecar", from: "payments", call: "http://en.wikipedia.org"}
	wildcardHTTPPort = promise{golden: "http/wildcard_server_sidecar", from: "payments", call: "http://en.wikipedia.org:8080"}

	wildcardsAtGateway = []promise{wildcard, wildcardDeep, wildcardPlain}
)

// ofWildcard keeps the objects of a role that serve a wildcard.
func ofWildcard(r role) role {
	return func(m cluster.Manifest) bool {
		hosts, _ := field(m, "hosts").([]any)
		return r(m) && slices.ContainsFunc(hosts, func(h any) bool {
			name := fmt.Sprint(h)
			return strings.HasPrefix(name, "*.") || strings.Contains(name, ".wildcard.")
		})
	}
}

// exitToWildcard lets the gateway leave to the wildcard itself, which it knows with a resolution.
func exitToWildcard(resolution string) mutation {
	return allOf(
		oneOf(
			set(ofWildcard(exitLeg), "spec.tcp.*.route.*.destination.host", "*.wikipedia.org"),
			set(ofWildcard(exitLeg), "spec.tls.*.route.*.destination.host", "*.wikipedia.org"),
		),
		set(ofWildcard(lane), "spec.hosts", list("*.wikipedia.org")),
		set(ofWildcard(lane), "spec.resolution", resolution),
		drop(ofWildcard(lane), "spec.endpoints"),
	)
}

// wildcardTwins spoil what leads to every name below a domain.
func wildcardTwins() []twin {
	const itself = "outbound|443||*.wikipedia.org"
	return []twin{
		{
			wrong:   "exit to the wildcard, which the gateway does not know",
			because: "what the clients know of the wildcard is theirs alone",
			change: oneOf(
				set(ofWildcard(exitLeg), "spec.tcp.*.route.*.destination.host", "*.wikipedia.org"),
				set(ofWildcard(exitLeg), "spec.tls.*.route.*.destination.host", "*.wikipedia.org"),
			),
			effects: each(wildcardsAtGateway, func(promise) becoming { return blocked(noCluster(itself)) }),
		},
		{
			wrong:   "exit to the wildcard, with resolution NONE",
			because: "at a gateway the address that was called is the gateway's own; Istio leaves such a cluster empty",
			change:  exitToWildcard("NONE"),
			effects: each(wildcardsAtGateway, func(promise) becoming { return blocked(noEndpoints(itself)) }),
		},
		{
			wrong:   "exit to the wildcard, with resolution DYNAMIC_DNS",
			because: "gateways have no filter that looks the server name up",
			change:  exitToWildcard("DYNAMIC_DNS"),
			effects: each(wildcardsAtGateway, func(promise) becoming { return blocked(notLookedUp) }),
		},
		{
			wrong:   "lane of a wildcard without an endpoint",
			because: "the name of a lane is made up and resolves to nothing",
			change:  drop(ofWildcard(lane), "spec.endpoints"),
			effects: each(wildcardsAtGateway, func(promise) becoming { return leaves(wildcard.lane + ":443") }),
		},
		{
			wrong:   "SNI of the server instead of the wildcard",
			because: "applications ask for the names below the wildcard, and no route takes them",
			change:  set(ofWildcard(meshLeg), "spec.tls.*.match.*.sniHosts", list("www.wikipedia.org")),
			effects: each(wildcardsAtGateway, func(promise) becoming { return blocked("BlackHoleCluster") }),
		},
		{
			wrong:   "server for the domain instead of the names below it",
			because: "without mutual TLS the gateway sees the SNI of the application",
			change: allOf(
				set(server, "spec.servers.1.hosts", list("wikipedia.org")),
				set(ofWildcard(exitLeg), "spec.tls.*.match.*.sniHosts", list("wikipedia.org")),
				set(ofWildcard(exitLeg), "spec.hosts", list("wikipedia.org")),
			),
			effects: []effect{{wildcardPlain, blocked(noChain(8443, "en.wikipedia.org"))}},
		},
		{
			wrong:   "no VirtualService for the mesh for a host below a wildcard",
			because: "that of the wildcard takes its calls as well",
			change:  remove(func(m cluster.Manifest) bool { return meshLeg(m) && withName("payments--wiki--upload")(m) }),
			effects: []effect{{belowWildcard, leaves("www.wikipedia.org:443")}},
		},
		{
			wrong:   "wildcard with resolution NONE",
			because: "the call goes wherever the application says that the name is",
			change: oneOf(
				allOf(drop(ofWildcard(declaration), "spec.endpoints"), set(ofWildcard(declaration), "spec.resolution", "NONE")),
				set(ofWildcard(declaration), "spec.resolution", "NONE"),
			),
			effects: []effect{
				{wildcardSidecar, leaves("203.0.113.254:443")},
				{wildcardSidecarAt, leaves("192.0.2.1:443")},
				{wildcardSidecarPort, leaves("203.0.113.254:8443")},
				{wildcardServer, leaves("192.0.2.1:443")},
				{wildcardHTTP, leaves("203.0.113.254:80")},
				{wildcardHTTPPort, leaves("203.0.113.254:8080")},
			},
		},
		{
			wrong:   "wildcard with resolution STATIC and no endpoints",
			because: "that is what it is for the clients of a gateway: nothing leaves past it",
			change: oneOf(
				allOf(drop(ofWildcard(declaration), "spec.endpoints"), set(ofWildcard(declaration), "spec.resolution", "STATIC")),
				set(ofWildcard(declaration), "spec.resolution", "STATIC"),
			),
			effects: each(
				[]promise{wildcardSidecar, wildcardSidecarAt, wildcardSidecarPort, wildcardOpen, wildcardOpenToo, wildcardServer,
					wildcardHTTP, wildcardHTTPPort},
				func(p promise) becoming { return blocked(noEndpoints("outbound|" + port(p) + "||*.wikipedia.org")) },
			),
		},
		{
			wrong: "tls route to a wildcard that is looked up",
			because: "Istio then leaves out the filter that looks the server name up; and the route takes the calls of the " +
				"concrete host below, which has none of its own",
			change: add(wildcardByHand),
			effects: each([]promise{wildcardSidecar, wildcardSidecarAt, concreteBelow},
				func(promise) becoming { return blocked(notLookedUp) }),
		},
		{
			wrong:   "concrete host with resolution NONE",
			because: "the call goes wherever the application says that the host is",
			change:  set(withName("payments--wiki--wikipedia"), "spec.resolution", "NONE"),
			effects: []effect{{besideWildcard, leaves("203.0.113.254:443")}},
		},
		{
			wrong:   "no ServiceEntry for a concrete host",
			because: "what a wildcard covers is looked up, what it does not cover is closed",
			change:  oneOf(remove(withName("payments--wiki--wikipedia")), remove(withName("payments--wiki--upload"))),
			effects: []effect{{besideWildcard, blocked("BlackHoleCluster")}},
		},
	}
}

// wildcardByHand routes to a wildcard as Istio's documentation routes to hosts.
const wildcardByHand = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: by-hand, namespace: payments}
spec:
  hosts: ["*.wikipedia.org"]
  tls:
  - match: [{port: 443, sniHosts: ["*.wikipedia.org"]}]
    route: [{destination: {host: "*.wikipedia.org", port: {number: 443}}}]
`

// notLookedUp is the reason of a cluster that looks names up, and gets none.
const notLookedUp = "503 UH: cluster outbound|443||*.wikipedia.org does not know the name that is called"

// withName is the role of the objects of a name.
func withName(name string) role {
	return func(m cluster.Manifest) bool { return m.Object.GetName() == name }
}

// port is the port that is called.
func port(p promise) string { return strings.Split(p.declared(), "|")[1] }
