// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/wire/rig"
)

// TestRunbookRemoval: while the objects go in the order of a runbook, no call leaves that did not, and none by another way,
// until it says that something is opened. By then nothing leaves.
func TestRunbookRemoval(t *testing.T) {
	for _, dir := range []string{"examples/http-and-https", "examples/closed-path", "examples/tls-origination-at-the-sidecar", "examples/forward-proxy"} {
		t.Run(dir, func(t *testing.T) {
			g := named(t, dir)
			g.Outcomes = slices.DeleteFunc(g.Outcomes, func(c calls.Outcome) bool { return c.NoSidecar }) // NetworkPolicies go last.
			o := onCall(t, g)
			before := map[string]rig.Result{}
			for _, c := range g.Outcomes {
				if c.Blocked == "" {
					settle(t, c)
				}
				before[key(c)] = call(t, c, rig.Request{})
			}
			for _, step := range o.Removal {
				if step.Opens != "" {
					break
				}
				for _, command := range step.Commands {
					o.run(t, command)
				}
				watch(t, step.What, g.Outcomes, before)
			}
			for _, c := range g.Outcomes {
				if got := call(t, c, rig.Request{}); got.Blocked == "" && before[key(c)].Blocked == "" && isClosedMesh(o) {
					t.Errorf("at last %s from %s still leaves", c.Call, c.From)
				}
			}
		})
	}
}

func key(c calls.Outcome) string { return c.From + " " + c.Method + " " + c.Call }

// isClosedMesh reports whether the removal ends without opening hosts.
func isClosedMesh(o *operator) bool {
	for _, step := range o.Removal {
		if strings.Contains(step.Opens, "First stop") {
			return false
		}
	}
	return true
}

// watchTime is how long calls are watched after a step: configuration arrives within it.
const watchTime = 1500 * time.Millisecond

// watch makes calls for a while after a step, and looks at which leave, and how.
func watch(t *testing.T, step string, outcomes []calls.Outcome, before map[string]rig.Result) {
	t.Helper()
	for end := time.Now().Add(watchTime); time.Now().Before(end); {
		for _, c := range outcomes {
			was, got := before[key(c)], call(t, c, rig.Request{})
			if got.Blocked != "" {
				continue
			}
			if was.Blocked != "" {
				t.Errorf("after %q: %s from %s leaves, and did not\n%s", step, c.Call, c.From, strings.Join(got.Steps, "\n"))
			} else if diff := rig.Diff(was.Outcome, got); diff != "" {
				t.Errorf("after %q: %s from %s leaves by another way: %s\n%s", step, c.Call, c.From, diff, strings.Join(got.Steps, "\n"))
			}
		}
	}
}
