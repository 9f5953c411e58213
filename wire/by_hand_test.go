// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"fmt"
	"strings"
)

// What Istio's documentation has one write to lead several hosts through an egress gateway: a ServiceEntry and a
// VirtualService for each, and one Gateway and one DestinationRule, whose subset the hosts share where they can.
// https://istio.io/latest/docs/tasks/traffic-management/egress/egress-gateway/
//
// exportTo keeps the teams of this benchmark apart. For those who see the objects it changes nothing.

// httpByHand is the task "Egress gateway for HTTP traffic", with the mutual TLS of "Egress Gateways with TLS Origination".
func httpByHand(t team, hosts []string) string {
	var text strings.Builder
	fmt.Fprintf(&text, gatewayByHand, t.namespace, t.gateway())
	fmt.Fprintf(&text, "  - {port: {number: 80, name: https, protocol: HTTPS}, hosts: [%s], tls: {mode: ISTIO_MUTUAL}}\n",
		strings.Join(hosts, ", "))
	fmt.Fprintf(&text, ruleByHand, t.namespace, t.service())
	fmt.Fprintf(&text, "  - {name: all, trafficPolicy: {portLevelSettings: [{port: {number: 80}, tls: {mode: ISTIO_MUTUAL, sni: %s}}]}}\n",
		hosts[0])
	for _, host := range hosts {
		fmt.Fprintf(&text, entryByHand, t.namespace, t.gateway(), host, "{number: 80, name: http, protocol: HTTP}")
		fmt.Fprintf(&text, routesByHand, t.namespace, t.gateway(), host)
		fmt.Fprintf(&text, `  http:
  - match: [{gateways: [mesh], port: 80}]
    route: [{destination: {host: %s, subset: all, port: {number: 80}}, weight: 100}]
  - match: [{gateways: [egress], port: 80}]
    route: [{destination: {host: %s, port: {number: 80}}, weight: 100}]
`, t.service(), host)
	}
	return text.String()
}

// tlsByHand is the task "Egress gateway for HTTPS traffic", with mutual TLS around the TLS of the application. The SNI of
// that is all the gateway sees, so each host needs a subset of its own, and a server of its own.
func tlsByHand(t team, hosts []string) string {
	var text strings.Builder
	fmt.Fprintf(&text, gatewayByHand, t.namespace, t.gateway())
	for i, host := range hosts {
		fmt.Fprintf(&text, "  - {port: {number: 443, name: tls-%d, protocol: TLS}, hosts: [%s], tls: {mode: ISTIO_MUTUAL}}\n", i, host)
	}
	fmt.Fprintf(&text, ruleByHand, t.namespace, t.service())
	for i, host := range hosts {
		fmt.Fprintf(&text, "  - {name: host-%d, trafficPolicy: {portLevelSettings: [{port: {number: 443}, tls: {mode: ISTIO_MUTUAL, sni: %s}}]}}\n",
			i, host)
	}
	for i, host := range hosts {
		fmt.Fprintf(&text, entryByHand, t.namespace, t.gateway(), host, "{number: 443, name: tls, protocol: TLS}")
		fmt.Fprintf(&text, routesByHand, t.namespace, t.gateway(), host)
		fmt.Fprintf(&text, `  tls:
  - match: [{gateways: [mesh], port: 443, sniHosts: [%[1]s]}]
    route: [{destination: {host: %[2]s, subset: host-%[3]d, port: {number: 443}}}]
  tcp:
  - match: [{gateways: [egress], port: 443}]
    route: [{destination: {host: %[1]s, port: {number: 443}}, weight: 100}]
`, host, t.service(), i)
	}
	return text.String()
}

// plainTLSByHand is the task "Egress gateway for HTTPS traffic" as it stands, without mutual TLS.
func plainTLSByHand(t team, hosts []string) string {
	var text strings.Builder
	fmt.Fprintf(&text, gatewayByHand, t.namespace, t.gateway())
	fmt.Fprintf(&text, "  - {port: {number: 443, name: tls, protocol: TLS}, hosts: [%s], tls: {mode: PASSTHROUGH}}\n", strings.Join(hosts, ", "))
	fmt.Fprintf(&text, ruleByHand, t.namespace, t.service())
	text.WriteString("  - {name: all}\n")
	for _, host := range hosts {
		fmt.Fprintf(&text, entryByHand, t.namespace, t.gateway(), host, "{number: 443, name: tls, protocol: TLS}")
		fmt.Fprintf(&text, routesByHand, t.namespace, t.gateway(), host)
		fmt.Fprintf(&text, `  tls:
  - match: [{gateways: [mesh], port: 443, sniHosts: [%[1]s]}]
    route: [{destination: {host: %[2]s, subset: all, port: {number: 443}}}]
  - match: [{gateways: [egress], port: 443, sniHosts: [%[1]s]}]
    route: [{destination: {host: %[1]s, port: {number: 443}}, weight: 100}]
`, host, t.service())
	}
	return text.String()
}

const (
	gatewayByHand = `---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: egress, namespace: %s}
spec:
  selector: {istio: %s}
  servers:
`
	ruleByHand = `---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: egress, namespace: %s}
spec:
  host: %s
  subsets:
`
	entryByHand = `---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: %[3]s, namespace: %[1]s}
spec:
  exportTo: [., %[2]s]
  hosts: [%[3]s]
  ports: [%[4]s]
  resolution: DNS
`
	routesByHand = `---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: %[3]s, namespace: %[1]s}
spec:
  exportTo: [., %[2]s]
  hosts: [%[3]s]
  gateways: [mesh, egress]
`
)
