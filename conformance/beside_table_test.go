// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

const (
	errorOfEntry    = "error ServiceEntryConflict"
	warningOfEntry  = "warning ServiceEntryConflict"
	errorOfRoute    = "error VirtualServiceConflict"
	warningOfRoute  = "warning VirtualServiceConflict"
	errorOfRule     = "error DestinationRuleConflict"
	warningOfRule   = "warning DestinationRuleConflict"
	warningOfFilter = "warning UnjudgedEnvoyFilter"
	errorOfSidecar  = "error SidecarConflict"
	errorOfServer   = "error GatewayConflict"
	errorOfPolicy   = "error AuthorizationPolicyConflict"
	warnOfPolicy    = "warning AuthorizationPolicyConflict"
)

const (
	entryTLS    = "hosts: [edition.cnn.com], resolution: DNS, ports: [{name: tls, number: 443, protocol: TLS}]"
	entryStatic = "hosts: [edition.cnn.com], resolution: STATIC, endpoints: [{address: 198.51.100.99}], ports: [{name: tls, number: 443, protocol: TLS}]"
	entryRange  = "hosts: [else.example.com], resolution: NONE, addresses: [203.0.113.0/24], ports: [{name: x, number: 443, protocol: "
)

var besideEntries = []besideCase{
	{"entry of the client", viaGateway, otherEntry("payments", entryTLS), "", ""},
	{"entry of the client with more ports", viaGateway, otherEntry("payments", "hosts: [edition.cnn.com], resolution: DNS, ports: [{name: tls, number: 8443, protocol: TLS}]"), warningOfEntry, ""},
	{"entry from elsewhere", viaGateway, otherEntry("legacy", "hosts: [edition.cnn.com], resolution: DNS, ports: [{name: tls, number: 8443, protocol: TLS}]"), warningOfEntry, ""},
	{"entry of the client with endpoints", viaGateway, otherEntry("payments", entryStatic), "", ""},
	{"entry of the client, at the sidecar", viaSidecar, otherEntry("payments", entryTLS), "", ""},
	{"entry of the client with endpoints, at the sidecar", viaSidecar, otherEntry("payments", entryStatic), errorOfEntry, ""},
	{"entry of the client alone with endpoints, at the sidecar", viaSidecar, otherEntry("payments", entryStatic+", exportTo: ['.']"), errorOfEntry, ""},
	{"entry of the client with the same endpoint, at the sidecar", viaSidecar, otherEntry("payments", entryTLS+", endpoints: [{address: edition.cnn.com}]"), "", ""},
	{"entry of the client for another target port, at the sidecar", viaSidecar, otherEntry("payments", "hosts: [edition.cnn.com], resolution: DNS, ports: [{name: tls, number: 443, targetPort: 8443, protocol: TLS}]"), errorOfEntry, ""},
	{"entry of the client without endpoints, at the sidecar", viaSidecar, otherEntry("payments", "hosts: [edition.cnn.com], resolution: NONE, ports: [{name: tls, number: 443, protocol: TLS}]"), "", ""},
	{"entry from elsewhere with endpoints, at the sidecar", viaSidecar, otherEntry("legacy", entryStatic), "", ""},
	{"entry of the client with TCP for requests", viaGateway, otherEntry("payments", "hosts: [edition.cnn.com], resolution: DNS, ports: [{name: x, number: 80, protocol: TCP}]"), errorOfEntry, ""},
	{"entry of the client with TLS for requests, at the sidecar", viaSidecarTLS, otherEntry("payments", "hosts: [edition.cnn.com], resolution: DNS, ports: [{name: x, number: 80, protocol: TLS}]"), errorOfEntry, ""},
	{"entry of the client with TCP for TLS", viaGateway, otherEntry("payments", "hosts: [edition.cnn.com], resolution: DNS, ports: [{name: x, number: 443, protocol: TCP}]"), "", ""},
	{"entry from elsewhere with TCP for requests", viaGateway, otherEntry("legacy", "hosts: [edition.cnn.com], resolution: DNS, ports: [{name: x, number: 80, protocol: TCP}]"), "", ""},
	{"entry for a host below a wildcard, at the sidecar", viaSidecarWild, otherEntry("legacy", "hosts: [www.cnn.com], resolution: STATIC, endpoints: [{address: 198.51.100.99}], ports: [{name: tls, number: 443, protocol: TLS}]"), warningOfEntry, callWWW},
	{"entry for a host below a wildcard", viaGatewayWild, otherEntry("legacy", "hosts: [www.cnn.com], resolution: DNS, ports: [{name: tls, number: 443, protocol: TLS}]"), "", ""},
	{"entry for a wildcard above", viaSidecar, otherEntry("legacy", "hosts: ['*.cnn.com'], resolution: NONE, ports: [{name: tls, number: 443, protocol: TLS}]"), "", ""},
	{"entry for TCP of a range", viaSidecar, otherEntry("legacy", entryRange+"TCP}]"), warningOfEntry, callTLS + ", " + callTLS + ofRatings},
	{"entry for TLS of a range", viaGatewayWild, otherEntry("legacy", entryRange+"TLS}]"), warningOfEntry, callTLS + ", " + callWWW},
	{"entry for requests of a range", viaGateway, otherEntry("legacy", entryRange+"HTTP}]"), "", ""},
	{"entry for TCP without addresses", viaGateway, otherEntry("legacy", "hosts: [else.example.com], resolution: DNS, ports: [{name: x, number: 443, protocol: TCP}]"), "", ""},
	{"entry for TCP of the same address", viaGatewayTCP, otherEntry("payments", "hosts: [db.other.com], resolution: NONE, addresses: [198.51.100.7], ports: [{name: x, number: 5432, protocol: TCP}]"), "", ""},
	{"entry for the gateway", viaGateway, otherEntry("payments", "hosts: ["+gatewayHost+"], resolution: STATIC, endpoints: [{address: 198.51.100.99}], ports: [{name: tls, number: 443, protocol: TLS}]"), errorOfEntry, ""},
	{"entry for the gateway from elsewhere", viaGateway, otherEntry("legacy", "hosts: ["+gatewayHost+"], resolution: STATIC, endpoints: [{address: 198.51.100.99}], ports: [{name: tls, number: 443, protocol: TLS}]"), "", ""},
}

