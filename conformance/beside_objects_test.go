// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import "strings"

// What others wrote by hand. Each is called other.

func otherEntry(namespace, spec string) string { return otherObject("ServiceEntry", namespace, spec) }

func otherSidecar(namespace, spec string) string { return otherObject("Sidecar", namespace, spec) }

func otherRule(namespace, host, spec string) string {
	return otherObject("DestinationRule", namespace, `host: "`+host+`", `+spec)
}

func otherObject(kind, namespace, spec string) string {
	version := "v1"
	if kind == "EnvoyFilter" {
		version = "v1alpha3" // It has no other.
	}
	return "\napiVersion: networking.istio.io/" + version + "\nkind: " + kind + "\nmetadata: {name: other, namespace: " + namespace + "}\nspec: {" + spec + "}\n"
}

// otherRoute leads a host to a Service, for all that it can be called by.
func otherRoute(namespace, host, exportTo string) string {
	return otherObject("VirtualService", namespace, exportTo+`hosts: ["`+host+`"], `+
		`http: [{route: [{destination: {host: other.payments.svc.cluster.local}}]}], `+
		`tls: [{match: [{port: 443, sniHosts: ["`+host+`"]}], `+toOther+`}]`) + otherService
}

// otherTLS leads what matches to a Service.
func otherTLS(namespace, hosts, exportTo, match string) string {
	return otherObject("VirtualService", namespace, exportTo+"hosts: ["+hosts+"], tls: [{match: [{"+match+"}], "+toOther+"}]") + otherService
}

const toOther = "route: [{destination: {host: other.payments.svc.cluster.local, port: {number: 443}}}]"

const otherService = `
---
apiVersion: v1
kind: Service
metadata: {name: other, namespace: payments}
spec: {ports: [{name: http, port: 80, protocol: TCP}, {name: tls, port: 443, protocol: TCP}]}
`

func otherServer(port, protocol, host, mode string) string {
	tls := ""
	if mode != "" {
		tls = ", tls: {mode: " + mode + "}"
	}
	return otherObject("Gateway", "legacy", "selector: {istio: egressgateway}, servers: [{port: {number: "+port+
		", name: other, protocol: "+protocol+`}, hosts: ["`+host+`"]`+tls+"}]")
}

// otherPolicy is one of the gateway.
func otherPolicy(spec string) string {
	return otherSecurity("AuthorizationPolicy", "istio-system", "selector: {matchLabels: {istio: egressgateway}}, "+spec)
}

func anotherPolicy(spec string) string {
	return strings.Replace(otherPolicy(spec), "other", "another", 1)
}

func otherSecurity(kind, namespace, spec string) string {
	return strings.Replace(otherObject(kind, namespace, spec), "networking.", "security.", 1)
}
