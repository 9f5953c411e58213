// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"cmp"
	"maps"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/conformance/calls"
)

// The facts about Istio that the layout of the rendered objects builds on, and the tests that prove them.
//
//	 1  copies of the documented objects in each client namespace    TestFact1Copies; with our placement: TestGoldens
//	                                                                 (tls_passthrough/clients)
//	 2  where the DestinationRule of the hop belongs                 TestFact2HopRule; beside a hand-written one:
//	                                                                 TestCoexistenceInOneNamespace
//	 3  origination and passthrough of one host                      TestFact3Origination; without the DestinationRule:
//	                                                                 TestOriginationWithoutSubset
//	 4  one server, subset and SNI for each TLS and TCP destination  TestFact4OneServerEach; many on one port: TestGoldens
//	                                                                 (tls_passthrough/ports); tcp route: TestWrongKindOfRoute;
//	                                                                 TCP with a made-up SNI: TestTCP
//	 5  HTTP hosts share a server, a subset and an SNI               TestFact5SharedServer
//	 6  identity by connection.sni                                   TestAuthorization (TLS by SNI)
//	 7  no identity without mutual TLS                               TestFact7NoIdentity
//	 8  the first ALLOW policy                                       TestFact8DefaultDeny; TestAllowPolicyShutsTheGateway
//	10  identity that leaves others alone                            TestFact10Deny; what to do instead: TestAuthorization
//	12  lanes                                                        TestFact12Lanes; TestTwoBundlesOneHost; beside
//	                                                                 hand-written objects: TestCoexistence; without lanes:
//	                                                                 TestTwoBundlesOneHostWithoutLanes, TestPlainHop

// TestFact1Copies: the documented objects, copied into a second client namespace, contradict the first ones. istiod
// skips the second server, with all its hosts; a host that only the second one has cannot be reached.
func TestFact1Copies(t *testing.T) {
	first := read(t, "documented/plaintext-hop.yaml")
	second := replace(t, first, "namespace: default", "namespace: search")
	expectProblems(t, join(first, second),
		"IST0109 VirtualService default/direct-cnn-through-egress-gateway",
		"IST0109 VirtualService search/direct-cnn-through-egress-gateway",
		"IST0145 Gateway default/istio-egressgateway", "IST0145 Gateway default/istio-egressgateway", // port 80 and 443
		"IST0145 Gateway search/istio-egressgateway", "IST0145 Gateway search/istio-egressgateway")

	const another = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: wikipedia, namespace: search}
spec:
  hosts: [www.wikipedia.org]
  ports: [{number: 443, name: tls, protocol: TLS}]
  resolution: DNS
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: wikipedia, namespace: search}
spec:
  hosts: [www.wikipedia.org]
  gateways: [istio-egressgateway, mesh]
  tls:
  - match: [{gateways: [mesh], port: 443, sniHosts: [www.wikipedia.org]}]
    route: [{destination: {host: istio-egressgateway.istio-system.svc.cluster.local, subset: cnn, port: {number: 443}}}]
  - match: [{gateways: [istio-egressgateway], port: 443, sniHosts: [www.wikipedia.org]}]
    route: [{destination: {host: www.wikipedia.org, port: {number: 443}}}]