var besideRoutes = []besideCase{
	{"route of the client", viaGateway, otherRoute("payments", "edition.cnn.com", ""), warningOfRoute, ""},
	{"route of the client alone", viaGateway, otherRoute("payments", "edition.cnn.com", "exportTo: ['.'], "), errorOfRoute, ""},
	{"route of the client, which it names", viaGateway, otherRoute("payments", "edition.cnn.com", "exportTo: [payments, istio-system], "), errorOfRoute, ""},
	{"route from elsewhere", viaGateway, otherRoute("legacy", "edition.cnn.com", ""), warningOfRoute, ""},
	{"route shown to the client", viaGateway, otherRoute("legacy", "edition.cnn.com", "exportTo: [payments], "), errorOfRoute, ""},
	{"route not shown to the client", viaGateway, otherRoute("legacy", "edition.cnn.com", "exportTo: ['.'], "), "", ""},
	{"route of the client alone, for another port", viaGateway, otherTLS("payments", "edition.cnn.com", "exportTo: ['.'], ", "port: 8443, sniHosts: [edition.cnn.com]"), "", ""},
	{"route of the client alone, for another namespace", viaGateway, otherTLS("payments", "edition.cnn.com", "exportTo: ['.'], ", "sourceNamespace: orders, sniHosts: [edition.cnn.com]"), "", ""},
	{"route of the client alone, for its workloads", viaGateway, otherTLS("payments", "edition.cnn.com", "exportTo: ['.'], ", "sourceLabels: {app: ratings}, sniHosts: [edition.cnn.com]"), errorOfRoute, ""},
	{"route for addresses", viaGateway, otherTLS("legacy", "edition.cnn.com", "", "destinationSubnets: [203.0.113.0/24], sniHosts: [edition.cnn.com]"), errorOfRoute, ""},
	{"route for several server names", viaGateway, otherTLS("legacy", "edition.cnn.com, www.cnn.com", "", "port: 443, sniHosts: [edition.cnn.com, www.cnn.com]"), errorOfRoute, ""},
	{"route for a wildcard and several server names", viaGateway, otherTLS("legacy", "'*.cnn.com'", "", "sniHosts: [edition.cnn.com, www.cnn.com]"), errorOfRoute, ""},
	{"route for a wildcard", viaGateway, otherRoute("legacy", "*.com", ""), "", ""},
	{"route of the client alone, for a wildcard", viaGateway, otherRoute("payments", "*.com", "exportTo: ['.'], "), "", ""},
	{"route of the client alone, for a wildcard and the server name", viaGateway, otherTLS("payments", "'*.cnn.com'", "exportTo: ['.'], ", "sniHosts: [edition.cnn.com]"), errorOfRoute, ""},
	{"route of the client alone, for connections", viaGateway, otherObject("VirtualService", "payments", "exportTo: ['.'], hosts: [edition.cnn.com], tcp: [{"+toOther+"}]") + otherService, "", ""},
	{"route below a wildcard", viaGatewayWild, otherTLS("legacy", "www.cnn.com", "", "sniHosts: [www.cnn.com]"), warningOfRoute, callWWW},
	{"route for the wildcard", viaGatewayWild, otherTLS("legacy", "'*.cnn.com'", "", "sniHosts: ['*.cnn.com']"), warningOfRoute, ""},
	{"route of the client, at the sidecar", viaSidecar, otherRoute("payments", "edition.cnn.com", ""), errorOfRoute, ""},
	{"route of the client to the host itself, at the sidecar", viaSidecar, otherObject("VirtualService", "payments", "hosts: [edition.cnn.com], tls: [{match: [{sniHosts: [edition.cnn.com]}], route: [{destination: {host: edition.cnn.com}}]}]"), "", ""},
	{"route of the client to a subset, at the sidecar", viaSidecar, otherObject("VirtualService", "payments", "hosts: [edition.cnn.com], tls: [{match: [{sniHosts: [edition.cnn.com]}], route: [{destination: {host: edition.cnn.com, subset: a}}]}]"), errorOfRoute, ""},
	{"route for a wildcard, at the sidecar", viaSidecar, otherRoute("legacy", "*.com", ""), errorOfRoute, ""},
	{"route below a wildcard, at the sidecar", viaSidecarWild, otherTLS("legacy", "www.cnn.com", "", "sniHosts: [www.cnn.com]"), errorOfRoute, ""},
	{"route for a wildcard, beside a route", viaSidecarHTTP, otherRoute("legacy", "*.com", ""), errorOfRoute, ""},
	{"route of the client for requests, beside a route", viaSidecarHTTP, otherObject("VirtualService", "payments", "exportTo: ['.'], hosts: [edition.cnn.com], http: [{"+toOther+"}]") + otherService, errorOfRoute, ""},
	{"route of the client for all, for requests, beside a route", viaSidecarHTTP, otherObject("VirtualService", "payments", "hosts: [edition.cnn.com], http: [{"+toOther+"}]") + otherService, warningOfRoute, ""},
}

