// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/conformance/admission"
	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/conformance/cluster"
	"github.com/egressbundle/egressbundle/conformance/trace"
	"github.com/egressbundle/egressbundle/pkg/egress"
)

// TestComposition: bundles that several teams write without knowing of each
// other work together, and beside configuration that somebody wrote by hand, in
// whatever order they are applied. COMPOSITION_SETS says how many sets are made,
// COMPOSITION_SEED where to begin: a set depends on nothing but its seed.
func TestComposition(t *testing.T) {
	first, sets := number(t, "COMPOSITION_SEED", 1), number(t, "COMPOSITION_SETS", 40)
	for seed := first; seed < first+sets; seed++ {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			checkComposition(t, newComposition(t, uint64(seed)))
		})
	}
}

func number(t *testing.T, variable string, otherwise int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}

func checkComposition(t *testing.T, c composition) {
	t.Helper()
	together := renderAll(t, c.mesh, c.bundles...)
	var apart []string
	for _, b := range c.bundles {
		apart = append(apart, renderAll(t, c.mesh, b))
	}
	if diff := cmp.Diff(sortedDocuments(together), sortedDocuments(join(apart...))); diff != "" {
		t.Errorf("rendered together and apart (-together +apart):\n%s", diff)
	}
	for _, p := range c.problems(t, together) {
		t.Error(p)
	}
	if c.beside.file != "" {
		apart = slices.Insert(apart, c.position, read(t, c.beside.file))
		c.checkBeside(t, join(apart...))
	}
	mesh := trace.NewMesh(t, trace.Options{Manifests: inOrder(t, apart...), Gateways: c.gateways()})
	for _, want := range slices.Concat(c.promised(), c.beside.promised, c.unpromised()) {
		result := mesh.Trace(want.TraceCall())
		got := want.Observe(result)
		if want.Blocked != "" && got.Blocked != "" {
			continue // It does not matter by what.
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s from %s (-want +got):\n%s\n%s", want.Call, want.From, diff, strings.Join(result.Steps, "\n"))
		}
	}
	if t.Failed() {
		t.Logf("the set:\n%s", together)
	}
}

func (c composition) problems(t *testing.T, manifests string) []admission.Problem {
	t.Helper()
	problems, err := admission.Check(manifests, admission.Options{Gateways: c.gateways()})
	if err != nil {
		t.Fatal(err)
	}
	return problems
}

// checkBeside reports what the bundles and the hand-written configuration have
// only together. IST0145 names every Gateway of a port, also those that have
// none of the hosts it is about; hosts that only bundles have were judged before.
func (c composition) checkBeside(t *testing.T, manifests string) {
	t.Helper()
	known := c.problems(t, read(t, c.beside.file))
	for _, p := range c.problems(t, manifests) {
		aboutOthers := strings.Contains(p.Message, "IST0145") && !strings.Contains(p.Message, "edition.cnn.com")
		if !slices.Contains(known, p) && !aboutOthers {
			t.Error(p)
		}
	}
}

func renderAll(t *testing.T, mesh egress.Mesh, bundles ...egress.Bundle) string {
	t.Helper()
	output, err := egress.Render(&mesh, bundles...)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := egress.Encode(&text, output.Objects); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func sortedDocuments(stream string) []string {
	var documents []string
	for document := range strings.SplitSeq(stream, "---\n") {
		documents = append(documents, strings.TrimSpace(document))
	}
	slices.Sort(documents)
	return documents
}

// A composition is some bundles of several teams on one mesh.
type composition struct {
	mesh    egress.Mesh
	bundles []egress.Bundle
	// beside is configuration that was written by hand, and position its place
	// in the order in which everything is applied.
	beside   handwritten
	position int
}

// handwritten is configuration as Istio's documentation shows it, and what it
// promises. The zero value is none.
type handwritten struct {
	file     string
	promised []calls.Outcome
}

const standardGateway = "istio-system/istio-egressgateway"

var (
	plaintextHop = handwritten{"documented/plaintext-hop.yaml", []calls.Outcome{
		{Call: "http://edition.cnn.com", From: "default", Through: standardGateway, Leaves: "edition.cnn.com:80", Host: "edition.cnn.com"},
		{Call: "https://edition.cnn.com", From: "default", Through: standardGateway, Leaves: "edition.cnn.com:443"},
	}}
	mutualHop = handwritten{"documented/mutual-hop.yaml", []calls.Outcome{
		{
			Call: "http://edition.cnn.com", From: "default", Through: standardGateway, As: "default/default", Leaves: "edition.cnn.com:443",
			Host: "edition.cnn.com", TLS: &calls.TLS{SNI: "edition.cnn.com", Names: []string{"edition.cnn.com"}, CA: "system"},
		},
	}}
)

// randomBeside leaves out what cannot be there: Istio gives a port of a gateway
// to plain HTTP or to TLS, for all who use it.
func (c composition) randomBeside(r *rand.Rand) handwritten {
	options := []handwritten{{}, plaintextHop}
	plainHTTP := func(o calls.Outcome) bool {
		return strings.HasPrefix(o.Call, "http:") && o.Through == standardGateway && o.As == ""
	}
	if !slices.ContainsFunc(c.promised(), plainHTTP) {
		options = append(options, mutualHop)
	}
	return pick(r, options)
}

// What compositions are made of: few enough hosts and namespaces for bundles to
// meet in them.
var (
	teamNamespaces = []string{"payments", "default", "web", "ci"}
	externalHosts  = []string{"api.stripe.com", "api.github.com", "github.com", "httpbin.org", "pypi.org", "www.bbc.co.uk"}
	appPorts       = []int{80, 443, 8080, 8443}
)

// newComposition makes a set of bundles from a seed. Bundles that contradict an
// earlier one are left out, as their team would have to.
func newComposition(t *testing.T, seed uint64) composition {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 0))
	c := composition{mesh: randomMesh(r)}
	size := 2 + r.IntN(5)
	namespaces := teamNamespaces[:1+r.IntN(len(teamNamespaces))]
	for i := 0; len(c.bundles) < size && i < 50*size; i++ {
		bundle := randomBundle(r, c.mesh, namespaces, i)
		_, err := egress.Render(&c.mesh, append(slices.Clone(c.bundles), bundle)...)
		if err == nil {
			c.bundles = append(c.bundles, bundle)
		} else if _, ok := errors.AsType[*egress.InvalidError](err); !ok {
			t.Fatal(err)
		}
	}
	if len(c.bundles) < 2 {
		t.Fatalf("seed %d makes %d bundles", seed, len(c.bundles))
	}
	c.beside = c.randomBeside(r)
	c.position = r.IntN(len(c.bundles) + 1)
	r.Shuffle(len(c.bundles), func(i, j int) { c.bundles[i], c.bundles[j] = c.bundles[j], c.bundles[i] })
	return c
}

