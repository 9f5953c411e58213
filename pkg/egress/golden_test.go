// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// TestGoldens renders every case of testdata/render. UPDATE_GOLDEN=1 rewrites
// what comes out.
func TestGoldens(t *testing.T) {
	for _, in := range glob(t, "../../testdata/render/*/*/in.yaml") {
		dir := filepath.Dir(in)
		t.Run(filepath.ToSlash(dir), func(t *testing.T) {
			compareGolden(t, filepath.Join(dir, "out.yaml"), renderFile(t, in))
		})
	}
}

// glob returns the files that match, and fails if there are none: a test over
// no files proves nothing.
func glob(t testing.TB, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no files match %s (%v)", pattern, err)
	}
	return files
}

// renderFile returns the YAML of what a file holds.
func renderFile(t testing.TB, path string) []byte {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	found, err := egress.Parse(filepath.Base(path), src)
	if err != nil {
		t.Fatal(err)
	}
	output, err := found.Render()
	if err != nil {
		t.Fatal(err)
	}
	return encode(t, slices.Collect(output.Objects()))
}

func render(t testing.TB, mesh *api.Mesh, bundles ...api.Bundle) []object.Object {
	t.Helper()
	output, err := egress.Render(mesh, bundles...)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(output.Objects())
}

func encode(t testing.TB, objects []object.Object) []byte {
	t.Helper()
	var text bytes.Buffer
	if err := object.Encode(&text, slices.Values(objects)); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

func compareGolden(t *testing.T, path string, got []byte) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got), refresh with UPDATE_GOLDEN=1:\n%s", path, diff)
	}
}

// TestLiterals: a bundle of struct literals gives the same bytes as YAML.
func TestLiterals(t *testing.T) {
	no := false
	bundle := api.Bundle{
		Name:      "partners",
		Namespace: "payments",
		Mesh: &api.Mesh{Gateways: map[string]api.Gateway{
			"general":  {Namespace: "egress"},
			"partners": {Namespace: "egress", Selector: map[string]string{"app": "partners"}, Ports: api.GatewayPorts{TLS: 8443}},
		}},
		Clients: []api.Client{{Namespace: "payments"}, {Namespace: "search"}},
		Destinations: map[string]api.Destination{
			"bank": {
				Description: "payments",
				Owner:       "team-payments",
				Hosts:       []string{"api.bank.example.com"},
				Via:         api.ViaGateway,
				Gateway:     "partners",
				MutualTLS:   &no,
				Clients:     []api.Client{{Namespace: "payments"}},
				Ports: []api.Port{
					{Number: 443, Pattern: &api.TLSPassthrough{}},
					{Number: 8080, Pattern: &api.HTTP{Protocol: "GRPC"}},
					{Number: 80, Pattern: &api.TLSOrigination{
						ClientTLS: api.ClientTLS{
							SNI:             "front.bank.example.com",
							SubjectAltNames: []string{"front.bank.example.com"},
							CACertificates:  &api.CACertificates{Secret: "bank-ca"},
						},
						UpstreamPort: 8443,
						PathOptions: api.PathOptions{
							Timeout: api.Duration(90 * time.Second),
							Retries: &api.Retries{
								Attempts: 2, PerTryTimeout: api.Duration(250 * time.Millisecond), RetryOn: []string{"5xx", "reset"},
							},
						},
					}},
				},
			},
		},
	}
	text := `apiVersion: egressbundle.io/v1alpha1
kind: EgressBundle
metadata: {name: partners, namespace: payments}
spec:
  mesh:
    gateways:
      general: {namespace: egress}
      partners: {namespace: egress, selector: {app: partners}, ports: {tls: 8443}}
  clients: [{namespace: payments}, {namespace: search}]
  destinations:
    bank:
      description: payments
      owner: team-payments
      hosts: [api.bank.example.com]
      via: Gateway
      gateway: partners
      mutualTLS: false
      clients: [{namespace: payments}]
      ports:
      - {port: 443, pattern: TLSPassthrough}
      - {port: 8080, pattern: HTTP, protocol: GRPC}
      - port: 80
        pattern: TLSOrigination
        upstreamPort: 8443
        sni: front.bank.example.com
        subjectAltNames: [front.bank.example.com]
        caCertificates: {secret: bank-ca}
        timeout: 1m30s
        retries: {attempts: 2, perTryTimeout: 250ms, retryOn: [5xx, reset]}
`
	found, err := egress.Parse("partners.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := encode(t, render(t, nil, found.Bundles()...))
	if diff := cmp.Diff(string(want), string(encode(t, render(t, nil, bundle)))); diff != "" {
		t.Errorf("(-YAML +Go):\n%s", diff)
	}
}
