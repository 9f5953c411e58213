// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"slices"
	"strings"
	"testing"

	"istio.io/istio/pkg/config/analysis/msg"
)

const good = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: cnn, namespace: default}
spec:
  hosts: [edition.cnn.com]
  location: MESH_EXTERNAL
  resolution: DNS
  ports:
  - {name: http-80, number: 80, protocol: HTTP}
  - {name: tls-443, number: 443, protocol: TLS}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: egress, namespace: default}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
  - to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: istio-system}}}]
`

func TestGood(t *testing.T) {
	problems, err := Check(good, Options{})
	if err != nil || len(problems) > 0 {
		t.Errorf("got %v, %v", problems, err)
	}
}

// Each check finds what the others let pass, or at least what it is there for.
func TestProblems(t *testing.T) {
	for _, test := range []struct {
		name, old, bad string
		want           []string // substrings of problems
	}{
		{
			"unknown field", "resolution: DNS", "resolution: DNS\n  foo: bar",
			[]string{
				"schema: ServiceEntry default/cnn: ServiceEntry/cnn/default: unknown fields [spec.foo]",
				`decode: ServiceEntry default/cnn: unknown field "foo" in istio.networking.v1alpha3.ServiceEntry`,
			},
		},
		{
			"unknown metadata", "{name: cnn,", "{name: cnn, naem: x,",
			[]string{`decode: ServiceEntry default/cnn: strict decoding error: unknown field "metadata.naem"`},
		},
		{
			"wrong type", "number: 80,", "number: eighty,",
			[]string{"schema: ServiceEntry default/cnn: ", "decode: ServiceEntry default/cnn: "},
		},
		{
			"wrong value", "resolution: DNS", "resolution: MAGIC",
			[]string{`schema: ServiceEntry default/cnn: ServiceEntry/cnn/default: spec.resolution: Unsupported value: "MAGIC"`},
		},
		{
			"CEL rule", "resolution: DNS",
			"resolution: NONE\n  endpoints: [{address: 192.0.2.1}]\n  workloadSelector: {labels: {a: b}}",
			[]string{"only one of WorkloadSelector or Endpoints can be set"},
		},
		{"webhook", "[edition.cnn.com]", "['*']", []string{"webhook: ServiceEntry default/cnn: "}},
		{"webhook's warning", "name: tls-443", "name: http-80", []string{"webhook: ServiceEntry default/cnn: "}},
		{"analysis", "protocol: TLS", "protocol: TCP", []string{"analyze: ServiceEntry default/cnn: IST0134: "}},
		{
			"built-in kind", "policyTypes", "policyTipes",
			[]string{`decode: NetworkPolicy default/egress: strict decoding error: unknown field "spec.policyTipes"`},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			manifests := strings.Replace(good, test.old, test.bad, 1)
			problems, err := Check(manifests, Options{})
			if err != nil {
				t.Fatal(err)
			}
			var all []string
			for _, p := range problems {
				all = append(all, p.String())
			}
			for _, want := range test.want {
				if !strings.Contains(strings.Join(all, "\n"), want) {
					t.Errorf("got:\n%s\nwant: %s", strings.Join(all, "\n"), want)
				}
			}
		})
	}
}

func TestUnreadable(t *testing.T) {
	for _, manifests := range []string{"foo: bar", "a: b: c", "a: 1\na: 2", "- a", "apiVersion: v1\nkind: Service"} {
		if problems, err := Check(manifests, Options{}); err == nil {
			t.Errorf("%q: got %v, want an error", manifests, problems)
		}
	}
}

func TestFalseAlarmsAreKnown(t *testing.T) {
	codes := map[string]bool{}
	for _, m := range msg.All() {
		codes[m.Code()] = true
	}
	for _, f := range falseAlarms {
		if !codes[f.code] {
			t.Errorf("istioctl analyze has no message %s", f.code)
		}
		if f.reason == "" {
			t.Errorf("%s: no reason", f.code)
		}
	}
}

// A message is a false alarm only under its condition. IST0109 has its tests where bundles meet.
func TestFalseAlarms(t *testing.T) {
	const origination = good + `
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: cnn, namespace: default}
spec:
  host: edition.cnn.com
  trafficPolicy:
    tls: {mode: SIMPLE, SETTINGS}
    portLevelSettings: [{port: {number: 80}, tls: {mode: SIMPLE, SETTINGS}}]
`
	const second = good + `
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: second, namespace: default}
spec:
  hosts: [edition.cnn.com]
  location: MESH_EXTERNAL
  resolution: DNS
  ports: [{name: x-443, number: 443, protocol: PROTOCOL}]
`
	for _, test := range []struct {
		name, manifests, old, value string
		want                        []string
	}{
		{"secret", origination, "SETTINGS", "credentialName: ca", nil},
		{"no secret", origination, ", SETTINGS", "", []string{"IST0128", "IST0129"}},
		{"TLS and HTTPS", second, "PROTOCOL", "HTTPS", nil},
		{"TLS and HTTP", second, "PROTOCOL", "HTTP", []string{"IST0177", "IST0177"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			problems, err := Check(strings.ReplaceAll(test.manifests, test.old, test.value), Options{})
			if err != nil {
				t.Fatal(err)
			}
			var codes []string
			for _, p := range problems {
				code, _, _ := strings.Cut(p.Message, ":")
				codes = append(codes, code)
			}
			slices.Sort(codes)
			if !slices.Equal(codes, test.want) {
				t.Errorf("got %v, want %v", problems, test.want)
			}
		})
	}
}