`
	second = join(apply(t, second, set(server, "spec.servers.1.hosts", list("edition.cnn.com", "www.wikipedia.org"))), another)
	expectFates(t, second, map[string]string{
		"search https://edition.cnn.com":   "edition.cnn.com:443",
		"search https://www.wikipedia.org": "www.wikipedia.org:443",
	})
	expectFates(t, inOrder(t, first, second), map[string]string{
		"default https://edition.cnn.com":  "edition.cnn.com:443",
		"search https://edition.cnn.com":   "edition.cnn.com:443", // through the server of the first
		"search https://www.wikipedia.org": noChain(8443, "www.wikipedia.org"),
	})
}

// TestFact2HopRule: DestinationRules for the gateway's host work in every client namespace and without exportTo, and
// nowhere else. In the gateway's namespace different exportTo break one of two, and which one depends on their age: the
// older one, where both are exported; but if the younger one's list contains the older one's, the younger one, where it
// alone is exported. Nothing warns.
func TestFact2HopRule(t *testing.T) {
	all := goldensByName(t)
	news, web := all[passthrough.golden].Rendered, all[plainHTTP.golden].Rendered
	forSearch := apply(t, web, set(meshLeg, "spec.exportTo", list("payments", "search")))
	byHand := replace(t, read(t, "documented/plaintext-hop.yaml"), "namespace: default", "namespace: payments")
	byHand = replace(t, byHand, "edition.cnn.com", "www.wikipedia.org")
	const wikipedia = "payments https://www.wikipedia.org"
	works := map[string]string{
		"payments https://edition.cnn.com": "edition.cnn.com:443",
		"payments http://httpbin.org":      "httpbin.org:80",
	}
	webIsLost := with(works, map[string]string{"payments http://httpbin.org": noCluster(plainHTTP.hop)})
	for _, test := range []struct {
		name      string
		manifests []string // in the order in which they are applied
		want      map[string]string
	}{
		{
			"client's namespace",
			[]string{news, web},
			works,
		},
		{
			"client's namespace beside one by hand",
			[]string{news, web, byHand},
			with(works, map[string]string{wikipedia: "www.wikipedia.org:443"}),
		},
		{
			"gateway's namespace",
			[]string{atGateway(t, news), atGateway(t, web)},
			works,
		},
		{
			"gateway's namespace beside one by hand in the client's",
			[]string{atGateway(t, news), atGateway(t, web), byHand},
			map[string]string{
				"payments https://edition.cnn.com": noCluster(passthrough.hop),
				"payments http://httpbin.org":      noCluster(plainHTTP.hop),
				wikipedia:                          "www.wikipedia.org:443",
			},
		},
		{
			"gateway's namespace, equal exportTo",
			[]string{atGateway(t, news, "payments"), atGateway(t, web, "payments")},
			works,
		},
		{
			"gateway's namespace, the older exportTo within the younger",
			[]string{atGateway(t, news, "payments"), atGateway(t, forSearch, "payments", "search")},
			with(works, map[string]string{"search http://httpbin.org": noCluster(plainHTTP.hop)}),
		},
		{
			"gateway's namespace, the younger exportTo within the older",
			[]string{atGateway(t, web, "payments", "search"), atGateway(t, news, "payments")},
			webIsLost,
		},
		{
			"gateway's namespace, exportTo that overlap",
			[]string{atGateway(t, web, "payments", "search"), atGateway(t, news, "payments", "ci")},
			webIsLost,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			expectFates(t, inOrder(t, test.manifests...), test.want)
			expectProblems(t, join(test.manifests...))
		})
	}
}

// atGateway moves the DestinationRule of the hop to the namespace of the gateway.
func atGateway(t *testing.T, manifests string, exportTo ...any) string {
	t.Helper()
	manifests = apply(t, manifests, set(hopRule, "metadata.namespace", "istio-system"))
	if len(exportTo) > 0 {
		manifests = apply(t, manifests, set(hopRule, "spec.exportTo", list(exportTo...)))
	}
	return manifests
}

// TestFact3Origination: if a port for origination and one for passthrough share a host at the gateway, the TLS must not
// be at the top of the DestinationRule. Lanes share nothing: there the subset does not keep TLS from being encrypted
// twice, but plain text from leaving, as TestOriginationWithoutSubset and TestTwins show.
func TestFact3Origination(t *testing.T) {
	shared := read(t, "lane/news.yaml") // one host with both ports
	lanes := goldensByName(t)["tls_origination/and_passthrough"].Rendered
	atTheTop := allOf(
		move(origination, "spec.subsets.0.trafficPolicy", "spec.trafficPolicy"),
		drop(origination, "spec.subsets"),
		drop(exitLeg, "spec.http.*.route.*.destination.subset"),
	)
	forAllPorts := allOf(
		move(origination, "spec.trafficPolicy.portLevelSettings.0.tls", "spec.trafficPolicy.tls"),
		drop(origination, "spec.trafficPolicy.portLevelSettings"),
	)
	for _, test := range []struct {
		name, manifests, http, https string
	}{
		{
			"shared host, subset", shared,
			"edition.cnn.com:443 in TLS", "edition.cnn.com:443",
		},
		{
			"shared host, at the top", apply(t, shared, allOf(atTheTop, forAllPorts)),
			"edition.cnn.com:443 in TLS", "edition.cnn.com:443 in TLS, encrypted twice",
		},
		{
			"lanes, subset", lanes,
			"api.stripe.com:443 in TLS", "api.stripe.com:443",
		},
		{
			"lanes, at the top", apply(t, lanes, atTheTop),
			"api.stripe.com:443 in TLS", "api.stripe.com:443",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			host, _, _ := strings.Cut(test.https, ":")
			expectFates(t, test.manifests, map[string]string{
				"payments http://" + host:  test.http,
				"payments https://" + host: test.https,
			})
		})
	}
}

// TestFact4OneServerEach: inside mutual TLS, destinations that share a server or an SNI all arrive at one of them, and
// nothing warns.
func TestFact4OneServerEach(t *testing.T) {
	mail := goldensByName(t)[passthroughPort.golden].Rendered
	const http, imap = "mail.example.com.443.mail.tls.mail.office.egress", "mail.example.com.993.mail.tls.mail.office.egress"
	for _, test := range []struct {
		name       string
		manifests  string
		http, imap string // where calls to port 443 and 993 leave to
	}{
		{"a server each", mail, "mail.example.com:443", "mail.example.com:993"},
		{"one server", apply(t, mail, set(server, "spec.servers", list(map[string]any{
			"hosts": list(http, imap),
			"port":  map[string]any{"name": "tls", "number": 443, "protocol": "TLS"},
			"tls":   map[string]any{"mode": "ISTIO_MUTUAL"},
		}))), "mail.example.com:443", "mail.example.com:443"},
		{"one SNI", apply(t, mail, set(hopRule, "spec.subsets.*.trafficPolicy.tls.sni", imap)),
			"mail.example.com:993", "mail.example.com:993"},
	} {
		t.Run(test.name, func(t *testing.T) {
			expectFates(t, test.manifests, map[string]string{
				"office https://mail.example.com":     test.http,
				"office https://mail.example.com:993": test.imap,
			})
			expectProblems(t, test.manifests)
		})
	}
}

// TestFact5SharedServer: HTTP hosts share a server and a subset, whose SNI can be any host of that server, since the
// Host header tells them apart.
func TestFact5SharedServer(t *testing.T) {
	web := goldensByName(t)["http/retries"].Rendered // two hosts with two ports each
	for sni, refused := range map[string]string{
		"mesh.http.web.payments.egress":                   "",
		"any.http.web.payments.egress":                    "",
		"httpbin.org.80.httpbin.http.web.payments.egress": "",
		"mesh.http.other.payments.egress":                 noChain(8443, "mesh.http.other.payments.egress"),
	} {
		t.Run(sni, func(t *testing.T) {
			const field = "spec.subsets.*.trafficPolicy.tls.sni"
			expectFates(t, apply(t, web, allOf(drop(hopRule, field), set(hopRule, field, sni))), map[string]string{
				"payments http://httpbin.org":         cmp.Or(refused, "httpbin.org:80"),
				"payments http://httpbin.org:8080":    cmp.Or(refused, "httpbin.org:8080"),
				"payments http://eu.httpbin.org":      cmp.Or(refused, "eu.httpbin.org:80"),
				"payments http://eu.httpbin.org:8080": cmp.Or(refused, "eu.httpbin.org:8080"),
			})
		})
	}
}

// TestFact7NoIdentity: unless the hop is in mutual TLS the gateway knows nobody. Rules that allow somebody allow nobody,
// and rules that deny all others deny everybody.
func TestFact7NoIdentity(t *testing.T) {
	all := goldensByName(t)
	const allow = `
  action: ALLOW
  rules:
  - from: [{source: {principals: [cluster.local/ns/payments/sa/checkout]}}]
    when: [{key: connection.sni, values: [SNI]}]