var besideRules = []besideCase{
	{"rule for the gateway", viaGateway, otherRule("payments", gatewayHost, "subsets: [{name: a}]"), "", ""},
	{"rule for the gateway with TLS", viaGateway, otherRule("payments", gatewayHost, "trafficPolicy: {tls: {mode: SIMPLE}}"), "", ""},
	{"rule for the gateway with exportTo", viaGateway, otherRule("payments", gatewayHost, "exportTo: ['.'], subsets: [{name: a}]"), errorOfRule, ""},
	{"rule for the gateway, shown elsewhere", viaGateway, otherRule("payments", gatewayHost, "exportTo: [legacy], subsets: [{name: a}]"), "", ""},
	{"rule for the gateway and some workloads", viaGateway, otherRule("payments", gatewayHost, "workloadSelector: {matchLabels: {app: ratings}}, subsets: [{name: a}]"), errorOfRule, ""},
	{"rule for the gateway from its namespace", viaGateway, otherRule("istio-system", "istio-egressgateway", "trafficPolicy: {tls: {mode: SIMPLE}}"), warningOfRule, ""},
	{"rule for the gateway from elsewhere", viaGateway, otherRule("legacy", gatewayHost, "trafficPolicy: {tls: {mode: SIMPLE}}"), "", ""},
	{"rule for all Services", viaGateway, otherRule("istio-system", "*.local", "trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}"), "", ""},
	{"rule for every host", viaGateway, otherRule("istio-system", "*", "trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}"), errorOfRule, ""},
	{"rule for every host of the client", viaGateway, otherRule("payments", "*", "trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}"), "", ""},
	{"rule for every host with a tunnel", viaGateway, otherRule("istio-system", "*", "trafficPolicy: {tunnel: {targetHost: proxy.example.com, targetPort: 80}}"), errorOfRule, ""},
	{"rule for every host without TLS", viaGateway, otherRule("istio-system", "*", "trafficPolicy: {connectionPool: {tcp: {maxConnections: 5}}}"), "", ""},
	{"rule for the host, which the gateway does not follow", viaGateway, otherRule("payments", "edition.cnn.com", "trafficPolicy: {tls: {mode: SIMPLE}}"), "", ""},
	{"rule for the host, at the sidecar", viaSidecar, otherRule("payments", "edition.cnn.com", "trafficPolicy: {tls: {mode: SIMPLE}}"), errorOfRule, ""},
	{"rule for the host and some workloads, at the sidecar", viaSidecar, otherRule("payments", "edition.cnn.com", "workloadSelector: {matchLabels: {app: ratings}}, trafficPolicy: {tls: {mode: SIMPLE}}"), errorOfRule, ""},
	{"rule for the host with a tunnel, at the sidecar", viaSidecar, otherRule("payments", "edition.cnn.com", "trafficPolicy: {tunnel: {targetHost: proxy.example.com, targetPort: 80}}"), errorOfRule, ""},
	{"rule for the host in the root namespace, at the sidecar", viaSidecar, otherRule("istio-system", "*.com", "trafficPolicy: {tls: {mode: SIMPLE}}"), errorOfRule, ""},
	{"rule of the root namespace alone, at the sidecar", viaSidecar, otherRule("istio-system", "*.com", "exportTo: ['.'], trafficPolicy: {tls: {mode: SIMPLE}}"), "", ""},
	{"rule of the root namespace for some workloads, at the sidecar", viaSidecar, otherRule("istio-system", "*.com", "workloadSelector: {matchLabels: {app: ratings}}, trafficPolicy: {tls: {mode: SIMPLE}}"), "", ""},
	{"rule for the host from elsewhere, at the sidecar", viaSidecar, otherRule("legacy", "edition.cnn.com", "trafficPolicy: {tls: {mode: SIMPLE}}"), "", ""},
	{"rule for the host, beside one of ours that keeps HTTP/1.1", viaSidecarHTTP, otherRule("payments", "edition.cnn.com", "trafficPolicy: {connectionPool: {tcp: {maxConnections: 5}}}"), warningOfRule, ""},
	{"rule for the host that opens TLS, beside one of ours that keeps HTTP/1.1", viaSidecarHTTP, otherRule("payments", "edition.cnn.com", "trafficPolicy: {tls: {mode: SIMPLE}}"), errorOfRule, ""},
	{"rule for every host, beside one of ours that keeps HTTP/1.1", viaSidecarHTTP, otherRule("istio-system", "*", "trafficPolicy: {tls: {mode: SIMPLE}}"), "", ""},
	{"rule for the host, beside one of ours", viaSidecarTLS, otherRule("payments", "edition.cnn.com", "trafficPolicy: {tls: {mode: DISABLE}}"), errorOfRule, ""},
	{"rule for the host from elsewhere, beside one of ours", viaSidecarTLS, otherRule("legacy", "edition.cnn.com", "trafficPolicy: {tls: {mode: DISABLE}}"), "", ""},
}

