// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/conformance/cluster"
	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
	"github.com/egressbundle/egressbundle/wire/rig"
)

// A team has objects, a client and a gateway of its own: it sees nothing of other teams.
type team struct {
	namespace string
	manifests string
	calls     []calls.Outcome // one to each host
}

// gateway is the name of the gateway, its namespace and its Service.
func (t team) gateway() string { return t.namespace + "-egress" }

// service is the host of the gateway in the mesh.
func (t team) service() string { return t.gateway() + "." + t.gateway() + ".svc.cluster.local" }

func (t team) mesh() api.Mesh {
	return api.Mesh{
		OutboundTrafficPolicy: "REGISTRY_ONLY",
		Gateways:              map[string]api.Gateway{t.gateway(): {Namespace: t.gateway()}},
	}
}

// newTeams returns a team with a bundle, and one with the same written by hand. Their Envoys are new: what one carried
// before costs it memory.
func newTeams(tb testing.TB, w way, hostCount int) (ours, byHand team) {
	tb.Helper()
	var hosts []string
	for i := range hostCount {
		hosts = append(hosts, fmt.Sprintf("host-%04d.example.com", i))
	}
	name := strings.ToLower(fmt.Sprintf("%s-%d", w.name, hostCount))
	ours, byHand = team{namespace: name + "-ours"}, team{namespace: name + "-by-hand"}
	ours.manifests, byHand.manifests = ours.bundle(tb, w, hosts), w.byHand(byHand, hosts)
	setting := rig.Setting{}
	for _, t := range []*team{&ours, &byHand} {
		for _, host := range hosts {
			t.calls = append(t.calls, t.call(w.scheme, host))
		}
		setting.Gateways = append(setting.Gateways, cluster.GatewaysOf(t.mesh())...)
	}
	if err := mesh.Set(tb.Context(), setting); err != nil {
		tb.Fatal(err)
	}
	return ours, byHand
}

// stop ends the Envoys of teams, which would be configured with all that comes after.
func stop(tb testing.TB, teams ...team) {
	tb.Helper()
	for _, t := range teams {
		if err := mesh.Stop(tb.Context(), t.namespace, t.gateway()); err != nil {
			tb.Fatal(err)
		}
	}
}

// bundle renders a bundle with all hosts.
func (t team) bundle(tb testing.TB, w way, hosts []string) string {
	tb.Helper()
	facts := t.mesh()
	destination := api.Destination{Hosts: hosts, Ports: []api.Port{w.port}, MutualTLS: new(w.mutualTLS)}
	output, err := egress.Render(&facts, api.Bundle{
		Name: "news", Namespace: t.namespace, Destinations: map[string]api.Destination{"all": destination},
	})
	if err != nil {
		tb.Fatal(err)
	}
	var text strings.Builder
	if err := object.Encode(&text, output.Objects()); err != nil {
		tb.Fatal(err)
	}
	return text.String()
}

// call is what the client calls. It knows the address: DNS is not what is measured.
func (t team) call(scheme, host string) calls.Outcome {
	return calls.Outcome{
		Call: scheme + "://" + host, From: t.namespace, Address: mesh.Names.Address(host).String(),
		Through: t.gateway() + "/" + t.gateway(),
	}
}

// directly is a call without proxies.
func directly(o calls.Outcome) calls.Outcome {
	o.NoSidecar, o.Through = true, calls.Sidecar
	return o
}

// measure measures all but calls.
func (t team) measure(tb testing.TB, rest time.Duration) cost {
	tb.Helper()
	client, gateway := t.loads(tb)
	c := cost{objects: strings.Count(t.manifests, "\nkind: "), working: []time.Duration{t.apply(tb)}}
	for _, o := range t.calls {
		timed(tb, o)
	}
	time.Sleep(rest)
	c.client, c.gateway = t.loads(tb)
	c.client, c.gateway = more(c.client, client), more(c.gateway, gateway)
	t.remove(tb)
	return c
}

func (t team) loads(tb testing.TB) (client, gateway rig.Load) {
	tb.Helper()
	client, gateway, err := mesh.Loads(tb.Context(), t.calls[0])
	if err != nil {
		tb.Fatal(err)
	}
	return client, gateway
}

func more(with, without rig.Load) rig.Load {
	return rig.Load{
		Clusters:      with.Clusters - without.Clusters,
		Configuration: with.Configuration - without.Configuration,
		Memory:        with.Memory - without.Memory,
	}
}

// apply applies the objects, and returns how long it takes until the client reaches every host. The last is waited for, and
// then whichever of the others is not there yet: trying those that are is not what is measured.
func (t team) apply(tb testing.TB) time.Duration {
	tb.Helper()
	start := time.Now()
	if err := mesh.API.Apply(tb.Context(), t.manifests); err != nil {
		tb.Fatal(err)
	}
	await(tb, t.last(), true)
	took := time.Since(start)
	for _, o := range t.calls {
		if _, err := mesh.Time(tb.Context(), o); err != nil {
			await(tb, o, true)
			took = time.Since(start)
		}
	}
	return took
}

// remove deletes the objects, and waits until the client reaches nothing.
func (t team) remove(tb testing.TB) {
	tb.Helper()
	if _, err := mesh.API.Kubectl(tb.Context(), t.manifests, "delete", "--wait=false", "-f", "-"); err != nil {
		tb.Fatal(err)
	}
	await(tb, t.last(), false)
}

// workTime is how long configuration may take from the API server to the Envoys.
const workTime = 2 * time.Minute

func (t team) last() calls.Outcome { return t.calls[len(t.calls)-1] }

// await waits until a call arrives, or does not.
func await(tb testing.TB, o calls.Outcome, works bool) {
	tb.Helper()
	for end := time.Now().Add(workTime); ; time.Sleep(10 * time.Millisecond) {
		_, err := mesh.Time(tb.Context(), o)
		if (err == nil) == works {
			return
		}
		if time.Now().After(end) {
			tb.Fatalf("%s: reached: %v, want %v: %v", o.Call, !works, works, err)
		}
	}
}

// timed returns what a call takes.
func timed(tb testing.TB, o calls.Outcome) time.Duration {
	tb.Helper()
	took, err := mesh.Time(tb.Context(), o)
	if err != nil {
		tb.Fatal(err)
	}
	return took
}
