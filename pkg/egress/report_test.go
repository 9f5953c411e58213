// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
	"github.com/egressbundle/egressbundle/pkg/egress/report"
)

// TestReportNamesObjects: whoever reads a report knows which objects open and which stop,
// without reading YAML: all of them are among the objects, but the configuration of the mesh.
func TestReportNamesObjects(t *testing.T) {
	for _, in := range append(glob(t, "../../testdata/render/*/*/in.yaml"), glob(t, "../../examples/*/bundle.yaml")...) {
		output, err := parse(t, readText(t, in)).Render()
		if err != nil {
			t.Fatal(err)
		}
		made := map[diag.ObjectRef]bool{{Kind: "ConfigMap", Namespace: "istio-system", Name: "istio"}: true}
		for o := range output.Objects() {
			made[o.Ref()] = true
		}
		r := output.Report()
		for _, a := range r.Access {
			if len(a.By) == 0 || slices.ContainsFunc(a.By, func(ref diag.ObjectRef) bool { return !made[ref] }) {
				t.Errorf("%s: %v port %d is opened by %v", in, a.Hosts, a.Port, a.By)
			}
		}
		for _, w := range r.WaysAround {
			if slices.ContainsFunc(w.StoppedBy, func(ref diag.ObjectRef) bool { return !made[ref] }) {
				t.Errorf("%s: %s from %q is stopped by %v", in, w.Attempt, w.From, w.StoppedBy)
			}
		}
	}
}

