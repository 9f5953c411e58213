// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// TestOrderDoesNotMatter shuffles every list that a bundle has, and the bundles,
// and gets the same bytes.
func TestOrderDoesNotMatter(t *testing.T) {
	want := encode(t, render(t, nil, fleet()...))
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 0))
		got := encode(t, render(t, nil, shuffledFleet(r)...))
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Fatalf("seed %d (-in order +shuffled):\n%s", seed, diff)
		}
	}
}

// TestRenderIsAUnion renders every subset of the bundles and gets the objects of
// each of them, no more and no less, also where bundles share hosts and clients,
// and one of each object that serves no single bundle. So it makes no difference
// whether teams render together or apart.
func TestRenderIsAUnion(t *testing.T) {
	t.Run("open", func(t *testing.T) { testUnion(t, nil, fleet()) })
	found := parse(t, closedFile)
	mesh, err := found.Mesh()
	if err != nil {
		t.Fatal(err)
	}
	t.Run("closed", func(t *testing.T) { testUnion(t, mesh, found.Bundles()) })
}

func testUnion(t *testing.T, mesh *api.Mesh, all []api.Bundle) {
	t.Helper()
	var alone [][]object.Object
	for _, bundle := range all {
		alone = append(alone, render(t, mesh, bundle))
	}
	byName := cmpopts.SortSlices(func(a, b object.Object) bool { return objectKey(a) < objectKey(b) })
	for subset := range 1 << len(all) {
		var bundles []api.Bundle
		want := map[string]object.Object{}
		for i, bundle := range all {
			if subset>>i&1 == 1 {
				bundles = append(bundles, bundle)
				for _, o := range alone[i] {
					first, known := want[objectKey(o)]
					if known && o.Annotations[object.AnnotationBundle] != "" {
						t.Errorf("two bundles make %s", objectKey(o))
					}
					if diff := cmp.Diff(first, o, protocmp.Transform()); known && diff != "" {
						t.Errorf("two bundles make %s in two ways:\n%s", objectKey(o), diff)
					}
					want[objectKey(o)] = o
				}
			}
		}
		got := render(t, mesh, bundles...)
		if diff := cmp.Diff(slices.Collect(maps.Values(want)), got, byName, protocmp.Transform(), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("subset %b (-apart +together):\n%s", subset, diff)
		}
		checkUnique(t, got)
	}
}

// TestRenderIsSafeForConcurrentUse reads and renders the same bundles from many
// goroutines. The race detector is what proves it.
func TestRenderIsSafeForConcurrentUse(t *testing.T) {
	src, mesh := []byte(fleetFile), &api.Mesh{IstioVersion: "1.30"}
	bundles := parse(t, fleetFile).Bundles()
	want := encode(t, render(t, mesh, bundles...))
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			for _, shared := range []bool{true, false} {
				bundles := bundles
				if !shared {
					found, err := egress.Parse(fmt.Sprintf("team-%d.yaml", i), src)
					if err != nil {
						t.Error(err)
						return
					}
					bundles = found.Bundles()
				}
				output, err := egress.Render(mesh, bundles...)
				if err != nil {
					t.Error(err)
					return
				}
				var got bytes.Buffer
				if err := object.Encode(&got, output.Objects()); err != nil {
					t.Error(err)
				}
				if !bytes.Equal(want, got.Bytes()) {
					t.Error("goroutines get different bytes")
				}
			}
		})
	}
	group.Wait()
}

// TestRenderLeavesItsArguments renders bundles whose lists are in no order and
// finds them as they were.
func TestRenderLeavesItsArguments(t *testing.T) {
	bundles := shuffledFleet(rand.New(rand.NewPCG(1, 2)))
	mesh := &api.Mesh{Gateways: map[string]api.Gateway{"istio-egressgateway": {}}}
	before := snapshot(t, mesh, bundles)
	render(t, mesh, bundles...)
	if diff := cmp.Diff(before, snapshot(t, mesh, bundles)); diff != "" {
		t.Errorf("Render changed its arguments (-before +after):\n%s", diff)
	}
}

