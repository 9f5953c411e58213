// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package trace_test

import (
	"strings"
	"testing"
	"time"

	"github.com/egressbundle/egressbundle/conformance/cluster"
	"github.com/egressbundle/egressbundle/conformance/trace"
)

func limits(policy string) string {
	return `
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: limits, namespace: istio-system}
spec:
  host: www.example.com
  trafficPolicy: {` + policy + `}
`
}

const allLimits = `
    connectionPool:
      tcp:
        connectTimeout: 5s
        maxConnections: 100
        maxConnectionDuration: 1h
        idleTimeout: 2m
        tcpKeepalive: {probes: 3, time: 300s, interval: 30s}
      http:
        http1MaxPendingRequests: 10
        http2MaxRequests: 20
        maxRequestsPerConnection: 30
        maxRetries: 40
        idleTimeout: 1m
    outlierDetection:
      consecutive5xxErrors: 7
      consecutiveGatewayErrors: 6
      interval: 20s
      baseEjectionTime: 40s
      maxEjectionPercent: 50
`

func TestPolicy(t *testing.T) {
	limited := strings.Replace(limits(""), "{}", allLimits, 1)
	keepalive := &trace.Keepalive{Probes: 3, Time: 5 * time.Minute, Interval: 30 * time.Second}
	outlier := &trace.Outlier{
		Consecutive5xx:     7,
		ConsecutiveGateway: 6,
		Interval:           20 * time.Second,
		BaseEjection:       40 * time.Second,
		MaxEjectionPercent: 50,
	}
	requests := trace.Policy{
		ConnectTimeout:           5 * time.Second,
		MaxConnections:           100,
		MaxPendingRequests:       10,
		MaxRequests:              20,
		MaxRetries:               40,
		MaxRequestsPerConnection: 30,
		IdleTimeout:              time.Minute,
		MaxConnectionDuration:    time.Hour,
		Keepalive:                keepalive,
		Outlier:                  outlier,
	}
	plain := trace.Exit{Addresses: []string{"www.example.com:80"}, Authority: "www.example.com"}
	for _, test := range []traced{
		{
			name: "of requests",
			opts: trace.Options{Manifests: external + limited},
			call: trace.Call{URL: "http://www.example.com"},
			want: trace.Result{Direct: true, Exit: plain, Policy: requests},
		},
		{
			name: "of bytes",
			opts: trace.Options{Manifests: external + limited},
			call: trace.Call{URL: "https://www.example.com"},
			want: trace.Result{
				Direct: true,
				Exit:   trace.Exit{Addresses: []string{"www.example.com:443"}},
				Policy: trace.Policy{
					ConnectTimeout:        5 * time.Second,
					MaxConnections:        100,
					MaxPendingRequests:    10,
					IdleTimeout:           2 * time.Minute,
					MaxConnectionDuration: time.Hour,
					Keepalive:             keepalive,
					Outlier:               outlier,
				},
			},
		},
		{
			name: "at the gateway",
			opts: trace.Options{Manifests: throughGateway + limited},
			call: trace.Call{URL: "http://www.example.com"},
			want: trace.Result{
				Gateway: "istio-system/istio-egressgateway",
				Hop:     trace.Hop{HTTP2: true},
				Exit:    plain,
				Timeout: 5 * time.Second,
				Policy:  requests,
			},
		},
		{
			name: "of the hop are not of the last leg",
			opts: trace.Options{Manifests: throughGateway + strings.Replace(limited, "host: www.example.com",
				"host: istio-egressgateway.istio-system.svc.cluster.local", 1)},
			call: trace.Call{URL: "http://www.example.com"},
			want: trace.Result{
				Gateway: "istio-system/istio-egressgateway",
				Hop:     trace.Hop{HTTP2: true},
				Exit:    plain,
				Timeout: 5 * time.Second,
			},
		},
		{
			name: "for another port",
			opts: trace.Options{Manifests: external +
				limits("portLevelSettings: [{port: {number: 443}, connectionPool: {tcp: {maxConnections: 1}}}]")},
			call: trace.Call{URL: "http://www.example.com"},
			want: trace.Result{Direct: true, Exit: plain},
		},
		{
			name: "with Envoy's defaults",
			opts: trace.Options{Manifests: external + limits("outlierDetection: {}")},
			call: trace.Call{URL: "http://www.example.com"},
			want: trace.Result{Direct: true, Exit: plain, Policy: trace.Policy{Outlier: &trace.Outlier{
				Consecutive5xx:     5,
				Interval:           10 * time.Second,
				BaseEjection:       30 * time.Second,
				MaxEjectionPercent: 10,
			}}},
		},
		{
			name: "with errors that do not count",
			opts: trace.Options{Manifests: external + limits("outlierDetection: {consecutive5xxErrors: 0}")},
			call: trace.Call{URL: "http://www.example.com"},
			want: trace.Result{Direct: true, Exit: plain, Policy: trace.Policy{Outlier: &trace.Outlier{
				Interval:           10 * time.Second,
				BaseEjection:       30 * time.Second,
				MaxEjectionPercent: 10,
			}}},
		},
	} {
		t.Run(test.name, test.run)
	}
}

