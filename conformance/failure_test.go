// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"testing"

	"github.com/egressbundle/egressbundle/conformance/trace"
)

// What the calls of bundle payments/news depend on: each is blocked when one thing it needs is taken away. None leaves
// another way, and none leaves in plain text.
func TestMissingObject(t *testing.T) {
	news := read(t, "lane/news.yaml")
	for _, test := range []struct {
		missing   string
		tls, http string // why https:// and http://edition.cnn.com are blocked
	}{
		{
			missing: "DestinationRule payments/payments--news",
			tls: "503 NC: cluster outbound|443|payments--news--cnn-443|" +
				"istio-egressgateway.istio-system.svc.cluster.local does not exist",
			http: "503 NC: cluster outbound|443|payments--news--http|" +
				"istio-egressgateway.istio-system.svc.cluster.local does not exist",
		},
		{
			missing: "VirtualService istio-system/payments--news--cnn--mesh",
			tls:     "503 UH: cluster outbound|443||edition.cnn.com has no endpoints",
			http:    "503 UH: cluster outbound|80||edition.cnn.com has no endpoints",
		},
		{
			missing: "Gateway istio-system/payments--news",
			tls:     "no listener at istio-system/istio-egressgateway takes 10.244.1.1:8443",
			http:    "no listener at istio-system/istio-egressgateway takes 10.244.1.1:8443",
		},
		{
			missing: "VirtualService istio-system/payments--news--cnn-443",
			tls: `no filter chain of listener 0.0.0.0_8443 matches SNI ` +
				`"edition.cnn.com.443.cnn.tls.news.payments.egress"`,
		},
		{
			missing: "VirtualService istio-system/payments--news--cnn-80",
			http:    "404 no virtual host for edition.cnn.com.80.cnn.http.news.payments.egress",
		},
		{
			missing: "ServiceEntry istio-system/payments--news--cnn",
			tls:     "503 NC: cluster outbound|443||edition.cnn.com.cnn.news.payments.egress does not exist",
			http:    "503 NC: cluster outbound|80|tls|edition.cnn.com.cnn.news.payments.egress does not exist",
		},
		{
			missing: "DestinationRule istio-system/payments--news--cnn",
			http:    "503 NC: cluster outbound|80|tls|edition.cnn.com.cnn.news.payments.egress does not exist",
		},
		{
			// On port 80 alone, pilot routes the hosts of VirtualServices that belong to no service.
			missing: "ServiceEntry payments/payments--news--cnn",
			tls:     "BlackHoleCluster",
		},
	} {
		t.Run(test.missing, func(t *testing.T) {
			m := mesh(t, without(t, news, test.missing))
			for url, why := range map[string]string{
				"https://edition.cnn.com": test.tls,
				"http://edition.cnn.com":  test.http,
			} {
				if why != "" {
					expect(t, m, []expectation{{"payments", url, trace.Result{Blocked: why}}})
				}
			}
		})
	}
}

// With resolution DNS or NONE, the clients' ServiceEntry alone opens a direct way.
func TestClientServiceEntryWithEndpoints(t *testing.T) {
	news := without(t, read(t, "lane/news.yaml"), "VirtualService istio-system/payments--news--cnn--mesh")
	for resolution, address := range map[string]string{"DNS": "edition.cnn.com:443", "NONE": "203.0.113.254:443"} {
		manifests := replace(t, news, "resolution: STATIC", "resolution: "+resolution)
		expect(t, mesh(t, manifests), []expectation{{"payments", "https://edition.cnn.com", trace.Result{
			Direct: true,
			Exit:   trace.Exit{Addresses: []string{address}},
		}}})
	}
}

// With the TLS at the top of the DestinationRule instead of a subset, its absence means plain text to port 443.
func TestOriginationWithoutSubset(t *testing.T) {
	news := replace(t, read(t, "lane/news.yaml"), ", subset: tls", "")
	expect(t, mesh(t, without(t, news, "DestinationRule istio-system/payments--news--cnn")), []expectation{
		{"payments", "http://edition.cnn.com", trace.Result{
			Gateway: gateway,
			Hop:     mutual("payments", "mesh.http.news.payments.egress"),
			Exit:    newsCalls[1].want.Exit,
			Timeout: newsCalls[1].want.Timeout,
			Retries: newsCalls[1].want.Retries,
		}},
	})
}

// The gateway's leg of TLS over mTLS wants a tcp route. Others leave the server without a filter chain, and only it.
func TestWrongKindOfRoute(t *testing.T) {
	news := read(t, "lane/news.yaml")
	const tcp = "  tcp:\n  - match: [{port: 443}]"
	for name, other := range map[string]string{
		"tls":  "  tls:\n  - match: [{port: 443, sniHosts: [edition.cnn.com.443.cnn.tls.news.payments.egress]}]",
		"http": "  http:\n  - match: [{port: 443}]",
	} {
		t.Run(name, func(t *testing.T) {
			expect(t, mesh(t, replace(t, news, tcp, other)), newsCalls[1:], []expectation{
				{"payments", "https://edition.cnn.com", trace.Result{
					Blocked: `no filter chain of listener 0.0.0.0_8443 matches SNI "edition.cnn.com.443.cnn.tls.news.payments.egress"`,
				}},
			})
		})
	}
}

// What the gateway uses must be exported to the gateway's namespace.
func TestNotExportedToGateway(t *testing.T) {
	t.Run("ServiceEntry", func(t *testing.T) {
		manifests := without(t, read(t, "realhost/news.yaml"), "ServiceEntry istio-system/payments--news--cnn--upstream")
		manifests = replace(t, manifests, "exportTo:\n  - payments\n  - .", "exportTo:\n  - payments")
		expect(t, mesh(t, manifests), []expectation{
			{"payments", "https://edition.cnn.com", trace.Result{
				Blocked: "503 NC: cluster outbound|443||edition.cnn.com does not exist",
			}},
			{"payments", "http://edition.cnn.com", trace.Result{
				Blocked: "503 NC: cluster outbound|443|payments--news--cnn-80|edition.cnn.com does not exist",
			}},
		})
	})
	t.Run("VirtualService", func(t *testing.T) {
		manifests := replace(t, read(t, "lane/news.yaml"),
			"exportTo: [\".\"]\n  gateways: [payments--news]", "exportTo: [payments]\n  gateways: [payments--news]")
		expect(t, mesh(t, manifests), []expectation{
			{"payments", "https://edition.cnn.com", trace.Result{
				Blocked: `no filter chain of listener 0.0.0.0_8443 matches SNI "edition.cnn.com.443.cnn.tls.news.payments.egress"`,
			}},
			{"payments", "http://edition.cnn.com", trace.Result{Blocked: "404 no route in virtual host blackhole:443"}},
		})
	})
}