// TestChangedBundle changes bundles that were read from a file. What is invalid
// then is refused, although the file was not; what is valid is rendered.
func TestChangedBundle(t *testing.T) {
	const name = "cnn"
	change := func(with func(*api.Destination)) func(*api.Bundle) {
		return func(b *api.Bundle) {
			d := b.Destinations[name]
			with(&d)
			b.Destinations[name] = d
		}
	}
	for title, test := range map[string]struct {
		change func(*api.Bundle)
		want   []string // paths and codes; nothing: it renders
	}{
		"another name":          {func(b *api.Bundle) { b.Name = "other" }, nil},
		"another host":          {change(func(d *api.Destination) { d.Hosts = []string{"money.cnn.com"} }), nil},
		"another host in place": {change(func(d *api.Destination) { d.Hosts[0] = "money.cnn.com" }), nil},
		"another pattern":       {change(func(d *api.Destination) { d.Ports[0].Pattern = &api.TLSPassthrough{} }), nil},
		"another option in place": {change(func(d *api.Destination) {
			if p, ok := d.Ports[0].Pattern.(*api.TLSOrigination); ok {
				p.SNI = "sni.cnn.com"
			}
		}), nil},
		"new destination": {func(b *api.Bundle) { b.Destinations["bbc"] = api.Destination{Hosts: []string{"www.bbc.com"}} }, nil},
		"the mesh":        {func(b *api.Bundle) { b.Mesh = &api.Mesh{ClusterDomain: "corp.example"} }, nil},

		"no name":              {func(b *api.Bundle) { b.Name = "" }, []string{"metadata.name MissingField"}},
		"nothing":              {func(b *api.Bundle) { *b = api.Bundle{} }, []string{"metadata.name MissingField", "metadata.namespace MissingField", "spec.destinations MissingField"}},
		"no destination":       {func(b *api.Bundle) { clear(b.Destinations) }, []string{"spec.destinations MissingField"}},
		"bad destination name": {func(b *api.Bundle) { b.Destinations["A b"] = b.Destinations[name] }, []string{`spec.destinations["A b"] InvalidValue`}},
		"bad host in place":    {change(func(d *api.Destination) { d.Hosts[0] = "CNN.com" }), []string{"spec.destinations.cnn.hosts[0] InvalidValue"}},
		"no hosts":             {change(func(d *api.Destination) { d.Hosts = nil }), []string{"spec.destinations.cnn.hosts MissingField"}},
		"bad via":              {change(func(d *api.Destination) { d.Via = "Direct" }), []string{"spec.destinations.cnn.via InvalidValue"}},
		"no pattern":           {change(func(d *api.Destination) { d.Ports[0].Pattern = nil }), []string{"spec.destinations.cnn.ports[0].pattern MissingField"}},
		"nil pattern": {change(func(d *api.Destination) { d.Ports[0].Pattern = (*api.HTTP)(nil) }), []string{
			"spec.destinations.cnn.ports[0].pattern MissingField",
		}},
		"no port":       {change(func(d *api.Destination) { d.Ports[0].Number = 0 }), []string{"spec.destinations.cnn.ports[0].port InvalidValue"}},
		"negative port": {change(func(d *api.Destination) { d.Ports[0].Number = -1 }), []string{"spec.destinations.cnn.ports[0].port InvalidValue"}},
		"nanosecond": {change(func(d *api.Destination) { d.Ports[0].Pattern = &api.HTTP{PathOptions: api.PathOptions{Timeout: 1}} }), []string{
			"spec.destinations.cnn.ports[0].timeout InvalidValue",
		}},
		"negative duration": {change(func(d *api.Destination) {
			d.Ports[0].Pattern = &api.HTTP{PathOptions: api.PathOptions{Timeout: api.Duration(-time.Second)}}
		}), []string{
			"spec.destinations.cnn.ports[0].timeout InvalidValue",
		}},
		"bad client": {func(b *api.Bundle) { b.Clients = []api.Client{{}} }, []string{"spec.clients[0].namespace InvalidValue"}},
		"bad mesh":   {func(b *api.Bundle) { b.Mesh = &api.Mesh{IstioVersion: "latest"} }, []string{"spec.mesh.istioVersion InvalidValue"}},
		"bad gateway": {func(b *api.Bundle) {
			b.Mesh = &api.Mesh{Gateways: map[string]api.Gateway{"A": {Ports: api.GatewayPorts{TLS: 65536}}}}
		}, []string{"spec.mesh.gateways.A InvalidValue"}},
	} {
		t.Run(title, func(t *testing.T) {
			bundle := parse(t, changedFile).Bundles()[0]
			before := render(t, nil, bundle)
			test.change(&bundle)
			output, err := egress.Render(nil, bundle)
			var got []string
			for _, d := range diagnosticsOf(t, err) {
				got = append(got, fmt.Sprintf("%s %s", d.Path, d.Code))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Fatalf("diagnostics (-want +got):\n%s", diff)
			}
			if err != nil {
				return
			}
			objects := slices.Collect(output.Objects())
			if cmp.Equal(before, objects, protocmp.Transform()) {
				t.Error("the change must show")
			}
			if diff := cmp.Diff(render(t, nil, rebuilt(bundle)), objects, protocmp.Transform()); diff != "" {
				t.Errorf("a changed bundle must render like one that was never read (-built +changed):\n%s", diff)
			}
		})
	}
}

