// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package guide_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/guide"
)

// TestEveryFailureIsProduced: the bundles of which the wire produces each failure have all of them together.
func TestEveryFailureIsProduced(t *testing.T) {
	var names []string
	for _, path := range glob(t, "../../../../wire/testdata/runbook/*.yaml") {
		for _, f := range render(t, path).Runbook().Failures {
			names = append(names, f.Name)
		}
	}
	slices.Sort(names)
	if diff := cmp.Diff(slices.Sorted(slices.Values(guide.Names())), slices.Compact(names)); diff != "" {
		t.Errorf("(-failures +those that the bundles can have):\n%s", diff)
	}
}

// TestRemovesEverything: each object is removed once, and those that keep ways closed at last.
func TestRemovesEverything(t *testing.T) {
	for _, path := range slices.Concat(glob(t, "../../../../testdata/render/*/*/in.yaml"), glob(t, "../../../../examples/*/bundle.yaml")) {
		output := render(t, path)
		var want, got []string
		for o := range output.Objects() {
			want = append(want, fmt.Sprintf("%s %s/%s", o.Namespace, strings.ToLower(o.Kind), o.Name))
		}
		for _, step := range output.Runbook().Removal {
			for _, command := range step.Commands {
				got = append(got, removed(command)...)
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-made +removed):\n%s", path, diff)
		}
	}
}

// removed returns what a command deletes, as NAMESPACE KIND/NAME.
func removed(command string) []string {
	command = strings.TrimSuffix(command, "; done")
	namespaces, command, isLoop := strings.Cut(command, "; do ")
	if !isLoop {
		command = namespaces
	}
	words := strings.Fields(strings.ReplaceAll(command, "\\\n", " "))
	of := []string{words[3]}
	if isLoop {
		of = strings.Fields(strings.TrimPrefix(namespaces, "for n in "))
	}
	var all []string
	for _, namespace := range of {
		for _, resource := range words[5:] {
			kind, name, _ := strings.Cut(resource, "/")
			kind, _, _ = strings.Cut(kind, ".")
			all = append(all, namespace+" "+kind+"/"+name)
		}
	}
	return all
}

// TestControlHasThePath: what is called past all proxies is what the host would be asked.
func TestControlHasThePath(t *testing.T) {
	port := func(p api.Pattern) api.Destination {
		return api.Destination{Hosts: []string{"api.example.com"}, Ports: []api.Port{{Number: 80, Pattern: p}}}
	}
	allow := []api.AllowedRequest{{Paths: []string{"/v1/rates"}}}
	for name, c := range map[string]struct {
		pattern api.Pattern
		want    string
	}{
		"TLS":                {&api.TLSOrigination{Allow: allow}, "https://api.example.com/v1/rates"},
		"another path":       {&api.TLSOrigination{Allow: allow, PathOptions: api.PathOptions{Rewrite: &api.Rewrite{URI: "/v2/"}}}, "https://api.example.com/v2/v1/rates"},
		"another authority":  {&api.HTTP{Allow: allow, PathOptions: api.PathOptions{Rewrite: &api.Rewrite{Authority: "www.example.com"}}}, "http://www.example.com/v1/rates"},
		"the call as it was": {&api.HTTP{Allow: allow}, "http://api.example.com/v1/rates"},
	} {
		output, err := egress.Render(nil, api.Bundle{Name: "b", Namespace: "a", Destinations: map[string]api.Destination{"d": port(c.pattern)}})
		if err != nil {
			t.Fatal(err)
		}
		if got := output.Runbook().Paths[0].Control.Command; !slices.Contains(strings.Fields(got), c.want) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestSize: a runbook grows by a line of a table for each destination more, and does not repeat its calls for each client.
func TestSize(t *testing.T) {
	size := func(destinations, clients int) int {
		b := api.Bundle{Name: "b", Namespace: "a", Destinations: map[string]api.Destination{}}
		for i := range destinations {
			b.Destinations[fmt.Sprint("d", i)] = api.Destination{Hosts: []string{fmt.Sprintf("h%d.example.com", i)}}
		}
		for i := range clients {
			b.Clients = append(b.Clients, api.Client{Namespace: fmt.Sprint("n", i)})
		}
		output, err := egress.Render(nil, b)
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		if err := output.Runbook().Encode(&text); err != nil {
			t.Fatal(err)
		}
		return text.Len()
	}
	const most = 2500
	if grown := (size(11, 10) - size(1, 10)) / 10; grown > most {
		t.Errorf("grows by %d bytes for a destination, with ten clients", grown)
	}
	if grown := (size(10, 11) - size(10, 1)) / 10; grown > most {
		t.Errorf("grows by %d bytes for a client, with ten destinations", grown)
	}
}

func render(t *testing.T, path string) *egress.Output {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	found, err := egress.Parse(path, text)
	if err != nil {
		t.Fatal(err)
	}
	output, err := found.Render()
	if err != nil {
		t.Fatal(err)
	}
	return output
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no files match %s (%v)", pattern, err)
	}
	return files
}
