// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/conformance/calls"
)

// A promise is a call that a golden promises to carry, and the names that the golden has for its way.
type promise struct {
	golden string // folder in testdata/render
	from   string // namespace of the caller
	call   string
	// address and locality tell promises of one call apart.
	address, locality string

	target string // where it leaves to
	hop    string // cluster that leads to the gateway
	sni    string // what the gateway sees
	bind   int    // port of the gateway's container
	lane   string // made-up host at the gateway
	exit   string // cluster that leads out
}

// isOf reports whether an outcome is that of the promised call.
func (p promise) isOf(o calls.Outcome) bool {
	return o.From == p.from && o.Call == p.call && o.Address == p.address && o.Locality == p.locality
}

// declared is the cluster of the host that is called.
func (p promise) declared() string {
	if p.hop == "" && p.exit != "" {
		return p.exit
	}
	scheme, rest, _ := strings.Cut(p.call, "://")
	name, port, _ := strings.Cut(rest, ":")
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[scheme]
	}
	return "outbound|" + port + "||" + name
}

const hopHost = "istio-egressgateway.istio-system.svc.cluster.local"

// The promises, by pattern and way.
var (
	passthrough = promise{
		golden: "tls_passthrough/basic", from: "payments", call: "https://edition.cnn.com", target: "edition.cnn.com:443",
		hop:  "outbound|443|payments--news--cnn--edition-cnn-com--tls-443|" + hopHost,
		sni:  "edition.cnn.com.443.cnn.tls.news.payments.egress",
		bind: 8443,
		lane: "edition.cnn.com.443.cnn.tls.news.payments.egress",
		exit: "outbound|443||edition.cnn.com.443.cnn.tls.news.payments.egress",
	}
	passthroughPlain = promise{
		golden: "tls_passthrough/plaintext_hop", from: "payments", call: "https://edition.cnn.com", target: "edition.cnn.com:443",
		hop:  "outbound|443|payments--news--plaintext|" + hopHost,
		sni:  "edition.cnn.com",
		bind: 8443,
		lane: "edition.cnn.com.443.cnn.tls.news.payments.egress",
		exit: "outbound|443||edition.cnn.com.443.cnn.tls.news.payments.egress",
	}
	passthroughPlainToo = promise{
		golden: "tls_passthrough/plaintext_hop", from: "payments", call: "https://www.bbc.co.uk", target: "www.bbc.co.uk:443",
		hop:  "outbound|443|payments--news--plaintext|" + hopHost,
		sni:  "www.bbc.co.uk",
		bind: 8443,
		lane: "www.bbc.co.uk.443.cnn.tls.news.payments.egress",
		exit: "outbound|443||www.bbc.co.uk.443.cnn.tls.news.payments.egress",
	}
	passthroughSidecar = promise{
		golden: "tls_passthrough/sidecar", from: "payments", call: "https://edition.cnn.com", target: "edition.cnn.com:443",
	}
	passthroughSidecarToo = promise{
		golden: "tls_passthrough/sidecar", from: "payments", call: "https://www.bbc.co.uk", target: "www.bbc.co.uk:443",
	}
	passthroughPort = promise{golden: "tls_passthrough/ports", from: "office", call: "https://mail.example.com:993"}

	plainHTTP = promise{
		golden: "http/basic", from: "payments", call: "http://httpbin.org", target: "httpbin.org:80",
		hop:  "outbound|443|payments--web--http|" + hopHost,
		sni:  "mesh.http.web.payments.egress",
		bind: 8443,
		lane: "httpbin.org.80.httpbin.http.web.payments.egress",
		exit: "outbound|80||httpbin.org.80.httpbin.http.web.payments.egress",
	}
	plainHTTPPlain = promise{
		golden: "http/plaintext_hop", from: "payments", call: "http://httpbin.org", target: "httpbin.org:80",
		hop:  "outbound|80|payments--web--plaintext|" + hopHost,
		bind: 8080,
		lane: "httpbin.org.80.httpbin.http.web.payments.egress",
		exit: "outbound|80||httpbin.org.80.httpbin.http.web.payments.egress",
	}
	plainHTTPSidecar = promise{
		golden: "http/sidecar", from: "payments", call: "http://httpbin.org", target: "httpbin.org:80",
	}
	plainHTTPSidecarToo = promise{
		golden: "http/sidecar", from: "search", call: "http://httpbin.org", target: "httpbin.org:80",
	}
	plainHTTPSidecarPort = promise{
		golden: "http/sidecar", from: "payments", call: "http://httpbin.org:8000", target: "httpbin.org:8000",
	}
	ofTwoHosts    = promise{golden: "http/retries", from: "payments", call: "http://httpbin.org"}
	ofTwoHostsToo = promise{golden: "http/retries", from: "payments", call: "http://httpbin.org:8080"}

	grpc    = promise{golden: "http/grpc", from: "payments", call: "http://otel.example.com:4317"}
	grpcToo = promise{golden: "http/grpc", from: "payments", call: "http://otel.example.com:4318"}
	notGRPC = promise{golden: "http/grpc", from: "payments", call: "http://otel.example.com"}

	originated = promise{
		golden: "tls_origination/basic", from: "payments", call: "http://api.stripe.com", target: "api.stripe.com:443",
		hop:  "outbound|443|payments--cards--http|" + hopHost,
		sni:  "mesh.http.cards.payments.egress",
		bind: 8443,
		lane: "api.stripe.com.80.stripe.http.cards.payments.egress",
		exit: "outbound|80|tls|api.stripe.com.80.stripe.http.cards.payments.egress",
	}
	originatedPlain = promise{
		golden: "tls_origination/plaintext_hop", from: "payments", call: "http://api.stripe.com", target: "api.stripe.com:443",
		hop:  "outbound|80|payments--cards--plaintext|" + hopHost,
		bind: 8080,
		lane: "api.stripe.com.80.stripe.http.cards.payments.egress",
		exit: "outbound|80|tls|api.stripe.com.80.stripe.http.cards.payments.egress",
	}
	originatedSidecar = promise{
		golden: "tls_origination/sidecar", from: "payments", call: "http://api.stripe.com", target: "api.stripe.com:443",
		exit: "outbound|80|tls|api.stripe.com",
	}
	originatedSidecarGRPC = promise{
		golden: "tls_origination/sidecar", from: "payments", call: "http://grpc.example.com:8080", target: "grpc.example.com:443",
		exit: "outbound|8080|tls|grpc.example.com",
	}
	besideOriginated = promise{
		golden: "tls_origination/sidecar", from: "payments", call: "https://api.stripe.com", target: "api.stripe.com:443",
	}
)

// The promises in groups.
var (
	mutualTLS      = []promise{passthrough, plainHTTP, originated}
	mutualRequests = []promise{plainHTTP, originated}
	plainTLS       = []promise{passthroughPlain, passthroughPlainToo}
	plainRequests  = []promise{plainHTTPPlain, originatedPlain}
	requests       = slices.Concat(mutualRequests, plainRequests)
	connections    = slices.Concat([]promise{passthrough}, plainTLS)
	throughGateway = slices.Concat(requests, connections)
	http1Sidecar   = []promise{plainHTTPSidecar, originatedSidecar}
	throughSidecar = []promise{passthroughSidecar, plainHTTPSidecar, originatedSidecar}
)