// TestChangedMesh does the same with the mesh.
func TestChangedMesh(t *testing.T) {
	found := parse(t, changedFile+"---\n"+meshFile)
	mesh, err := found.Mesh()
	if err != nil {
		t.Fatal(err)
	}
	mesh.ClusterDomain = "Corp.example"
	_, err = egress.Render(mesh, found.Bundles()...)
	if got := diagnosticsOf(t, err); len(got) != 1 || got[0].Path != "spec.clusterDomain" {
		t.Errorf("want one diagnostic of spec.clusterDomain, got %v", err)
	}
	mesh.ClusterDomain = "corp.example"
	if text := encode(t, render(t, mesh, found.Bundles()...)); !bytes.Contains(text, []byte(".svc.corp.example")) {
		t.Error("the change must show")
	}
}

// TestAnotherCluster: the facts of a cluster are where they matter, and those of a standard
// installation nowhere.
func TestAnotherCluster(t *testing.T) {
	output, err := parse(t, `apiVersion: egressbundle.io/v1alpha1
kind: EgressBundle
metadata: {name: news, namespace: payments}
spec:
  mesh:
    {clusterDomain: corp.example, trustDomain: trust.example, rootNamespace: mesh, gateways: {egress: {namespace: egress}}}
  destinations:
    cnn: {hosts: [edition.cnn.com]}
  enforce: {registryOnly: true, networkPolicy: true}
`).Render()
	if err != nil {
		t.Fatal(err)
	}
	text := string(encode(t, slices.Collect(output.Objects())))
	for _, want := range []string{
		"host: egress.egress.svc.corp.example\n",
		"- '*/*.svc.corp.example'\n",
		"- trust.example/ns/payments/sa/*\n",
		"kubernetes.io/metadata.name: mesh\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the objects lack %q", want)
		}
	}
	for _, standard := range []string{"cluster.local", "istio-system"} {
		if strings.Contains(text, standard) {
			t.Errorf("the objects have %q", standard)
		}
	}
}

const changedFile = `apiVersion: egressbundle.io/v1alpha1
kind: EgressBundle
metadata: {name: news, namespace: payments}
spec:
  destinations:
    cnn:
      hosts: [edition.cnn.com]
      ports: [{port: 80, pattern: TLSOrigination}]
`

const meshFile = `apiVersion: egressbundle.io/v1alpha1
kind: EgressMesh
metadata: {name: production}
spec: {}
`

// fleetFile holds bundles of several teams that share hosts and clients, and do
// not contradict each other.
const fleetFile = `apiVersion: egressbundle.io/v1alpha1
kind: EgressBundle
metadata: {name: news, namespace: payments}
spec:
  clients: [{namespace: payments}, {namespace: checkout}, {namespace: orders}]
  destinations:
    cnn:
      description: the news
      hosts: [edition.cnn.com, money.cnn.com, lite.cnn.com]
      ports:
      - {port: 443, pattern: TLSPassthrough}
      - {port: 8443, pattern: TLSPassthrough}
      - {port: 80, pattern: TLSOrigination, subjectAltNames: [b.cnn.com, a.cnn.com], timeout: 3s}
    grpc:
      hosts: [grpc.example.com, h2.example.com]
      clients: [{namespace: orders}, {namespace: checkout}]
      ports: [{port: 8080, pattern: HTTP, protocol: GRPC}]
---
apiVersion: egressbundle.io/v1alpha1
kind: EgressBundle
metadata: {name: news, namespace: orders}
spec:
  clients: [{namespace: orders}, {namespace: web}]
  destinations:
    cnn:
      owner: orders
      hosts: [money.cnn.com, edition.cnn.com]
      ports:
      - {port: 8443, pattern: TLSPassthrough}
      - {port: 8080, pattern: HTTP, retries: {attempts: 2, retryOn: [reset, 5xx, connect-failure]}}
---
apiVersion: egressbundle.io/v1alpha1
kind: EgressBundle
metadata: {name: partners, namespace: payments}
spec:
  destinations:
    direct:
      hosts: [b.partner.example, a.partner.example]
      via: Sidecar
      ports:
      - {port: 443, pattern: TLSPassthrough}
      - {port: 80, pattern: TLSOrigination, caCertificates: {file: /etc/ca.crt}}
---
apiVersion: egressbundle.io/v1alpha1
kind: EgressBundle
metadata: {name: partners, namespace: web}
spec:
  clients: [{namespace: web}, {namespace: payments}]
  destinations:
    direct:
      hosts: [a.partner.example, b.partner.example]
      via: Sidecar
      ports:
      - {port: 80, pattern: TLSOrigination, caCertificates: {file: /etc/ca.crt}}
      - {port: 443, pattern: TLSPassthrough}
    plain: {hosts: [plain.example.com], mutualTLS: false}
---
apiVersion: egressbundle.io/v1alpha1
kind: EgressBundle
metadata: {name: plain, namespace: checkout}
spec:
  destinations:
    plain: {hosts: [plain.example.com], mutualTLS: false}
`