// TestOrigin: an object says which port of which destination it serves, and what it stops.
func TestOrigin(t *testing.T) {
	output, err := parse(t, `apiVersion: egressbundle.io/v1alpha1
kind: EgressBundle
metadata: {name: news, namespace: payments}
spec:
  destinations:
    cnn: {hosts: [edition.cnn.com], ports: [{port: 80, pattern: TLSOrigination}]}
  enforce: {registryOnly: true}
`).Render()
	if err != nil {
		t.Fatal(err)
	}
	type said struct {
		Origin object.Origin
		Stops  []object.Stop
	}
	const bundle, gateway = "payments/news", "istio-egressgateway"
	lane := said{Origin: object.Origin{
		Bundle: bundle, Destination: "cnn", Host: "edition.cnn.com", Port: 80, Field: "spec.destinations.cnn.ports[0]",
	}}
	destination := object.Origin{Bundle: bundle, Destination: "cnn", Field: "spec.destinations.cnn"}
	host := object.Origin{Bundle: bundle, Destination: "cnn", Host: "edition.cnn.com", Field: "spec.destinations.cnn.hosts[0]"}
	hop := said{Origin: object.Origin{Bundle: bundle, Gateway: gateway, Field: "spec.destinations"}}
	want := map[string]said{
		"ServiceEntry istio-system/payments--news--cnn--edition.cnn.com--80":    lane,
		"VirtualService istio-system/payments--news--cnn--http-80":              lane,
		"DestinationRule istio-system/payments--news--cnn--edition.cnn.com--80": lane,
		"ServiceEntry payments/payments--news--cnn":                             {Origin: destination},
		"VirtualService istio-system/payments--news--cnn--edition.cnn.com": {Origin: host, Stops: []object.Stop{
			{Attempt: object.SpoofedHost, From: "payments", Bundle: bundle, Destination: "cnn"},
		}},
		"Gateway istio-system/payments--news--istio-egressgateway":     hop,
		"DestinationRule payments/payments--news--istio-egressgateway": hop,
		"AuthorizationPolicy istio-system/payments--news--istio-egressgateway": {Origin: hop.Origin, Stops: []object.Stop{
			{Attempt: object.OtherNamespace, Gateway: gateway, Bundle: bundle},
			{Attempt: object.OtherIdentity, Gateway: gateway, Bundle: bundle},
		}},
		"Sidecar payments/egressbundle": {Stops: []object.Stop{{Attempt: object.DirectIP, From: "payments"}}},
	}
	got := map[string]said{}
	for o := range output.Objects() {
		got[o.Ref().String()] = said{Origin: o.Origin, Stops: o.Stops}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestAccessBy: an entry of the report names the objects of its own port and clients, and those
// of the hop, and no others.
func TestAccessBy(t *testing.T) {
	output, err := parse(t, `apiVersion: egressbundle.io/v1alpha1
kind: EgressBundle
metadata: {name: news, namespace: payments}
spec:
  clients: [{namespace: payments}, {namespace: search}]
  destinations:
    cnn: {hosts: [edition.cnn.com, lite.cnn.com], ports: [{port: 80, pattern: HTTP}, {port: 443, pattern: TLSPassthrough}]}
    bbc: {hosts: [www.bbc.com], clients: [{namespace: search}]}
`).Render()
	if err != nil {
		t.Fatal(err)
	}
	access := output.Report().Access
	i := slices.IndexFunc(access, func(a report.Access) bool {
		return a.Destination == "bbc" && a.Port == 443
	})
	if i < 0 {
		t.Fatal("there is no such entry")
	}
	var got []string
	for _, ref := range access[i].By {
		got = append(got, ref.String())
	}
	want := []string{
		"ServiceEntry search/payments--news--bbc",
		"VirtualService istio-system/payments--news--bbc",
		"ServiceEntry istio-system/payments--news--bbc--www.bbc.com--443",
		"VirtualService istio-system/payments--news--bbc--www.bbc.com--443",
		"Gateway istio-system/payments--news--istio-egressgateway",
		"DestinationRule search/payments--news--istio-egressgateway",
		"AuthorizationPolicy istio-system/payments--news--istio-egressgateway",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestReportOfRefusals: of each pattern the report says what a caller still gets that a gateway
// refuses. wire/refused_test.go shows that it does.
func TestReportOfRefusals(t *testing.T) {
	output, err := parse(t, `apiVersion: egressbundle.io/v1alpha1
kind: EgressBundle
metadata: {name: shop, namespace: orders}
spec:
  clients: [{namespace: orders, serviceAccounts: [till]}, {namespace: web}]
  destinations:
    db: {hosts: [db.example.com], addresses: [203.0.113.7], ports: [{port: 5432, pattern: TCP}]}
    ledger:
      hosts: [ledger.example.com]
      addresses: [203.0.113.8]
      clients: [{namespace: orders, serviceAccounts: [till]}]
      ports: [{port: 5432, pattern: TCP}]
    mail:
      hosts: [mail.example.com]
      addresses: [203.0.113.9]
      forwardProxy: {address: proxy.example.com, port: 3128}
      ports: [{port: 25, pattern: TCP}]
    bbc: {hosts: [www.bbc.com]}
    cnn: {hosts: [edition.cnn.com], ports: [{port: 80, pattern: HTTP}, {port: 8080, pattern: TLSOrigination}]}
    plain: {hosts: [plain.example.com], clients: [{namespace: web}], mutualTLS: false}
`).Render()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, w := range output.Report().WaysAround {
		for _, d := range w.Destinations {
			if w.Attempt == object.OtherNamespace && w.Bundle != "" {
				got[d] = w.Note
			}
			if w.Attempt == object.OtherIdentity && slices.Contains(w.From, "orders") && len(w.StoppedBy) > 0 && w.Note != got[d] {
				t.Errorf("%s: of other accounts it says %q", d, w.Note)
			}
		}
	}
	const opens = "Before the gateway refuses a connection, it connects to the host, and says nothing there. With the patterns " +
		"HTTP and TLSOrigination nothing is opened for a caller that is refused."
	want := map[string]string{
		"db": "TCP is refused at the caller's first byte: before that the gateway connects to the host, and the caller hears " +
			"what the host says first. Where every client has serviceAccounts, it hears nothing.",
		"mail": "TCP is refused at the caller's first byte: before that the gateway has the forward proxy connect to the host, " +
			"and the caller hears what the host says first. Where every client has serviceAccounts, it hears nothing.",
		"ledger": opens,
		"bbc":    opens,
		"cnn":    "",
		"plain":  "Without mutual TLS the gateway cannot tell who calls.",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestReportIsItsOwn: what a caller does to objects and to a report changes no other report.
func TestReportIsItsOwn(t *testing.T) {
	output, err := parse(t, closedFile).Render()
	if err != nil {
		t.Fatal(err)
	}
	want := output.Report()
	for o := range output.Objects() {
		clear(o.Stops)
	}
	scribbled := output.Report()
	for _, a := range scribbled.Access {
		clear(a.By)
		clear(a.Clients)
		clear(a.LeavesTo)
		clear(a.Requests)
	}
	for _, w := range scribbled.WaysAround {
		clear(w.StoppedBy)
		clear(w.From)
	}
	for _, g := range scribbled.Mesh.Gateways {
		clear(g.Selector)
	}
	if diff := cmp.Diff(want, output.Report()); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
}

// TestRenderReportsAll: what is wrong with one bundle does not keep the others from being
// judged, also where a program built them.
func TestRenderReportsAll(t *testing.T) {
	_, err := egress.Render(nil,
		api.Bundle{Name: "a", Namespace: "payments", Destinations: map[string]api.Destination{"cnn": {Hosts: []string{"CNN"}}}},
		api.Bundle{Name: "b", Namespace: "payments", Destinations: map[string]api.Destination{"cnn": {Hosts: []string{"a.example.com", "a.example.com"}}}})
	var got []diag.Code
	for _, d := range diagnosticsOf(t, err) {
		got = append(got, d.Code)
	}
	if diff := cmp.Diff([]diag.Code{diag.InvalidValue, diag.DuplicateHost}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestReportRowsHaveIdentities: of two reports, whoever compares them knows which rows to compare.
func TestReportRowsHaveIdentities(t *testing.T) {
	texts := []string{besideOthers}
	for _, in := range append(glob(t, "../../testdata/render/*/*/in.yaml"), glob(t, "../../examples/*/bundle.yaml")...) {
		texts = append(texts, readText(t, in))
	}
	for _, text := range texts {
		seen := map[string]int{}
		r := reportOf(t, text)
		for _, a := range r.Access {
			seen[fmt.Sprint("access ", a.Bundle, a.Destination, a.Port)]++
			if a.Position.Line == 0 || !strings.HasPrefix(a.Field, "spec.destinations."+a.Destination) {
				t.Errorf("port %d of %s stands at %v: %s", a.Port, a.Destination, a.Position, a.Field)
			}
		}
		for _, o := range r.Openings {
			seen[fmt.Sprint("opening ", o.By, o.Field, o.Gateway)]++
		}
		for _, w := range r.WaysAround {
			for _, from := range orNone(w.From) {
				for _, destination := range orNone(w.Destinations) {
					seen[fmt.Sprint("way ", w.Attempt, from, w.Gateway, w.Bundle, destination)]++
				}
			}
		}
		for row, n := range seen {
			if n > 1 {
				t.Errorf("%d rows are %s of:\n%s", n, row, text)
			}
		}
	}
}

func orNone(names []string) []string {
	if len(names) == 0 {
		return []string{""}
	}
	return names
}

// reportOf returns the report of what a stream holds.
func reportOf(t *testing.T, text string) report.Report {
	t.Helper()
	output, err := parse(t, text).Render()
	if err != nil {
		t.Fatal(err)
	}
	return output.Report()
}

// markdown returns the report of a stream as people read it.
func markdown(t *testing.T, text string) string {
	t.Helper()
	var written strings.Builder
	if err := reportOf(t, text).Encode(&written); err != nil {
		t.Fatal(err)
	}
	return written.String()
}
