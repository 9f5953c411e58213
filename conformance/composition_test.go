// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/conformance/admission"
	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/conformance/cluster"
	"github.com/egressbundle/egressbundle/conformance/trace"
	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
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

// TestCompositionCovers: the sets hold everything that a destination can be. What bundles contradict each other in is
// left out of them, and must not be all there is.
func TestCompositionCovers(t *testing.T) {
	for _, via := range []api.Via{api.ViaGateway, api.ViaSidecar} {
		missing := map[string]bool{
			"TCP": true, "wildcard": true, "Service": true, "endpoints": true, "forward proxy": true, "traffic policy": true,
		}
		for seed := range uint64(40) {
			for _, b := range newComposition(t, seed+1).bundles {
				for _, d := range b.Destinations {
					if cmp.Or(d.Via, api.ViaGateway) == via {
						for _, kind := range kindsOf(d) {
							delete(missing, kind)
						}
					}
				}
			}
		}
		if len(missing) > 0 {
			t.Errorf("no set has via %s: %v", via, missing)
		}
	}
	var enforced api.Enforce
	for seed := range uint64(40) {
		for _, b := range newComposition(t, seed+1).bundles {
			e := cmp.Or(b.Enforce, &api.Enforce{})
			enforced.RegistryOnly = enforced.RegistryOnly || e.RegistryOnly
			enforced.NetworkPolicy = enforced.NetworkPolicy || e.NetworkPolicy
			enforced.Authorization = enforced.Authorization || e.Authorization
		}
	}
	if want := (api.Enforce{RegistryOnly: true, NetworkPolicy: true, Authorization: true}); enforced != want {
		t.Errorf("the sets enforce %+v, want each once", enforced)
	}
}