// closedFile holds bundles that close namespaces and gateways together.
const closedFile = `apiVersion: egressbundle.io/v1alpha1
kind: EgressMesh
metadata: {name: production}
spec:
  accessLog: true
  gateways:
    general: {namespace: egress, deploy: {}}
---
apiVersion: egressbundle.io/v1alpha1
kind: EgressBundle
metadata: {name: news, namespace: payments}
spec:
  clients: [{namespace: payments, serviceAccounts: [checkout]}, {namespace: orders}]
  destinations:
    cnn: {hosts: [edition.cnn.com, money.cnn.com]}
    bank: {hosts: [api.bank.example], ports: [{port: 80, pattern: TLSOrigination, caCertificates: {secret: bank}}]}
  enforce: {registryOnly: true, networkPolicy: true, authorization: true}
---
apiVersion: egressbundle.io/v1alpha1
kind: EgressBundle
metadata: {name: stores, namespace: orders}
spec:
  clients: [{namespace: orders}, {namespace: web}]
  destinations:
    db: {hosts: [db.example.com], addresses: [203.0.113.7], ports: [{port: 5432, pattern: TCP}]}
    cache: {hosts: [cache.example.com], via: Sidecar, endpoints: [{address: 198.51.100.7}]}
  enforce: {networkPolicy: true, registryOnly: true}
---
apiVersion: egressbundle.io/v1alpha1
kind: EgressBundle
metadata: {name: partners, namespace: payments}
spec:
  destinations:
    partner: {hosts: [api.partner.example], ports: [{port: 80, pattern: TLSOrigination}]}
  enforce: {networkPolicy: true}
`