var besideSidecars = []besideCase{
	{"Sidecar that imports its namespace alone", viaGateway, otherSidecar("payments", "egress: [{hosts: ['./*']}]"), errorOfSidecar, ""},
	{"Sidecar that imports the gateway alone", viaGateway, otherSidecar("payments", "egress: [{hosts: ['./*', istio-system/"+gatewayHost+"]}]"), errorOfSidecar, ""},
	{"Sidecar that imports the gateway's namespace", viaGateway, otherSidecar("payments", "egress: [{hosts: ['./*', 'istio-system/*']}]"), "", ""},
	{"Sidecar that imports the host", viaGateway, otherSidecar("payments", "egress: [{hosts: ['./*', istio-system/edition.cnn.com]}]"), "", ""},
	{"Sidecar that imports all but one namespace", viaGateway, otherSidecar("payments", "egress: [{hosts: ['*/*', '~istio-system/*']}]"), errorOfSidecar, ""},
	{"Sidecar that imports the gateway's namespace alone", viaGateway, otherSidecar("payments", "egress: [{hosts: ['istio-system/*']}]"), errorOfSidecar, ""},
	{"Sidecar that imports the host, and a route for a wildcard", viaGateway, otherSidecar("payments", "egress: [{hosts: [./edition.cnn.com, istio-system/edition.cnn.com]}]") + "---" +
		otherTLS("payments", "'*.cnn.com'", "exportTo: ['.'], ", "sniHosts: [edition.cnn.com]"), errorOfRoute, ""},
	{"Sidecar that imports the host, and a route from elsewhere", viaGateway, otherSidecar("payments", "egress: [{hosts: [./edition.cnn.com, istio-system/edition.cnn.com]}]") + "---" +
		otherTLS("legacy", "edition.cnn.com", "exportTo: [payments], ", "sniHosts: [edition.cnn.com]"), "", ""},
	{"Sidecar for another port", viaGateway, otherSidecar("payments", "egress: [{port: {number: 8080, protocol: HTTP, name: x}, hosts: ['*/*']}]"), errorOfSidecar, ""},
	{"Sidecar without egress", viaGateway, otherSidecar("payments", "outboundTrafficPolicy: {mode: ALLOW_ANY}"), "", ""},
	{"Sidecar of the root namespace", viaGateway, otherSidecar("istio-system", "egress: [{hosts: ['./*']}]"), errorOfSidecar, ""},
	{"Sidecar from elsewhere", viaGateway, otherSidecar("legacy", "egress: [{hosts: ['./*']}]"), "", ""},
	{"Sidecar for some workloads", viaSidecar, otherSidecar("payments", "workloadSelector: {labels: {app: ratings}}, egress: [{hosts: ['istio-system/*']}]"), "warning SidecarConflict", callTLS + ofRatings},
	{"Sidecar that imports its namespace alone, at the sidecar", viaSidecar, otherSidecar("payments", "egress: [{hosts: ['./*']}]"), "", ""},
	{"Sidecar that imports the gateway's namespace alone, at the sidecar", viaSidecar, otherSidecar("payments", "egress: [{hosts: ['istio-system/*']}]"), errorOfSidecar, ""},
}

