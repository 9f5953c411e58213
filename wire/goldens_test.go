// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/conformance/golden"
	"github.com/egressbundle/egressbundle/wire/rig"
)

// TestGoldens: what calls.yaml promises happens on the wire, also in the cookbook.
func TestGoldens(t *testing.T) {
	for _, g := range append(goldens(t), byFolder(t, golden.Cookbook)...) {
		t.Run(g.Dir, func(t *testing.T) {
			set(t, g)
			output, err := g.Output()
			if err != nil {
				t.Fatal(err)
			}
			by := byLocality(g.Outcomes)
			for _, locality := range slices.Sorted(maps.Keys(by)) {
				expect(t, by[locality])
				for _, o := range by[locality] {
					expectExplained(t, output, o)
				}
			}
		})
	}
}

// byLocality returns the calls by where they come from. For each other place, gateways have to move.
func byLocality(outcomes []calls.Outcome) map[string][]calls.Outcome {
	by := map[string][]calls.Outcome{}
	for _, o := range outcomes {
		by[o.Locality] = append(by[o.Locality], o)
	}
	return by
}

// goldens returns those of the repository.
func goldens(t *testing.T) []golden.Golden {
	t.Helper()
	return byFolder(t, golden.All)
}

// byFolder returns what is found in the repository, with folders as names.
func byFolder(t *testing.T, find func(root string) ([]golden.Golden, error)) []golden.Golden {
	t.Helper()
	all, err := find("..")
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		all[i].Dir = strings.TrimPrefix(all[i].Dir, "../")
	}
	return all
}

// set makes the mesh that of a golden. It makes HTTP/2 of HTTP/1.1 wherever nothing keeps it from that.
func set(t *testing.T, g golden.Golden) {
	t.Helper()
	err := mesh.Set(t.Context(), rig.Setting{
		Manifests: g.Rendered, Gateways: g.Gateways, OutboundTrafficPolicy: g.OutboundTrafficPolicy,
		QuietProxies: g.QuietProxies, DNSCapture: g.DNSCapture, DNS: g.DNS, Calls: g.Outcomes, UpgradesHTTP: true,
	})
	if err != nil {
		t.Fatal(err)
	}
}

// samples returns the goldens whose folders begin like one of these. Where EVERY_GOLDEN is
// set, it returns all: what is tried many times of each takes half an hour then.
func samples(t *testing.T, prefixes ...string) []golden.Golden {
	t.Helper()
	all := goldens(t)
	if os.Getenv("EVERY_GOLDEN") != "" {
		return all
	}
	return slices.DeleteFunc(all, func(g golden.Golden) bool {
		return !slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(g.Dir, prefix) })
	})
}