func randomMesh(r *rand.Rand) egress.Mesh {
	mesh := egress.Mesh{MutualTLS: new(r.IntN(3) > 0)}
	if r.IntN(2) == 0 {
		mesh.Gateways = map[string]egress.Gateway{
			"istio-egressgateway": {},
			"partners":            {Namespace: "egress-partners", Ports: egress.GatewayPorts{HTTP: 8080, TLS: 8443}},
		}
	}
	return mesh.WithDefaults()
}

func randomBundle(r *rand.Rand, mesh egress.Mesh, namespaces []string, i int) egress.Bundle {
	bundle := egress.Bundle{
		Name:         fmt.Sprintf("b%d", i),
		Namespace:    pick(r, namespaces),
		Destinations: map[string]egress.Destination{},
	}
	for _, namespace := range some(r, namespaces) {
		bundle.Clients = append(bundle.Clients, egress.Client{Namespace: namespace})
	}
	hosts := some(r, externalHosts)
	hosts = hosts[:min(len(hosts), 3)]
	for j := 0; len(hosts) > 0; j++ {
		n := 1 + r.IntN(len(hosts))
		bundle.Destinations[fmt.Sprintf("d%d", j)] = randomDestination(r, mesh, hosts[:n])
		hosts = hosts[n:]
	}
	return bundle
}

func randomDestination(r *rand.Rand, mesh egress.Mesh, hosts []string) egress.Destination {
	d := egress.Destination{Hosts: hosts}
	if r.IntN(4) == 0 {
		d.Via = egress.ViaSidecar
	} else {
		if len(mesh.Gateways) > 1 {
			d.Gateway = pick(r, []string{"istio-egressgateway", "partners"})
		}
		if r.IntN(3) == 0 {
			d.MutualTLS = new(r.IntN(2) == 0)
		}
	}
	for _, number := range some(r, appPorts) {
		d.Ports = append(d.Ports, egress.Port{Number: number, Pattern: randomPattern(r, number)})
	}
	return d
}

func randomPattern(r *rand.Rand, port int) egress.Pattern {
	if port == 443 || port == 8443 {
		return &egress.TLSPassthrough{}
	}
	protocol := pick(r, []string{"", "", "HTTP2", "GRPC"})
	if r.IntN(2) == 0 {
		return &egress.HTTP{Protocol: protocol, Timeout: randomTimeout(r)}
	}
	return &egress.TLSOrigination{Protocol: protocol, Timeout: randomTimeout(r), UpstreamPort: pick(r, []int{0, 443, 9443})}
}

func randomTimeout(r *rand.Rand) egress.Duration {
	return pick(r, []egress.Duration{0, egress.Duration(3 * time.Second)})
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// some returns at least one item, in any order.
func some[T any](r *rand.Rand, from []T) []T {
	var items []T
	for _, i := range r.Perm(len(from))[:1+r.IntN(len(from))] {
		items = append(items, from[i])
	}
	return items
}

func (c composition) gateways() []cluster.Gateway { return cluster.GatewaysOf(c.mesh) }

// promised returns what the bundles promise.
func (c composition) promised() []calls.Outcome {
	var outcomes []calls.Outcome
	for _, b := range c.bundles {
		outcomes = append(outcomes, calls.Promised(b, c.mesh)...)
	}
	return outcomes
}

// unpromised returns the calls that no bundle promises: to every host on every
// port, from every namespace.
func (c composition) unpromised() []calls.Outcome {
	promised := map[string]bool{}
	for _, o := range c.promised() {
		promised[o.From+" "+o.Call] = true
	}
	var outcomes []calls.Outcome
	for _, namespace := range teamNamespaces {
		for _, host := range externalHosts {
			for _, call := range []string{"http://" + host, "http://" + host + ":8080", "https://" + host, "https://" + host + ":8443", "https://" + host + ":9443"} {
				if !promised[namespace+" "+call] {
					outcomes = append(outcomes, calls.Outcome{Call: call, From: namespace, Blocked: "REGISTRY_ONLY"})
				}
			}
		}
	}
	return outcomes
}