const removesAll = "configPatches: [{applyTo: CLUSTER, match: {context: ANY}, patch: {operation: REMOVE}}]"

var besideFilters = []besideCase{
	{"EnvoyFilter of the client", viaGatewayTCP, otherObject("EnvoyFilter", "payments", removesAll), warningOfFilter, callTCP},
	{"EnvoyFilter of the root namespace", viaGatewayTCP, otherObject("EnvoyFilter", "istio-system", removesAll), warningOfFilter, callTCP},
	{"EnvoyFilter of the gateway", viaGatewayTCP, otherObject("EnvoyFilter", "istio-system", "workloadSelector: {labels: {istio: egressgateway}}, "+removesAll), warningOfFilter, callTCP},
	{"EnvoyFilter of another gateway", viaGatewayTCP, otherObject("EnvoyFilter", "istio-system", "workloadSelector: {labels: {istio: ingressgateway}}, "+removesAll), "", ""},
	{"EnvoyFilter from elsewhere", viaGatewayTCP, otherObject("EnvoyFilter", "legacy", removesAll), "", ""},
}

var besideServers = []besideCase{
	{"server for the host", viaPlainHop, otherServer("443", "TLS", "edition.cnn.com", "PASSTHROUGH"), errorOfServer, ""},
	{"server for a wildcard", viaPlainHop, otherServer("443", "TLS", "*.cnn.com", "PASSTHROUGH"), "", ""},
	{"server for the host, beside a lane", viaGateway, otherServer("443", "TLS", "edition.cnn.com", "PASSTHROUGH"), "", ""},
	{"server for every host, beside a lane", viaGateway, otherServer("443", "TLS", "*", "PASSTHROUGH"), "", ""},
	{"server with mutual TLS for every host", viaGateway, otherServer("443", "HTTPS", "*", "ISTIO_MUTUAL"), "", ""},
	{"plain HTTP on the port for TLS", viaGateway, otherServer("443", "HTTP", "*", ""), errorOfServer, ""},
	{"plain HTTP on the container port for TLS", viaGatewayTCP, otherServer("8443", "HTTP", "*", ""), errorOfServer, ""},
	{"plain TCP on the port for TLS", viaGateway, otherServer("443", "TCP", "*", ""), errorOfServer, ""},
	{"TCP on the port for HTTP", viaPlainHop, otherServer("80", "TCP", "*", ""), errorOfServer, ""},
	{"HTTP on the port for HTTP", viaPlainHop, otherServer("80", "HTTP", "*", ""), "", ""},
	{"peers without mutual TLS", viaGateway, otherSecurity("PeerAuthentication", "istio-system", "mtls: {mode: DISABLE}"), "", ""},
	{"peers with nothing but mutual TLS", viaPlainHop, otherSecurity("PeerAuthentication", "istio-system", "mtls: {mode: STRICT}"), "", ""},
}

