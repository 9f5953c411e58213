// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package istio

// What Istio's proxies add to the requests that they send: how often and how long they
// try, and by what name they know the route.
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers
var addedByProxies = []string{
	"x-envoy-attempt-count",
	"x-envoy-decorator-operation",
	"x-envoy-expected-rq-timeout-ms",
	"x-envoy-peer-metadata",
	"x-envoy-peer-metadata-id",
	"x-forwarded-proto",
}

// What gateways add: who called them, from where, and with which certificate; and the
// name by which they were called, if nobody keeps them from that.
var addedByGateways = []string{
	"x-envoy-external-address",
	"x-envoy-internal",
	"x-envoy-original-host",
	"x-forwarded-client-cert",
	"x-forwarded-for",
}

// requestID is what proxies add unless the application has one of its own. Once it is
// there, nobody can tell.
const requestID = "x-request-id"
