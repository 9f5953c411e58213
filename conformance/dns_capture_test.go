// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/conformance/trace"
	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
)

// capturing is a mesh whose sidecars answer DNS.
var capturing = api.Mesh{DNSCapture: true}

func team(name string, ports ...api.Port) api.Bundle {
	return api.Bundle{Name: name, Namespace: "shop", Destinations: map[string]api.Destination{
		"host": {Hosts: []string{"db.example.com"}, Ports: ports},
	}}
}

// TestSharedByName: teams that share a host, of which one has TCP by its name, do not disturb each other, whoever came
// first.
func TestSharedByName(t *testing.T) {
	database := team("database", api.Port{Number: 5432, Pattern: &api.TCP{}})
	for name, test := range map[string]struct {
		other api.Bundle
		calls []string
	}{
		"other patterns": {
			team("web", api.Port{Number: 80, Pattern: &api.HTTP{}}, api.Port{Number: 443, Pattern: &api.TLSPassthrough{}}),
			[]string{"tcp://db.example.com:5432", "http://db.example.com", "https://db.example.com"},
		},
		"the same port": {team("replica", api.Port{Number: 5432, Pattern: &api.TCP{}}), []string{"tcp://db.example.com:5432"}},
	} {
		t.Run(name, func(t *testing.T) {
			both := []string{renderAll(t, capturing, database), renderAll(t, capturing, test.other)}
			for range 2 {
				mesh := trace.NewMesh(t, trace.Options{Manifests: inOrder(t, both...), DNSCapture: true})
				for _, call := range test.calls {
					r := mesh.Trace(trace.Call{Namespace: "shop", URL: call})
					if diff := cmp.Diff("", r.Blocked); diff != "" {
						t.Errorf("%s (-want +got):\n%s\n%q", call, diff, r.Steps)
					}
				}
				slices.Reverse(both)
			}
		})
	}
}

// TestFactTwoAddresses: of two ServiceEntries with TCP by the name of one host, each has an address of its own, and at
// none of them does the sidecar know the ports of both. So bundles may not have different ones.
func TestFactTwoAddresses(t *testing.T) {
	database, other := team("database", api.Port{Number: 5432, Pattern: &api.TCP{}}), team("replica", api.Port{Number: 6432, Pattern: &api.TCP{}})
	if _, err := egress.Render(&capturing, database, other); err == nil {
		t.Error("rendered together they are no error")
	}
	both := inOrder(t, renderAll(t, capturing, database), renderAll(t, capturing, other))
	mesh := trace.NewMesh(t, trace.Options{Manifests: both, DNSCapture: true})
	got := map[string]bool{}
	for _, port := range []string{"5432", "6432"} {
		got[port] = mesh.Trace(trace.Call{Namespace: "shop", URL: "tcp://db.example.com:" + port}).Blocked != ""
	}
	if got["5432"] == got["6432"] {
		t.Errorf("blocked: %v, want one of the two", got)
	}
}
