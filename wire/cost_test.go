// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/wire/rig"
)

// BenchmarkCost measures what hosts cost a mesh, ours beside the objects that Istio's documentation has one write by hand.
// What it prints is a table, with a line for each thing that is measured; docs/cost.md explains them.
func BenchmarkCost(b *testing.B) {
	for _, w := range ways {
		for _, hosts := range []int{100, 1000} {
			b.Run(fmt.Sprintf("%s/hosts=%d", w.name, hosts), func(b *testing.B) {
				ours, byHand, direct := compare(b, w, effort{hosts: hosts, calls: 1000, repeats: 2, rest: drained})
				for _, m := range measures {
					b.Run(m.name, func(b *testing.B) { report(b, m.of(ours), m.of(byHand), m.of(direct)) })
				}
			})
		}
	}
}

// report reports one measure, and that of direct calls where there is one.
func report(b *testing.B, ours, byHand, direct float64) {
	b.Helper()
	b.ReportMetric(0, "ns/op") // takes the time of this function away
	b.ReportMetric(ours, "ours")
	b.ReportMetric(byHand, "by-hand")
	b.ReportMetric(ours/byHand, "ours/by-hand")
	if direct > 0 {
		b.ReportMetric(direct, "direct")
	}
}

// drained is longer than Envoy keeps listeners that were replaced (45 s), which costs memory.
const drained = 50 * time.Second

// TestCost: the benchmark measures what it says, with few hosts and few calls. Their clusters are known.
func TestCost(t *testing.T) {
	type clusters struct{ Client, Gateway int }
	type both struct{ Ours, ByHand clusters }
	got := map[string]both{}
	for _, w := range ways {
		ours, byHand, direct := compare(t, w, effort{hosts: 3, calls: 2})
		got[w.name] = both{
			clusters{ours.client.Clusters, ours.gateway.Clusters},
			clusters{byHand.client.Clusters, byHand.gateway.Clusters},
		}
		for _, m := range measures {
			if m.of(ours) <= 0 || m.of(byHand) <= 0 {
				t.Errorf("%s: %s: ours %v, by hand %v", w.name, m.name, m.of(ours), m.of(byHand))
			}
		}
		if percentile(direct.calls, 50) <= 0 {
			t.Errorf("%s: a direct call takes no time", w.name)
		}
	}
	want := map[string]both{
		"HTTP":                {Ours: clusters{5, 3}, ByHand: clusters{5, 3}},
		"TLSPassthrough":      {Ours: clusters{9, 3}, ByHand: clusters{9, 3}},
		"TLSPassthroughPlain": {Ours: clusters{5, 3}, ByHand: clusters{5, 3}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("clusters (-want +got):\n%s", diff)
	}
}

// A way is how calls are led through a gateway.
type way struct {
	name      string
	scheme    string
	port      api.Port
	mutualTLS bool // on the hop
	byHand    func(t team, hosts []string) string
}

var ways = []way{
	{"HTTP", "http", api.Port{Number: 80, Pattern: &api.HTTP{}}, true, httpByHand},
	{"TLSPassthrough", "https", api.Port{Number: 443, Pattern: &api.TLSPassthrough{}}, true, tlsByHand},
	{"TLSPassthroughPlain", "https", api.Port{Number: 443, Pattern: &api.TLSPassthrough{}}, false, plainTLSByHand},
}

// An effort is how much is measured.
type effort struct {
	hosts, calls int
	repeats      int           // of applying
	rest         time.Duration // until Envoys have let go of what they do not need
}

// A cost is what the objects of a team cost.
type cost struct {
	objects         int
	client, gateway rig.Load        // what the Envoys carry more than without objects
	working         []time.Duration // from the start of kubectl apply until the last host is reached, each time
	calls           []time.Duration // what each call took
}

// measures are the lines of the table.
var measures = []struct {
	name string
	of   func(cost) float64
}{
	{"objects", func(c cost) float64 { return float64(c.objects) }},
	{"client-clusters", func(c cost) float64 { return float64(c.client.Clusters) }},
	{"gateway-clusters", func(c cost) float64 { return float64(c.gateway.Clusters) }},
	{"client-configuration-MiB", func(c cost) float64 { return mebi(c.client.Configuration) }},
	{"gateway-configuration-MiB", func(c cost) float64 { return mebi(c.gateway.Configuration) }},
	{"client-memory-MiB", func(c cost) float64 { return mebi(c.client.Memory) }},
	{"gateway-memory-MiB", func(c cost) float64 { return mebi(c.gateway.Memory) }},
	{"apply-to-working-s", func(c cost) float64 { return percentile(c.working, 50) / 1000 }},
	{"call-p50-ms", func(c cost) float64 { return percentile(c.calls, 50) }},
	{"call-p99-ms", func(c cost) float64 { return percentile(c.calls, 99) }},
}

func mebi(bytes int) float64 { return float64(bytes) / (1 << 20) }

// percentile returns milliseconds, and 0 if nothing took time.
func percentile(took []time.Duration, p int) float64 {
	if len(took) == 0 {
		return 0
	}
	return 1000 * slices.Sorted(slices.Values(took))[len(took)*p/100].Seconds()
}

// compare measures the objects of each team alone, and then calls of both and direct calls. Both teams take turns, so that
// a busy machine hits them alike.
func compare(tb testing.TB, w way, e effort) (ours, byHand, direct cost) {
	tb.Helper()
	a, b := newTeams(tb, w, e.hosts)
	defer stop(tb, a, b)
	ours, byHand = a.measure(tb, e.rest), b.measure(tb, e.rest)
	for range e.repeats {
		byHand.working = append(byHand.working, b.apply(tb))
		b.remove(tb)
		ours.working = append(ours.working, a.apply(tb))
		a.remove(tb)
	}
	a.apply(tb)
	b.apply(tb)
	for range e.calls {
		ours.calls = append(ours.calls, timed(tb, a.calls[0]))
		byHand.calls = append(byHand.calls, timed(tb, b.calls[0]))
		direct.calls = append(direct.calls, timed(tb, directly(a.calls[0])))
	}
	a.remove(tb)
	b.remove(tb)
	return ours, byHand, direct
}
