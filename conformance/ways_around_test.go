// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"strings"
	"testing"

	"github.com/egressbundle/egressbundle/conformance/around"
	"github.com/egressbundle/egressbundle/conformance/golden"
	"github.com/egressbundle/egressbundle/conformance/trace"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// TestWaysAround tries every way around that a report names, for every golden. What the report says
// stops it does; with that removed, the next thing that it names does; with all of them removed, the call leaves.
func TestWaysAround(t *testing.T) {
	tried := map[object.Attempt]int{}
	for _, g := range goldens(t) {
		t.Run(g.Dir, func(t *testing.T) {
			attempts, err := around.Of(g)
			if err != nil {
				t.Fatal(err)
			}
			tr := trier{t, g, map[string]*trace.Mesh{}}
			for _, a := range attempts {
				tried[a.Way.Attempt]++
				for _, step := range a.Steps {
					tr.try(a, step)
				}
			}
		})
	}
	for _, way := range []object.Attempt{
		object.NoSidecar, object.DirectIP, object.SpoofedHost, object.OtherNamespace, object.OtherIdentity, object.UnlistedRoute,
	} {
		if tried[way] < 5 {
			t.Errorf("%s is tried %d times, want 5 or more", way, tried[way])
		}
	}
}

// A trier makes attempts around a golden.
type trier struct {
	t      *testing.T
	golden golden.Golden
	meshes map[string]*trace.Mesh // by outbound traffic policy and manifests
}

func (tr trier) try(a around.Attempt, step around.Step) {
	tr.t.Helper()
	key := step.OutboundTrafficPolicy + step.Manifests
	if tr.meshes[key] == nil {
		tr.meshes[key] = trace.NewMesh(tr.t, trace.Options{
			Manifests: step.Manifests, Gateways: tr.golden.Gateways, OutboundTrafficPolicy: step.OutboundTrafficPolicy,
			DNSCapture: tr.golden.DNSCapture,
		})
	}
	r := tr.meshes[key].Trace(a.Call.TraceCall())
	if wrong := step.Judge(a.Call.Observe(r)); wrong != "" {
		tr.t.Errorf("%s: %s from %s: %s\n%s", a.Way.Attempt, a.Call.Call, a.Call.From, wrong, strings.Join(r.Steps, "\n"))
	}
}
