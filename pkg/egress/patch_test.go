// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// TestPatches: bypasses of a namespace are united over bundles, addresses are
// normalised, and the Secrets of files go to who opens the TLS.
func TestPatches(t *testing.T) {
	found := parse(t, `apiVersion: egressbundle.io/v1alpha1
kind: EgressBundle
metadata: {name: a, namespace: payments}
spec:
  clients: [{namespace: payments}, {namespace: search}]
  destinations:
    gateway:
      hosts: [api.example.com]
      ports:
      - port: 80
        pattern: TLSOrigination
        caCertificates: {file: /etc/ssl/certs/ca-certificates.crt}
        clientCertificate: {files: {certificate: /etc/istio/certs/tls.crt, privateKey: /etc/istio-certs/tls.key}}
    sidecar:
      via: Sidecar
      hosts: [api.example.org]
      clients: [{namespace: search}]
      ports: [{port: 80, pattern: TLSOrigination, caCertificates: {file: /etc/egress/ca.crt}}]
  bypass: {cidrs: [10.1.2.3/8, 192.0.2.7, "2001:DB8::/32"], ports: [9000, 81]}
---
apiVersion: egressbundle.io/v1alpha1
kind: EgressBundle
metadata: {name: b, namespace: payments}
spec:
  destinations: {cnn: {hosts: [edition.cnn.com]}}
  bypass: {ports: [9000, 9001]}
`)
	output, err := egress.Render(nil, found.Bundles()...)
	if err != nil {
		t.Fatal(err)
	}
	const (
		ranges = "traffic.sidecar.istio.io/excludeOutboundIPRanges"
		ports  = "traffic.sidecar.istio.io/excludeOutboundPorts"
	)
	want := []object.Patch{
		{
			Namespace:  "istio-system",
			Deployment: "istio-egressgateway",
			Annotations: map[string]string{
				"proxy.istio.io/config": `{"proxyHeaders":{"envoyDebugHeaders":{"disabled":true},"requestId":{"disabled":true}}}`,
			},
			Secrets: map[string]string{"/etc/istio/certs": "certs", "/etc/istio-certs": "istio-certs"},
		},
		{
			Namespace:   "payments",
			Annotations: map[string]string{ranges: "10.0.0.0/8,192.0.2.7/32,2001:db8::/32", ports: "81,9000,9001"},
		},
		{
			Namespace: "search",
			Annotations: map[string]string{
				ranges:                             "10.0.0.0/8,192.0.2.7/32,2001:db8::/32",
				ports:                              "81,9000",
				"sidecar.istio.io/userVolume":      `{"etc--egress":{"secret":{"secretName":"egress"}}}`,
				"sidecar.istio.io/userVolumeMount": `{"etc--egress":{"mountPath":"/etc/egress","readOnly":true}}`,
			},
		},
	}
	if diff := cmp.Diff(want, output.Patches); diff != "" {
		t.Errorf("patches (-want +got):\n%s", diff)
	}
}

// TestPatchFor: a patch concerns what it names and nothing else.
func TestPatchFor(t *testing.T) {
	all := object.Patch{Namespace: "payments", Annotations: map[string]string{"a": "b"}}
	one := object.Patch{Namespace: "payments", Deployment: "gateway", Annotations: map[string]string{"a": "b"}}
	for _, c := range []struct {
		patch                             object.Patch
		apiVersion, kind, namespace, name string
		ok                                bool
	}{
		{all, "apps/v1", "Deployment", "payments", "app", true},
		{all, "batch/v1", "CronJob", "payments", "app", true},
		{all, "apps/v1", "Deployment", "search", "app", false},
		{all, "example.com/v1", "Deployment", "payments", "app", false},
		{all, "v1", "ConfigMap", "payments", "app", false},
		{one, "apps/v1", "Deployment", "payments", "gateway", true},
		{one, "apps/v1", "Deployment", "payments", "app", false},
		{one, "apps/v1", "StatefulSet", "payments", "gateway", false},
	} {
		patch, ok := c.patch.For(c.apiVersion, c.kind, c.namespace, c.name)
		if ok != c.ok || strings.Contains(string(patch), "a: b") != c.ok {
			t.Errorf("%s %s/%s: %v\n%s", c.kind, c.namespace, c.name, ok, patch)
		}
	}
}
