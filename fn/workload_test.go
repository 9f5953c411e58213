// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package fn

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egressbundle/egressbundle/fn/internal/fntest"
)

// TestFunctionPatchesWorkloads: the workloads among the items get what they
// need, everything else in them stays, and other items stay as they are. A
// second run changes nothing.
func TestFunctionPatchesWorkloads(t *testing.T) {
	items := strings.Split(fntest.Workloads, "---\n")
	once := patchedItems(t, items)
	fntest.CompareGolden(t, "testdata/patch/workloads.yaml", strings.Join(once, "---\n"))
	if diff := cmp.Diff(once, patchedItems(t, once)); diff != "" {
		t.Errorf("a second run (-first +second):\n%s", diff)
	}
}

// TestFunctionPatchesGateway: of a gateway among the items, which is patched, nobody is told that it lets a header of the
// mesh out. Of one that is not there it is said.
func TestFunctionPatchesGateway(t *testing.T) {
	workloads := strings.Split(fntest.Workloads, "---\n")
	for item, want := range map[string]bool{workloads[0]: false, workloads[1]: true} {
		_, results := readList(t, fntest.Succeed(t, "", resourceList(fntest.BypassBundle, item), fntest.Program))
		if got := strings.Contains(results, "X-Envoy-Original-Host"); got != want {
			t.Errorf("beside\n%s\na warning: %v, want %v:\n%s", item, got, want, results)
		}
	}
}

// TestUnitedText: annotations keep what others wrote.
func TestUnitedText(t *testing.T) {
	for _, c := range []struct{ ours, theirs, want string }{
		{ours: "81,9000", theirs: "3306, 9000", want: "3306,81,9000"},
		{ours: "10.0.0.0/8", theirs: "", want: "10.0.0.0/8"},
		{ours: `{"a":{"x":1}}`, theirs: `{"b":{"y":2}}`, want: `{"a":{"x":1},"b":{"y":2}}`},
	} {
		if got, err := unitedText(c.ours, c.theirs); err != nil || got != c.want {
			t.Errorf("%s and %s: got %s, %v", c.ours, c.theirs, got, err)
		}
	}
	if _, err := unitedText(`{"a":{}}`, "no JSON"); err == nil {
		t.Error("what is no JSON is accepted")
	}
}

// patchedItems runs the function and returns the items that it was given.
func patchedItems(t *testing.T, items []string) []string {
	t.Helper()
	list := resourceList(fntest.BypassBundle, items...)
	out := yaml.MustParse(fntest.Succeed(t, "", list, fntest.Program))
	elements, err := out.Pipe(yaml.Lookup("items"))
	if err != nil {
		t.Fatal(err)
	}
	nodes, err := elements.Elements()
	if err != nil {
		t.Fatal(err)
	}
	var patched []string
	for _, node := range nodes[:len(items)] {
		patched = append(patched, node.MustString())
	}
	return patched
}
