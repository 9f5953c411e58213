// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"slices"
	"strings"
	"testing"

	"github.com/egressbundle/egressbundle/conformance/around"
	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/conformance/cluster"
	"github.com/egressbundle/egressbundle/wire/rig"
)

// TestWaysAround: what a report says stops a way around a bundle stops it on the wire; with
// that removed the next thing that it names does, and with all of them removed the call leaves.
func TestWaysAround(t *testing.T) {
	for _, g := range samples(t, "examples/") {
		t.Run(g.Dir, func(t *testing.T) {
			attempts, err := around.Of(g)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range stages(attempts) {
				g.Rendered, g.OutboundTrafficPolicy, g.Outcomes = s.Manifests, s.OutboundTrafficPolicy, s.calls
				set(t, g)
				for _, try := range s.tries {
					try.make(t)
				}
			}
		})
	}
}

// A stage is a cluster in which some attempts are made.
type stage struct {
	around.Step

	calls []calls.Outcome
	tries []try
}

type try struct {
	around.Attempt

	step around.Step
}

// stages puts together what is tried in one cluster.
func stages(attempts []around.Attempt) []*stage {
	var all []*stage
	for _, a := range attempts {
		for _, step := range a.Steps {
			i := slices.IndexFunc(all, func(s *stage) bool {
				return s.Manifests == step.Manifests && s.OutboundTrafficPolicy == step.OutboundTrafficPolicy
			})
			if i < 0 {
				i, all = len(all), append(all, &stage{Step: step})
			}
			all[i].calls = append(all[i].calls, a.Call)
			all[i].tries = append(all[i].tries, try{a, step})
		}
	}
	return all
}

func (try try) make(t *testing.T) {
	t.Helper()
	settleTo(t, try.Call, func(r rig.Result) string {
		if wrong := try.step.Judge(r.Outcome); wrong != "" {
			return string(try.Way.Attempt) + ": " + wrong
		}
		return ""
	})
}

// TestLanes: who may use one lane gets into no other, whatever SNI and Host it names.
func TestLanes(t *testing.T) {
	g := named(t, "testdata/render/tls_passthrough/service_accounts")
	for _, lane := range around.Lanes() {
		with := g
		with.Rendered = cluster.Join(g.Rendered, lane.Manifests())
		set(t, with)
		checkLane(t, lane)
	}
}

func checkLane(t *testing.T, lane around.Lane) {
	t.Helper()
	// The gateway says less of why it does not know a host than the tracer does.
	code, _, _ := strings.Cut(lane.Blocked, " no virtual host")
	settleTo(t, calls.Outcome{Call: around.LaneCall, From: "payments/checkout"}, func(r rig.Result) string {
		if (lane.Blocked == "") != (r.Blocked == "") || !strings.Contains(r.Blocked, code) {
			return lane.Name + ": got " + r.Blocked + ", want " + lane.Blocked
		}
		return ""
	})
}