`
	const deny = `
  action: DENY
  rules:
  - from: [{source: {notPrincipals: [cluster.local/ns/payments/sa/checkout]}}]
    when: [{key: connection.sni, values: [SNI]}]
`
	for _, test := range []struct {
		name            string
		promise         promise
		rules           string
		checkout, other string // what becomes of the call, by service account
	}{
		{"mutual TLS, ALLOW", passthrough, allow, passthrough.target, notAllowed},
		{"mutual TLS, DENY", passthrough, deny, passthrough.target, denied},
		{"plain text, ALLOW", passthroughPlain, allow, notAllowed, notAllowed},
		{"plain text, DENY", passthroughPlain, deny, denied, denied},
	} {
		t.Run(test.name, func(t *testing.T) {
			rules := replace(t, test.rules, "SNI", test.promise.sni)
			expectFates(t, join(all[test.promise.golden].Rendered, policy(rules)), map[string]string{
				"payments/checkout " + test.promise.call: test.checkout,
				"payments/other " + test.promise.call:    test.other,
			})
		})
	}
}

// TestFact8DefaultDeny: the first ALLOW policy shuts the gateway for what others wrote by hand.
func TestFact8DefaultDeny(t *testing.T) {
	manifests := join(goldensByName(t)[passthrough.golden].Rendered, read(t, "documented/plaintext-hop.yaml"))
	open := map[string]string{
		"payments https://edition.cnn.com": "edition.cnn.com:443",
		"default https://edition.cnn.com":  "edition.cnn.com:443",
		"default http://edition.cnn.com":   "edition.cnn.com:80",
	}
	expectFates(t, manifests, open)
	allow := policy(`
  action: ALLOW
  rules:
  - from: [{source: {principals: [cluster.local/ns/payments/sa/default]}}]
    when: [{key: connection.sni, values: [edition.cnn.com.443.cnn.tls.news.payments.egress]}]
