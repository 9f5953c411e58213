// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/protobuf/testing/protocmp"
	"sigs.k8s.io/yaml"

	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// written leaves out what objects say of themselves and Encode does not write.
var written = cmpopts.IgnoreFields(object.Object{}, "Origin", "Stops")

// TestRoundTrip reads what Encode writes with other libraries, as strictly as
// they can, and gets the same objects.
func TestRoundTrip(t *testing.T) {
	for _, in := range glob(t, "../../testdata/render/*/*/in.yaml") {
		src, err := os.ReadFile(in)
		if err != nil {
			t.Fatal(err)
		}
		found, err := egress.Parse(in, src)
		if err != nil {
			t.Fatal(err)
		}
		mesh, err := found.Mesh()
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range render(t, mesh, found.Bundles()...) {
			document, err := yaml.YAMLToJSONStrict(encode(t, []object.Object{o}))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(o, readObject(t, document, o), protocmp.Transform(), cmpopts.EquateEmpty(), written); diff != "" {
				t.Errorf("%s: %s %s (-built +read):\n%s", in, o.Kind, o.Name, diff)
			}
		}
	}
}

// TestManyHosts: a destination may have more hosts than a ServiceEntry, whose
// limit is 256, and adding one leaves almost every object as it was.
func TestManyHosts(t *testing.T) {
	var described []api.AllowedRequest
	for i := range 10 {
		described = append(described, api.AllowedRequest{Paths: []string{fmt.Sprintf("/%d/*", i)}})
	}
	for name, pattern := range map[string]api.Pattern{
		"connections":        &api.TLSPassthrough{},
		"requests":           &api.HTTP{},
		"described requests": &api.HTTP{Allow: described},
	} {
		t.Run(name, func(t *testing.T) { testManyHosts(t, pattern) })
	}
}

func testManyHosts(t *testing.T, pattern api.Pattern) {
	t.Helper()
	const n = 1000
	before := render(t, nil, manyHosts(n, pattern))
	after := render(t, nil, manyHosts(n+1, pattern))

	hosts := map[string]bool{}
	for _, o := range before {
		text := encode(t, []object.Object{o})
		if len(text) > 200<<10 {
			t.Errorf("%s %s has %d bytes", o.Kind, o.Name, len(text))
		}
		if entry, ok := o.Spec.(interface{ GetHosts() []string }); ok && o.Kind == "ServiceEntry" {
			if len(entry.GetHosts()) > 256 {
				t.Errorf("%s has %d hosts", o.Name, len(entry.GetHosts()))
			}
			for _, host := range entry.GetHosts() {
				hosts[host] = true
			}
		}
	}
	for _, host := range manyHosts(n, pattern).Destinations["all"].Hosts {
		if !hosts[host] {
			t.Errorf("no ServiceEntry has %s", host)
		}
	}
	if changed := countChanged(t, before, after); changed > 8 {
		t.Errorf("one more host changes %d objects of %d", changed, len(before))
	}
}

// TestManyAddressesAndClients: what a bundle closes is split as well, and says the
// same in parts as in one piece.
func TestManyAddressesAndClients(t *testing.T) {
	const n = 1000
	bundle := api.Bundle{
		Name: "many", Namespace: "payments", Clients: []api.Client{{Namespace: "payments"}}, Destinations: map[string]api.Destination{},
		Enforce: &api.Enforce{NetworkPolicy: true, RegistryOnly: true},
	}
	for i := range n {
		bundle.Destinations[fmt.Sprintf("a%d", i)] = api.Destination{
			Via: api.ViaSidecar, Hosts: []string{fmt.Sprintf("a%d.example.com", i)},
			Endpoints: []api.Endpoint{{Address: fmt.Sprintf("203.0.%d.%d", i/250, i%250+1)}},
		}
		bundle.Destinations[fmt.Sprintf("g%d", i)] = api.Destination{
			Hosts:   []string{fmt.Sprintf("g%d.example.com", i)},
			Clients: []api.Client{{Namespace: "payments", ServiceAccounts: []string{fmt.Sprintf("sa-%d", i)}}},
		}
	}
	objects := render(t, nil, bundle)
	found := map[string]int{}
	for _, o := range objects {
		text := encode(t, []object.Object{o})
		if len(text) > 200<<10 {
			t.Errorf("%s %s has %d bytes", o.Kind, o.Name, len(text))
		}
		if o.Namespace == "payments" && o.Kind == "NetworkPolicy" {
			found["addresses"] += bytes.Count(text, []byte("cidr: 203.0."))
			found["common rules"] += bytes.Count(text, []byte("port: 15012"))
		}
		if o.Kind == "AuthorizationPolicy" {
			found["accounts"] += bytes.Count(text, []byte("/sa/sa-"))
		}
	}
	if diff := cmp.Diff(map[string]int{"addresses": n, "common rules": 1, "accounts": n}, found); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	delete(bundle.Destinations, "a7")
	delete(bundle.Destinations, "g7")
	if changed := countChanged(t, objects, render(t, nil, bundle)); changed > 8 {
		t.Errorf("one destination less of each changes %d objects of %d", changed, len(objects))
	}
}

func manyHosts(n int, pattern api.Pattern) api.Bundle {
	d := api.Destination{Ports: []api.Port{{Number: 8443, Pattern: pattern}}}
	for i := range n {
		d.Hosts = append(d.Hosts, fmt.Sprintf("h%d.%sexample.com", i, strings.Repeat("a-long-name.", 12)))
	}
	return api.Bundle{Name: "many", Namespace: "payments", Destinations: map[string]api.Destination{"all": d}}
}

// countChanged returns how many objects are new or have other bytes.
func countChanged(t *testing.T, before, after []object.Object) int {
	t.Helper()
	old := map[string]bool{}
	for _, o := range before {
		old[string(encode(t, []object.Object{o}))] = true
	}
	changed := 0
	for _, o := range after {
		if !old[string(encode(t, []object.Object{o}))] {
			changed++
		}
	}
	return changed
}