// regions has endpoints in three regions. The second stands in for the first.
const regions = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: external, namespace: istio-system}
spec:
  hosts: [www.example.com]
  location: MESH_EXTERNAL
  resolution: DNS
  ports: [{name: http-80, number: 80, protocol: HTTP}]
  endpoints:
  - {address: a.example.com, locality: one}
  - {address: b.example.com, locality: two}
  - {address: c.example.com, locality: three}
`

func TestFailover(t *testing.T) {
	failover := limits("outlierDetection: {consecutive5xxErrors: 5}, " +
		"loadBalancer: {localityLbSetting: {failover: [{from: one, to: two}]}}")
	noOutlier := limits("loadBalancer: {localityLbSetting: {failover: [{from: one, to: two}]}}")
	_, gatewayOnly, _ := strings.Cut(throughGateway, "---")
	policy := trace.Policy{Outlier: &trace.Outlier{
		Consecutive5xx:     5,
		Interval:           10 * time.Second,
		BaseEjection:       30 * time.Second,
		MaxEjectionPercent: 10,
	}}
	all := []string{"a.example.com:80", "b.example.com:80", "c.example.com:80"}
	exit := func(priorities ...[]string) trace.Exit {
		return trace.Exit{Addresses: all, Priorities: priorities, Authority: "www.example.com"}
	}
	abc := exit(all[:1], all[1:2], all[2:])
	elsewhere := cluster.DefaultGateway()
	elsewhere.Locality = "three"
	for _, test := range []traced{
		{
			name: "from the first region",
			opts: trace.Options{Manifests: regions + failover},
			call: trace.Call{URL: "http://www.example.com", Locality: "one/zone"},
			want: trace.Result{Direct: true, Exit: abc, Policy: policy},
		},
		{
			name: "from a region that has no stand-in of its own",
			opts: trace.Options{Manifests: regions + failover},
			call: trace.Call{URL: "http://www.example.com", Locality: "two"},
			want: trace.Result{Direct: true, Exit: exit(all[1:2], []string{all[0], all[2]}), Policy: policy},
		},
		{
			name: "from nowhere",
			opts: trace.Options{Manifests: regions + failover},
			call: trace.Call{URL: "http://www.example.com"},
			want: trace.Result{Direct: true, Exit: exit(), Policy: policy},
		},
		{
			name: "without outlier detection",
			opts: trace.Options{Manifests: regions + noOutlier},
			call: trace.Call{URL: "http://www.example.com", Locality: "one"},
			want: trace.Result{Direct: true, Exit: exit()},
		},
		{
			name: "through a gateway in the same region",
			opts: trace.Options{Manifests: regions + "---" + gatewayOnly + failover},
			call: trace.Call{URL: "http://www.example.com", Locality: "one"},
			want: trace.Result{
				Gateway: "istio-system/istio-egressgateway",
				Hop:     trace.Hop{HTTP2: true},
				Exit:    abc,
				Timeout: 5 * time.Second,
				Policy:  policy,
			},
		},
		{
			name: "through a gateway in another region",
			opts: trace.Options{
				Manifests: regions + "---" + gatewayOnly + failover,
				Gateways:  []cluster.Gateway{elsewhere},
			},
			call: trace.Call{URL: "http://www.example.com", Locality: "one"},
			want: trace.Result{
				Gateway: "istio-system/istio-egressgateway",
				Hop:     trace.Hop{HTTP2: true},
				Exit:    exit(all[2:], all[:2]),
				Timeout: 5 * time.Second,
				Policy:  policy,
			},
		},
	} {
		t.Run(test.name, test.run)
	}
}