`)
	expectFates(t, join(manifests, allow), with(open, map[string]string{
		"default https://edition.cnn.com": notAllowed,
		"default http://edition.cnn.com":  notAllowed,
	}))
}

// TestFact10Deny: of a DENY rule the filters for TLS and TCP keep what they understand. Hosts they do not understand,
// so that a rule with hosts, or with a port, or as the design had it with both, denies all TLS at the gateway, also that
// of others. TestAuthorization has the rule that denies one HTTP host: with the SNI of the bundle's HTTP server as well.
func TestFact10Deny(t *testing.T) {
	manifests := join(read(t, "lane/news.yaml"), read(t, "documented/plaintext-hop.yaml"))
	open := map[string]string{
		"payments https://edition.cnn.com": "edition.cnn.com:443",
		"payments http://edition.cnn.com":  "edition.cnn.com:443 in TLS",
		"payments http://httpbin.org":      "httpbin.org:80",
		"default https://edition.cnn.com":  "edition.cnn.com:443",
	}
	noTLS := with(open, map[string]string{
		"payments https://edition.cnn.com": denied,
		"payments http://edition.cnn.com":  denied,
		"default https://edition.cnn.com":  denied,
	})
	const host = "edition.cnn.com.80.cnn.http.news.payments.egress"
	for _, test := range []struct {
		operation string
		want      map[string]string
	}{
		{"hosts: [" + host + "]", noTLS},
		{"hosts: [" + host + "], ports: ['8443']", noTLS},
		{"ports: ['8443']", with(noTLS, map[string]string{"payments http://httpbin.org": denied})},
	} {
		t.Run(test.operation, func(t *testing.T) {
			expectFates(t, join(manifests, policy(`
  action: DENY
  rules:
  - from: [{source: {notPrincipals: [cluster.local/ns/payments/sa/checkout]}}]
    to: [{operation: {`+test.operation+`}}]