func kindsOf(d api.Destination) []string {
	var kinds []string
	for kind, is := range map[string]bool{
		"TCP":            len(d.Addresses) > 0,
		"wildcard":       len(d.Hosts) > 0 && strings.HasPrefix(d.Hosts[0], "*."),
		"Service":        d.Service != nil,
		"endpoints":      len(d.Endpoints) > 0,
		"forward proxy":  d.ForwardProxy != nil,
		"traffic policy": d.TrafficPolicy != nil,
	} {
		if is {
			kinds = append(kinds, kind)
		}
	}
	return kinds
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
	once := map[string]bool{}
	for _, b := range c.bundles {
		apart = append(apart, unseen(renderAll(t, c.mesh, b), once))
	}
	if diff := gocmp.Diff(sortedDocuments(together), sortedDocuments(join(apart...))); diff != "" {
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
		if diff := gocmp.Diff(want, got); diff != "" {
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

func renderAll(t *testing.T, mesh api.Mesh, bundles ...api.Bundle) string {
	t.Helper()
	output, err := egress.Render(&mesh, bundles...)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := object.Encode(&text, output.Objects()); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// unseen leaves out the objects that were there before: applying them again changes nothing.
func unseen(stream string, seen map[string]bool) string {
	var documents []string
	for document := range strings.SplitSeq(stream, "---\n") {
		if !seen[document] {
			documents = append(documents, document)
		}
		seen[document] = true
	}
	return join(documents...)
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
	mesh    api.Mesh
	bundles []api.Bundle
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
	externalHosts  = []string{"api.stripe.com", "api.github.com", "github.com", "httpbin.org", "www.kernel.org", "www.bbc.co.uk"}
	appPorts       = []int{80, 443, 8080, 8443}

	// What stands for TCP: addresses, one of them in a range of the others, and the ports that are called there.
	tcpAddresses = []string{"203.0.113.7", "203.0.113.8", "198.51.100.0/24", "198.51.100.9"}
	tcpPorts     = []int{443, 5432, 6379}
	gatewayPorts = []int{9001, 9002, 9003, 9004}

	wildcards   = []string{"*.wikipedia.org", "*.m.wikipedia.org", "*.example.net"}
	aliasedHost = "www.aliased.example"
)

// newComposition makes a set of bundles from a seed. Bundles that contradict an
// earlier one are left out, as their team would have to.
func newComposition(t *testing.T, seed uint64) composition {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 0))
	c := composition{mesh: randomMesh(r)}
	size := 2 + r.IntN(5)
	namespaces := teamNamespaces[:1+r.IntN(len(teamNamespaces))]
	enforce := randomEnforce(r)
	for i := 0; len(c.bundles) < size && i < 50*size; i++ {
		bundle := randomBundle(r, c.mesh, namespaces, i)
		bundle.Enforce = enforceLike(r, enforce)
		_, err := egress.Render(&c.mesh, append(slices.Clone(c.bundles), bundle)...)
		if err == nil {
			c.bundles = append(c.bundles, bundle)
		} else if _, ok := errors.AsType[*diag.InvalidError](err); !ok {
			t.Fatal(err)
		}
	}
	if len(c.bundles) < 2 {
		t.Fatalf("seed %d makes %d bundles", seed, len(c.bundles))
	}
	if !enforce.NetworkPolicy && !enforce.Authorization { // which close the gateway for others
		c.beside = c.randomBeside(r)
	}
	c.position = r.IntN(len(c.bundles) + 1)
	r.Shuffle(len(c.bundles), func(i, j int) { c.bundles[i], c.bundles[j] = c.bundles[j], c.bundles[i] })
	return c
}

// randomEnforce is what the bundles of a set enforce: nothing in half of the sets. NetworkPolicies they have to agree on.
func randomEnforce(r *rand.Rand) api.Enforce {
	if r.IntN(2) == 0 {
		return api.Enforce{}
	}
	return api.Enforce{
		RegistryOnly:   r.IntN(2) == 0,
		NetworkPolicy:  r.IntN(3) == 0,
		Authorization:  r.IntN(3) == 0,
		ClusterTraffic: pick(r, []api.ClusterTraffic{api.ClusterTrafficAllow, api.ClusterTrafficDeny}),
	}
}

// enforceLike returns what one bundle enforces of it.
func enforceLike(r *rand.Rand, all api.Enforce) *api.Enforce {
	e := all
	e.RegistryOnly = e.RegistryOnly && r.IntN(3) > 0
	e.Authorization = e.Authorization && r.IntN(2) == 0
	if !e.RegistryOnly && !e.NetworkPolicy {
		e.ClusterTraffic = ""
	}
	if e == (api.Enforce{}) {
		return nil
	}
	return &e
}

func randomMesh(r *rand.Rand) api.Mesh {
	mesh := api.Mesh{
		IstioVersion: pick(r, []string{"1.29", "1.30", "1.31"}),
		MutualTLS:    new(r.IntN(3) > 0),
		Gateways:     map[string]api.Gateway{"istio-egressgateway": {Ports: api.GatewayPorts{TCP: gatewayPorts}}},
	}
	if r.IntN(2) == 0 {
		mesh.Gateways["partners"] = api.Gateway{
			Namespace: "egress-partners",
			Ports:     api.GatewayPorts{HTTP: 8080, TLS: 8443, TCP: gatewayPorts},
		}
	}
	return egress.WithDefaults(mesh)
}

func randomBundle(r *rand.Rand, mesh api.Mesh, namespaces []string, i int) api.Bundle {
	bundle := api.Bundle{
		Name:         fmt.Sprintf("b%d", i),
		Namespace:    pick(r, namespaces),
		Destinations: map[string]api.Destination{},
	}
	for _, namespace := range some(r, namespaces) {
		client := api.Client{Namespace: namespace}
		if *mesh.MutualTLS && r.IntN(8) == 0 {
			client.ServiceAccounts = []string{"checkout"}
		}
		bundle.Clients = append(bundle.Clients, client)
	}
	hosts := some(r, externalHosts)
	hosts = hosts[:min(len(hosts), 3)]
	for j := 0; len(hosts) > 0; j++ {
		n := 1 + r.IntN(len(hosts))
		bundle.Destinations[fmt.Sprintf("d%d", j)] = randomDestination(r, mesh, hosts[:n])
		hosts = hosts[n:]
	}
	for _, other := range []struct {
		name string
		make func(*rand.Rand, api.Mesh) api.Destination
	}{{"tcp", randomTCP}, {"wildcard", randomWildcard}, {"service", randomService}} {
		if r.IntN(4) == 0 {
			bundle.Destinations[other.name] = other.make(r, mesh)
		}
	}
	return bundle
}

func randomDestination(r *rand.Rand, mesh api.Mesh, hosts []string) api.Destination {
	d := api.Destination{Hosts: hosts, TrafficPolicy: randomPolicy(r)}
	randomWay(r, mesh, &d)
	for _, number := range some(r, appPorts) {
		d.Ports = append(d.Ports, api.Port{Number: number, Pattern: randomPattern(r, number)})
	}
	if r.IntN(6) == 0 {
		d.Endpoints = []api.Endpoint{{Address: "elsewhere.example", Ports: map[int]int{d.Ports[0].Number: 9999}}, {Address: "192.0.2.10"}}
	}
	if r.IntN(6) == 0 && !slices.ContainsFunc(d.Ports, speaksHTTP) {
		d.Endpoints, d.ForwardProxy = nil, &api.ForwardProxy{Address: "proxy.corp.example", Port: 3128}
	}
	return d
}

func speaksHTTP(port api.Port) bool {
	_, tls := port.Pattern.(*api.TLSPassthrough)
	return !tls
}

// randomWay chooses how a destination is reached.
func randomWay(r *rand.Rand, mesh api.Mesh, d *api.Destination) {
	if r.IntN(4) == 0 {
		d.Via = api.ViaSidecar
		return
	}
	if len(mesh.Gateways) > 1 {
		d.Gateway = pick(r, []string{"istio-egressgateway", "partners"})
	}
	if r.IntN(3) == 0 {
		d.MutualTLS = new(r.IntN(2) == 0)
	}
}

func randomPattern(r *rand.Rand, port int) api.Pattern {
	if port == 443 || port == 8443 {
		return &api.TLSPassthrough{}
	}
	protocol := pick(r, []string{"", "", "HTTP2", "GRPC"})
	if r.IntN(2) == 0 {
		return &api.HTTP{Protocol: protocol, PathOptions: api.PathOptions{Timeout: randomTimeout(r)}}
	}
	return &api.TLSOrigination{
		ClientTLS:    api.ClientTLS{ClientCertificate: randomCertificate(r)},
		Protocol:     protocol,
		PathOptions:  api.PathOptions{Timeout: randomTimeout(r)},
		UpstreamPort: pick(r, []int{0, 443, 9443}),
	}
}

func randomCertificate(r *rand.Rand) *api.ClientCertificate {
	return pick(r, []*api.ClientCertificate{
		nil,
		nil,
		{Secret: "a-certificate"},
		{Secret: "another-certificate"},
		{Files: &api.CertificateFiles{Certificate: "/etc/istio/certs/tls.crt", PrivateKey: "/etc/istio/certs/tls.key"}},
	})
}

func randomPolicy(r *rand.Rand) *api.TrafficPolicy {
	return pick(r, []*api.TrafficPolicy{
		nil,
		nil,
		nil,
		{ConnectTimeout: api.Duration(2 * time.Second)},
		{
			ConnectionPool:   &api.ConnectionPool{TCP: &api.ConnectionPoolTCP{MaxConnections: 100}},
			OutlierDetection: &api.OutlierDetection{Consecutive5xxErrors: 3},
		},
	})
}

func randomTCP(r *rand.Rand, mesh api.Mesh) api.Destination {
	d := api.Destination{
		Hosts:         []string{pick(r, externalHosts)},
		Addresses:     some(r, tcpAddresses),
		TrafficPolicy: randomPolicy(r),
	}
	randomWay(r, mesh, &d)
	mutualTLS := *cmp.Or(d.MutualTLS, mesh.MutualTLS)
	for _, number := range some(r, tcpPorts) {
		pattern := &api.TCP{}
		if d.Via != api.ViaSidecar && !mutualTLS {
			pattern.GatewayPort = pick(r, gatewayPorts)
		}
		d.Ports = append(d.Ports, api.Port{Number: number, Pattern: pattern})
	}
	return d
}

func randomWildcard(r *rand.Rand, mesh api.Mesh) api.Destination {
	d := api.Destination{Hosts: []string{pick(r, wildcards)}}
	randomWay(r, mesh, &d)
	if d.Via != api.ViaSidecar || r.IntN(2) == 0 {
		d.WildcardServer = "www.wikipedia.org"
	}
	return d
}

func randomService(r *rand.Rand, mesh api.Mesh) api.Destination {
	port := pick(r, []int{80, 443})
	d := api.Destination{Ports: []api.Port{{Number: port, Pattern: randomPattern(r, port)}}}
	if r.IntN(2) == 0 {
		randomWay(r, mesh, &d)
		d.Service = &api.Service{Type: api.ServiceExternalName, ExternalName: aliasedHost}
		return d
	}
	d.Via = api.ViaSidecar
	d.Service = &api.Service{Type: api.ServiceEndpoints, ExternalName: aliasedHost, Addresses: []string{"192.0.2.20"}}
	return d
}

func randomTimeout(r *rand.Rand) api.Duration {
	return pick(r, []api.Duration{0, api.Duration(3 * time.Second)})
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
		for _, call := range everyCall() {
			if !promised[namespace+" "+call] {
				outcomes = append(outcomes, calls.Outcome{Call: call, From: namespace, Blocked: "REGISTRY_ONLY"})
			}
		}
	}
	return outcomes
}

// everyCall returns what somebody may be promised, and some that nobody is.
func everyCall() []string {
	all := []string{"https://any.wikipedia.org", "https://wikipedia.org", "https://any.example.net", "https://any.wikipedia.org:8443"}
	for _, host := range externalHosts {
		all = append(all, "http://"+host, "http://"+host+":8080", "https://"+host, "https://"+host+":8443", "https://"+host+":9443")
	}
	for _, address := range []string{"203.0.113.7", "203.0.113.8", "203.0.113.9", "198.51.100.1"} {
		for _, port := range append(tcpPorts, 27017) {
			all = append(all, "tcp://"+net.JoinHostPort(address, strconv.Itoa(port)))
		}
	}
	return all
}
