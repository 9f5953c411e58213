// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/egressbundle/egressbundle/conformance/admission"
	"github.com/egressbundle/egressbundle/conformance/trace"
)

const gateway = "istio-system/istio-egressgateway"

// What becomes of a call that nothing allows.
var (
	blackHole = trace.Result{Blocked: "BlackHoleCluster"}
	blockAll  = trace.Result{Blocked: "502 block_all"}
)

// defaultRetries is what Istio gives to every HTTP route that does not say otherwise.
var defaultRetries = trace.Retries{
	Attempts: 2,
	On:       "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes",
}

// An expectation is what should become of a call.
type expectation struct {
	from string // namespace
	url  string
	want trace.Result
}

// What bundle payments/news promises, hop mTLS on.
var newsCalls = []expectation{
	{"payments", "https://edition.cnn.com", trace.Result{
		Gateway: gateway,
		Hop:     mutual("payments", "edition.cnn.com.443.cnn.tls.news.payments.egress"),
		Exit:    trace.Exit{Addresses: []string{"edition.cnn.com:443"}},
	}},
	{"payments", "http://edition.cnn.com", trace.Result{
		Gateway: gateway,
		Hop:     mutual("payments", "mesh.http.news.payments.egress"),
		Exit:    trace.Exit{Addresses: []string{"edition.cnn.com:443"}, Authority: "edition.cnn.com"},
		TLS:     simple("edition.cnn.com"),
		Timeout: 3 * time.Second,
		Retries: trace.Retries{Attempts: 3, PerTryTimeout: time.Second, On: "5xx,reset"},
	}},
	{"payments", "http://httpbin.org/get?x=1", trace.Result{
		Gateway: gateway,
		Hop:     mutual("payments", "mesh.http.news.payments.egress"),
		Exit:    trace.Exit{Addresses: []string{"httpbin.org:80"}, Authority: "httpbin.org"},
		Retries: defaultRetries,
	}},
	{"payments", "http://httpbin.org:8080", trace.Result{
		Gateway: gateway,
		Hop:     mutual("payments", "mesh.http.news.payments.egress"),
		Exit:    trace.Exit{Addresses: []string{"httpbin.org:8080"}, Authority: "httpbin.org:8080"},
		Retries: defaultRetries,
	}},
	{"payments", "https://httpbin.org", blackHole},
	{"payments", "tls://edition.cnn.com:8443", blackHole},
	{"payments", "tcp://198.51.100.1:5432", blackHole},
	{"other", "https://edition.cnn.com", blackHole},
	{"other", "http://edition.cnn.com", blockAll},
	{"other", "http://httpbin.org:8080", blackHole},
}

// What bundle search/web promises, hop mTLS on.
var webCalls = []expectation{
	{"search", "http://edition.cnn.com", trace.Result{
		Gateway: gateway,
		Hop:     mutual("search", "mesh.http.web.search.egress"),
		Exit:    trace.Exit{Addresses: []string{"edition.cnn.com:80"}, Authority: "edition.cnn.com"},
		Retries: defaultRetries,
	}},
	{"search", "https://edition.cnn.com", trace.Result{
		Gateway: gateway,
		Hop:     mutual("search", "edition.cnn.com.443.cnn.tls.web.search.egress"),
		Exit:    trace.Exit{Addresses: []string{"edition.cnn.com:443"}},
	}},
	{"search", "tls://edition.cnn.com:8443", trace.Result{
		Gateway: gateway,
		Hop:     mutual("search", "edition.cnn.com.8443.cnn.tls.web.search.egress"),
		Exit:    trace.Exit{Addresses: []string{"edition.cnn.com:8443"}},
	}},
	{"search", "http://httpbin.org", blockAll},
}

// What the bundles promise with the hop's mTLS off. Gateway port 80 is named http2.
var (
	plainNewsCalls = []expectation{
		{"payments", "https://edition.cnn.com", trace.Result{
			Gateway: gateway,
			Hop:     trace.Hop{SNI: "edition.cnn.com"},
			Exit:    trace.Exit{Addresses: []string{"edition.cnn.com:443"}},
		}},
		{"payments", "http://edition.cnn.com", trace.Result{
			Gateway: gateway,
			Hop:     trace.Hop{HTTP2: true},
			Exit:    trace.Exit{Addresses: []string{"edition.cnn.com:443"}, Authority: "edition.cnn.com"},
			TLS:     simple("edition.cnn.com"),
			Timeout: 3 * time.Second,
			Retries: trace.Retries{Attempts: 3, PerTryTimeout: time.Second, On: "5xx,reset"},
		}},
		{"payments", "http://httpbin.org:8080", trace.Result{
			Gateway: gateway,
			Hop:     trace.Hop{HTTP2: true},
			Exit:    trace.Exit{Addresses: []string{"httpbin.org:8080"}, Authority: "httpbin.org:8080"},
			Retries: defaultRetries,
		}},
		{"payments", "https://httpbin.org", blackHole},
	}
	plainWebCalls = []expectation{
		{"search", "https://edition.cnn.com", trace.Result{
			Gateway: gateway,
			Hop:     trace.Hop{SNI: "edition.cnn.com"},
			Exit:    trace.Exit{Addresses: []string{"edition.cnn.com:443"}},
		}},
		{"search", "http://edition.cnn.com", trace.Result{
			Gateway: gateway,
			Hop:     trace.Hop{HTTP2: true},
			Exit:    trace.Exit{Addresses: []string{"edition.cnn.com:80"}, Authority: "edition.cnn.com"},
			Retries: defaultRetries,
		}},
	}
)

// mutual is a hop over Istio mTLS.
func mutual(namespace, sni string) trace.Hop {
	return trace.Hop{TLS: "ISTIO_MUTUAL", SNI: sni, Identity: "spiffe://cluster.local/ns/" + namespace + "/sa/default"}
}

// simple is TLS to a host, whose certificate the system's roots must vouch for.
func simple(host string) trace.TLS {
	return trace.TLS{Mode: "SIMPLE", SNI: host, SANs: []string{host}, CA: "file-root:system"}
}

// mesh computes a mesh that lets only registered calls out.
func mesh(t *testing.T, manifests string) *trace.Mesh {
	t.Helper()
	return trace.NewMesh(t, trace.Options{Manifests: manifests})
}

// expect traces the calls. Of a call that should be blocked only the reason counts.
func expect(t *testing.T, m *trace.Mesh, tables ...[]expectation) {
	t.Helper()
	for _, table := range tables {
		for _, e := range table {
			got := m.Trace(trace.Call{Namespace: e.from, URL: e.url})
			check(t, e.from+" "+e.url, e.want, got)
		}
	}
}

func check(t *testing.T, call string, want, got trace.Result) {
	t.Helper()
	steps := strings.Join(got.Steps, "\n")
	if want.Blocked != "" && got.Blocked != "" {
		got = trace.Result{Blocked: got.Blocked}
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(trace.Result{}, "Headers", "Proxies", "Steps"), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-want +got):\n%s%s", call, diff, steps)
	}
}

// admit checks the manifests and returns the problems, as in "IST0145 Gateway istio-system/web" or "schema ...".
func admit(t *testing.T, manifests string) []string {
	t.Helper()
	problems, err := admission.Check(manifests, admission.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, p := range problems {
		if p.Check == "analyze" {
			p.Check, _, _ = strings.Cut(p.Message, ":")
		}
		found = append(found, p.Check+" "+p.Object)
	}
	return found
}

// expectProblems admits the manifests and compares.
func expectProblems(t *testing.T, manifests string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, admit(t, manifests), cmpopts.SortSlices(strings.Compare), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}