`)), test.want)
		})
	}
}

// TestFact12Lanes: why two teams that reach one host get lanes of their own, and a VirtualService for each leg.
func TestFact12Lanes(t *testing.T) {
	github := goldensByName(t)["tls_passthrough/shared_host"].Rendered
	arrive := map[string]string{
		"payments https://github.com": "github.com:443",
		"search https://github.com":   "github.com:443",
	}
	const onlyPayments = `
  action: DENY
  rules:
  - from: [{source: {notPrincipals: [cluster.local/ns/payments/sa/default]}}]
    when: [{key: connection.sni, values: [SNI]}]
`
	t.Run("lanes", func(t *testing.T) {
		expectProblems(t, github)
		rule := replace(t, onlyPayments, "SNI", "github.com.443.github.tls.build.payments.egress")
		expectFates(t, join(github, policy(rule)), arrive)
	})
	t.Run("the real SNI", func(t *testing.T) {
		meet := apply(t, github, allOf(
			set(hopRule, "spec.subsets.*.trafficPolicy.tls.sni", "github.com"),
			set(server, "spec.servers.*.hosts", list("github.com")),
			set(exitLeg, "spec.hosts", list("github.com")),
			drop(server, "metadata.labels"), // else admission takes it for a false alarm
		))
		expectFates(t, meet, arrive)
		expectProblems(t, meet,
			"IST0145 Gateway istio-system/payments--build--istio-egressgateway",
			"IST0145 Gateway istio-system/search--deploy--istio-egressgateway")
		rule := replace(t, onlyPayments, "SNI", "github.com")
		expectFates(t, join(meet, policy(rule)), with(arrive, map[string]string{"search https://github.com": denied}))
	})
	t.Run("one VirtualService for both legs", func(t *testing.T) {
		news := goldensByName(t)[passthroughPlain.golden].Rendered
		teams := apply(t, join(news, replace(t, news, "payments", "search")), allOf(
			drop(server, "metadata.labels"), drop(meshLeg, "metadata.labels"), // as above
		))
		meeting := []string{ // the hop is in plain text, so that they meet anyway; the analyzer sees one server a port
			"IST0145 Gateway istio-system/payments--news--istio-egressgateway",
			"IST0145 Gateway istio-system/search--news--istio-egressgateway",
		}
		expectProblems(t, teams, meeting...)
		expectProblems(t, apply(t, teams, allOf(
			set(meshLeg, "spec.exportTo", list("payments", "search", ".")),
			set(meshLeg, "spec.gateways", list("mesh", "payments--news--istio-egressgateway", "search--news--istio-egressgateway")),
		)), append(meeting,
			"IST0109 VirtualService istio-system/payments--news--cnn",
			"IST0109 VirtualService istio-system/search--news--cnn")...)
	})
}

// Why the gateway refuses who calls.
const (
	denied     = "403 RBAC: denied by ns[istio-system]-policy[payments--news]-rule[0]"
	notAllowed = "403 RBAC: no policy allows it"
)

// expectFates follows calls, each named as in "payments/checkout https://edition.cnn.com", and compares what becomes of
// them: where they leave to, and how, or why they do not.
func expectFates(t *testing.T, manifests string, want map[string]string) {
	t.Helper()
	m := mesh(t, manifests)
	got := map[string]string{}
	for name := range want {
		from, call, _ := strings.Cut(name, " ")
		o := calls.Outcome{From: from, Call: call}
		got[name] = fate(o.Observe(m.Trace(o.TraceCall())))
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func fate(o calls.Outcome) string {
	f := cmp.Or(o.Blocked, o.Leaves)
	if o.TLS != nil {
		f += " in TLS"
	}
	if o.Defect != "" {
		f += ", " + o.Defect
	}
	return f
}

// with returns a map with some values replaced or added.
func with(m, other map[string]string) map[string]string {
	merged := maps.Clone(m)
	maps.Copy(merged, other)
	return merged
}
