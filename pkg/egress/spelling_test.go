// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSpellings: two ways to write one destination are one, so that two bundles of one host do not
// contradict each other, and their objects are equal where they are rendered apart.
func TestSpellings(t *testing.T) {
	const (
		plain    = "hosts: [a.example.com], ports: [{port: 443, pattern: TLSPassthrough}]"
		requests = "hosts: [a.example.com], ports: [{port: 80, pattern: TLSOrigination"
	)
	for name, spelling := range map[string][2]string{
		"empty pools": {
			plain + ", trafficPolicy: {connectTimeout: 1s}",
			plain + ", trafficPolicy: {connectTimeout: 1s, connectionPool: {}}",
		},
		"a pool of nothing": {
			requests + "}], trafficPolicy: {connectionPool: {tcp: {maxConnections: 9}}}",
			requests + "}], trafficPolicy: {connectionPool: {tcp: {maxConnections: 9}, http: {}}}",
		},
		"a policy of nothing": {plain, plain + ", trafficPolicy: {connectionPool: {tcp: {}}}"},
		"a proxy": {
			plain + `, forwardProxy: {address: "2001:db8::1", port: 3128}`,
			plain + `, forwardProxy: {address: "2001:DB8:0:0::1", port: 3128}`,
		},
		"an endpoint": {
			plain + `, endpoints: [{address: "2001:db8::1"}]`,
			plain + `, endpoints: [{address: "2001:DB8:0:0::1", ports: {}}]`,
		},
		"retries": {
			requests + ", retries: {attempts: 1, retryOn: [5xx, reset]}}]",
			requests + ", retries: {attempts: 1, retryOn: [reset, 5xx, reset]}}]",
		},
		"names of a certificate": {
			requests + ", subjectAltNames: [a.example.com, b.example.com]}]",
			requests + ", subjectAltNames: [b.example.com, a.example.com, b.example.com]}]",
		},
		"requests": {
			requests + ", allow: [{methods: [GET], paths: [/a]}]}]",
			requests + ", allow: [{methods: [GET], paths: [/a, /a]}, {methods: [GET, GET], paths: [/a]}]}]",
		},
	} {
		t.Run(name, func(t *testing.T) {
			bundle := func(name, destination string) string {
				return headOfBundle + name + "}\nspec: {destinations: {d: {" + destination + "}}}\n"
			}
			if diff := cmp.Diff(renderText(t, bundle("x", spelling[0])), renderText(t, bundle("x", spelling[1]))); diff != "" {
				t.Errorf("(-one +other):\n%s", diff)
			}
			if text := renderText(t, bundle("x", spelling[0])+"---\n"+bundle("y", spelling[1])); !strings.Contains(text, "payments--y--d") {
				t.Errorf("nothing of y:\n%s", text)
			}
		})
	}
}