func parse(t testing.TB, src string) egress.Documents {
	t.Helper()
	found, err := egress.Parse("team.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// fleet returns the bundles of fleetFile as if a program had built them.
func fleet() []api.Bundle {
	found, err := egress.Parse("team.yaml", []byte(fleetFile))
	if err != nil {
		panic(err)
	}
	bundles := found.Bundles()
	for i, bundle := range bundles {
		bundles[i] = rebuilt(bundle)
	}
	return bundles
}

// rebuilt returns a bundle without its file.
func rebuilt(b api.Bundle) api.Bundle {
	return api.Bundle{Name: b.Name, Namespace: b.Namespace, Mesh: b.Mesh, Clients: b.Clients, Destinations: b.Destinations}
}

// shuffledFleet returns the bundles in any order, and everything in them as
// well.
func shuffledFleet(r *rand.Rand) []api.Bundle {
	bundles := fleet()
	shuffle(r, bundles)
	for _, bundle := range bundles {
		shuffle(r, bundle.Clients)
		for _, name := range slices.Sorted(maps.Keys(bundle.Destinations)) {
			shuffleDestination(r, bundle.Destinations[name])
		}
	}
	return bundles
}

func shuffleDestination(r *rand.Rand, d api.Destination) {
	shuffle(r, d.Hosts)
	shuffle(r, d.Clients)
	shuffle(r, d.Ports)
	for _, port := range d.Ports {
		switch p := port.Pattern.(type) {
		case *api.TLSOrigination:
			shuffle(r, p.SubjectAltNames)
		case *api.HTTP:
			if p.Retries != nil {
				shuffle(r, p.Retries.RetryOn)
			}
		}
	}
}

func shuffle[T any](r *rand.Rand, items []T) {
	r.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
}

// snapshot writes down arguments of Render, with the order of their lists.
func snapshot(t *testing.T, mesh *api.Mesh, bundles []api.Bundle) string {
	t.Helper()
	text, err := json.MarshalIndent(map[string]any{"mesh": mesh, "bundles": bundles}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// checkUnique fails if two objects have one name, or if objects are not in the
// order in which they are applied.
func checkUnique(t *testing.T, objects []object.Object) {
	t.Helper()
	seen := map[string]bool{}
	for _, o := range objects {
		if seen[objectKey(o)] {
			t.Errorf("two objects are %s", objectKey(o))
		}
		seen[objectKey(o)] = true
	}
	kinds := []string{
		"ServiceAccount", "Role", "RoleBinding", "Deployment", "PodDisruptionBudget", "HorizontalPodAutoscaler",
		"Service", "EndpointSlice", "ServiceEntry", "DestinationRule", "AuthorizationPolicy", "Gateway", "VirtualService",
		"Telemetry", "NetworkPolicy", "Sidecar",
	}
	inOrder := func(a, b object.Object) int {
		return slices.Index(kinds, a.Kind) - slices.Index(kinds, b.Kind)
	}
	if !slices.IsSortedFunc(objects, inOrder) {
		t.Errorf("objects must come in the order %v", kinds)
	}
}

func objectKey(o object.Object) string {
	return strings.Join([]string{o.Kind, o.Namespace, o.Name}, " ")
}

// TestOutputIsTheCallers: what a caller does to the objects of one call changes
// neither its bundles and its mesh nor what another call gives.
func TestOutputIsTheCallers(t *testing.T) {
	mesh := &api.Mesh{Gateways: map[string]api.Gateway{"egress": {Selector: map[string]string{"istio": "egress"}}}}
	bundle := api.Bundle{
		Name:      "cards",
		Namespace: "payments",
		Clients:   []api.Client{{Namespace: "payments"}, {Namespace: "search"}},
		Destinations: map[string]api.Destination{
			"stripe": {Hosts: []string{"api.stripe.com"}, Ports: []api.Port{
				{Number: 443, Pattern: &api.TLSPassthrough{}},
				{Number: 80, Pattern: &api.TLSOrigination{ClientTLS: api.ClientTLS{SubjectAltNames: []string{"api.stripe.com"}}}},
			}},
		},
	}
	want := string(encode(t, render(t, mesh, bundle)))
	for _, o := range render(t, mesh, bundle) {
		scribble(reflect.ValueOf(o.Spec))
		o.Labels["scribbled"] = "yes"
		o.Annotations["scribbled"] = "yes"
	}
	objects := render(t, mesh, bundle)
	if diff := cmp.Diff(want, string(encode(t, objects))); diff != "" {
		t.Errorf("after scribbling (-want +got):\n%s", diff)
	}
	scribble(reflect.ValueOf(objects[0].Spec))
	for _, o := range objects[1:] {
		if strings.Contains(string(encode(t, []object.Object{o})), "scribbled") {
			t.Errorf("%s %s shares something with another object", o.Kind, o.Name)
		}
		scribble(reflect.ValueOf(o.Spec))
	}
}

// TestObjectsAreMadeAnew: what a caller does to objects changes none that are made later.
func TestObjectsAreMadeAnew(t *testing.T) {
	for _, in := range glob(t, "../../testdata/render/*/*/in.yaml") {
		output, err := parse(t, readText(t, in)).Render()
		if err != nil {
			t.Fatal(err)
		}
		want := string(encode(t, slices.Collect(output.Objects())))
		for o := range output.Objects() {
			scribble(reflect.ValueOf(o.Spec))
			clear(o.Labels)
			clear(o.Annotations)
		}
		if diff := cmp.Diff(want, string(encode(t, slices.Collect(output.Objects())))); diff != "" {
			t.Errorf("%s (-before scribbling +after):\n%s", in, diff)
		}
	}
}

// scribble changes every text that a value leads to.
func scribble(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			scribble(v.Elem())
		}
	case reflect.Struct:
		for field, value := range v.Fields() {
			if field.IsExported() {
				scribble(value)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			scribble(v.Index(i))
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			value := reflect.New(v.Type().Elem()).Elem()
			value.Set(v.MapIndex(key))
			scribble(value)
			v.SetMapIndex(key, value)
		}
	case reflect.String:
		v.SetString(v.String() + ".scribbled")
	default: // holds no text
	}
}