var besidePolicies = []besideCase{
	{"policy that allows nothing", viaGateway, otherPolicy("action: ALLOW"), errorOfPolicy, ""},
	{"policy that allows ours", viaGateway, otherPolicy("rules: [{when: [{key: connection.sni, values: ['*.news.payments.egress']}]}]"), "", ""},
	{"policy that allows the host", viaGateway, otherPolicy("rules: [{when: [{key: connection.sni, values: [edition.cnn.com]}]}]"), errorOfPolicy, ""},
	{"policy that allows the namespace", viaGateway, otherPolicy("rules: [{from: [{source: {namespaces: [payments]}}]}]"), "", ""},
	{"policy that allows the namespace, without mutual TLS", viaPlainHop, otherPolicy("rules: [{from: [{source: {namespaces: [payments]}}]}]"), errorOfPolicy, ""},
	{"policy that allows the ports, without mutual TLS", viaPlainHop, otherPolicy("rules: [{to: [{operation: {ports: ['443', '8443', '80', '8080']}}]}]"), "", ""},
	{"policy that allows the port of the Service", viaGatewayTCP, otherPolicy("rules: [{to: [{operation: {ports: ['80']}}]}]"), errorOfPolicy, ""},
	{"policy that allows one account", viaGateway, otherPolicy("rules: [{from: [{source: {principals: [cluster.local/ns/payments/sa/default]}}]}]"), warnOfPolicy, ""},
	{"policy that allows other accounts", viaGateway, otherPolicy("rules: [{from: [{source: {principals: [cluster.local/ns/orders/sa/*]}}]}]"), errorOfPolicy, ""},
	{"policy that allows a method", viaGatewayTCP, otherPolicy("rules: [{to: [{operation: {methods: [GET]}}]}]"), errorOfPolicy, ""},
	{"two policies, of which one allows", viaGateway, otherPolicy("action: ALLOW") + "---" + anotherPolicy("rules: [{from: [{source: {namespaces: [payments]}}]}]"), "", ""},
	{"policy for other Pods", viaGateway, otherSecurity("AuthorizationPolicy", "istio-system", "selector: {matchLabels: {istio: ingressgateway}}"), "", ""},
	{"policy for the Pods by another label", viaGateway, otherSecurity("AuthorizationPolicy", "istio-system", "selector: {matchLabels: {app: istio-egressgateway}}"), errorOfPolicy, ""},
	{"policy for a ServiceEntry", viaGateway, otherSecurity("AuthorizationPolicy", "istio-system", "targetRefs: [{kind: ServiceEntry, group: networking.istio.io, name: news}]"), "", ""},
	{"policy of the client", viaGateway, otherSecurity("AuthorizationPolicy", "payments", ""), "", ""},
	{"policy that denies others", viaGateway, otherPolicy("action: DENY, rules: [{from: [{source: {namespaces: [other]}}]}]"), "", ""},
	{"policy that denies all but ours", viaGateway, otherPolicy("action: DENY, rules: [{from: [{source: {notNamespaces: [payments]}}]}]"), "", ""},
	{"policy that denies all but ours, without mutual TLS", viaPlainHop, otherPolicy("action: DENY, rules: [{from: [{source: {notNamespaces: [payments]}}]}]"), errorOfPolicy, ""},
	{"policy that denies other hosts", viaGateway, otherPolicy("action: DENY, rules: [{to: [{operation: {ports: ['8443']}}], when: [{key: connection.sni, notValues: [edition.cnn.com]}]}]"), errorOfPolicy, ""},
	{"policy that denies a method", viaGatewayTCP, otherPolicy("action: DENY, rules: [{to: [{operation: {methods: [DELETE]}}]}]"), errorOfPolicy, ""},
}
