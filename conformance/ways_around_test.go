// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/conformance/cluster"
	"github.com/egressbundle/egressbundle/conformance/trace"
	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
	"github.com/egressbundle/egressbundle/pkg/egress/report"
)

// An attempt is a call that somebody makes to get around a bundle.
type attempt struct {
	manifests string // with what he adds himself
	call      trace.Call
	target    string // where it leaves to if nothing stops it
}

// ownChoice is an address of the caller's choice.
const ownChoice = "198.51.100.66"

// TestWaysAround tries every way around that a report names, for every golden. What the report says
// stops it does; with that removed, the next thing that it names does; with all of them removed, the call leaves.
func TestWaysAround(t *testing.T) {
	tried := map[object.Attempt]int{}
	for name, g := range goldensByName(t) {
		t.Run(name, func(t *testing.T) {
			output, err := g.found.Render()
			if err != nil {
				t.Fatal(err)
			}
			reported := output.Report()
			tr := trier{t, g, map[string]*trace.Mesh{}}
			for _, way := range reported.WaysAround {
				for _, a := range attempts(t, g, reported, way) {
					tried[way.Attempt]++
					if way.Attempt == object.SpoofedHost {
						tr.followSpoof(way, a)
					} else {
						tr.follow(way, a)
					}
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
	golden golden
	meshes map[string]*trace.Mesh // by outbound traffic policy and manifests
}

// try makes an attempt. The mesh allows any, unless it is said to be configured otherwise.
func (tr trier) try(manifests string, restricted bool, a attempt) trace.Result {
	tr.t.Helper()
	outbound := "ALLOW_ANY"
	if restricted {
		outbound = "REGISTRY_ONLY"
	}
	key := outbound + manifests
	if tr.meshes[key] == nil {
		tr.meshes[key] = trace.NewMesh(tr.t, trace.Options{
			Manifests: manifests, Gateways: tr.golden.gateways, OutboundTrafficPolicy: outbound,
		})
	}
	return tr.meshes[key].Trace(a.call)
}

func (tr trier) errorf(way report.WayAround, a attempt, r trace.Result, format string, args ...any) {
	tr.t.Helper()
	tr.t.Errorf("%s: %s from %s: %s\n%s", way.Attempt, a.call.URL, a.call.Namespace, fmt.Sprintf(format, args...), strings.Join(r.Steps, "\n"))
}

// withoutIdentities takes the identities off servers, which refuse some attempts in the handshake, before the policy is
// asked that is reported.
func withoutIdentities(t *testing.T, manifests string) string {
	t.Helper()
	return edit(t, manifests, func(m cluster.Manifest) bool {
		servers, _, _ := unstructured.NestedSlice(m.Object.Object, "spec", "servers")
		for _, server := range servers {
			if server, ok := server.(map[string]any); ok {
				unstructured.RemoveNestedField(server, "tls", "subjectAltNames")
			}
		}
		return servers == nil || unstructured.SetNestedSlice(m.Object.Object, servers, "spec", "servers") == nil
	})
}

// follow makes an attempt again and again, with one object less each time.
func (tr trier) follow(way report.WayAround, a attempt) {
	tr.t.Helper()
	manifests, restricted := withoutIdentities(tr.t, a.manifests), slices.Contains(way.StoppedBy, meshConfig)
	for i, object := range way.StoppedBy {
		if got := tr.try(manifests, restricted, a); !stops(object, got) {
			tr.errorf(way, a, got, "without %v: %s does not stop it", way.StoppedBy[:i], object)
		}
		if object == meshConfig {
			restricted = false
		} else {
			manifests = without(tr.t, manifests, object.String())
		}
	}
	if got := tr.try(manifests, restricted, a); left(got) != a.target {
		tr.errorf(way, a, got, "without %v: it does not leave to %s", way.StoppedBy, a.target)
	}
}

// meshConfig stands for the configuration of the mesh.
var meshConfig = diag.ObjectRef{Kind: "ConfigMap", Namespace: "istio-system", Name: "istio"}

// followSpoof makes an attempt that is led to where it claims to go. Without what leads it there, it does not get to where
// it wants if anything is enforced.
func (tr trier) followSpoof(way report.WayAround, a attempt) {
	tr.t.Helper()
	got := tr.try(a.manifests, false, a)
	if arrives := left(got) == a.target; arrives != (len(way.StoppedBy) == 0) || got.Blocked != "" {
		tr.errorf(way, a, got, "with %v", way.StoppedBy)
	}
	if e := tr.golden.bundle(way).Enforce; e == nil || !e.RegistryOnly && !e.NetworkPolicy {
		return
	}
	manifests := a.manifests
	for _, object := range way.StoppedBy {
		manifests = without(tr.t, manifests, object.String())
	}
	if got := tr.try(manifests, false, a); left(got) == a.target {
		tr.errorf(way, a, got, "without %v: it leaves", way.StoppedBy)
	}
}

// bundle returns the bundle that a way is about.
func (g golden) bundle(way report.WayAround) api.Bundle {
	for _, b := range g.found.Bundles() {
		if b.Namespace+"/"+b.Name == way.Bundle {
			return b
		}
	}
	return api.Bundle{}
}

// left returns where a call leaves to, and nothing if it is blocked.
func left(r trace.Result) string { return strings.Join(r.Exit.Addresses, " ") }

// stops reports whether it is this object that stopped a call.
func stops(object diag.ObjectRef, r trace.Result) bool {
	switch object.Kind {
	case "NetworkPolicy":
		return strings.Contains(r.Blocked, "dropped by NetworkPolicy") && strings.Contains(r.Blocked, object.Namespace+"/"+object.Name)
	case "AuthorizationPolicy":
		return strings.Contains(r.Blocked, fmt.Sprintf("403 RBAC: denied by ns[%s]-policy[%s]-rule", object.Namespace, object.Name))
	case "Sidecar", "ConfigMap":
		return r.Blocked == blackHole.Blocked || r.Blocked == blockAll.Blocked
	default:
		return false
	}
}

// attempts returns the calls by which a way is tried.
func attempts(t *testing.T, g golden, reported report.Report, way report.WayAround) []attempt {
	t.Helper()
	anywhere := net.JoinHostPort(ownChoice, "4444")
	switch way.Attempt {
	case object.NoSidecar:
		return []attempt{{g.rendered, trace.Call{Namespace: way.From, NoSidecar: true, URL: "tcp://" + anywhere}, anywhere}}
	case object.DirectIP:
		return []attempt{
			{g.rendered, trace.Call{Namespace: way.From, URL: "tcp://" + anywhere}, anywhere},
			{g.rendered, trace.Call{Namespace: way.From, URL: "https://unlisted.example.net:4444", Address: ownChoice}, anywhere},
		}
	case object.SpoofedHost:
		return spoofs(g, reported, way)
	case object.OtherNamespace:
		return intrusions(t, g, way)
	case object.OtherIdentity:
		return impostures(g, way)
	case object.UnlistedRoute:
		return byHand(t, g, reported)
	default:
		t.Fatalf("nobody tries %s", way.Attempt)
		return nil
	}
}

// spoofs name a listed host and connect ownChoice.
func spoofs(g golden, reported report.Report, way report.WayAround) []attempt {
	var all []attempt
	for _, a := range reported.Access {
		namespace, account, _ := strings.Cut(a.Client, "/")
		namedHost := len(way.StoppedBy) == 0 && !strings.Contains(a.Host, "*") // beside a wildcard that is open
		if a.Bundle != way.Bundle || namespace != way.From || !slices.Contains(way.Destinations, a.Destination) || a.Protocol == "TCP" || namedHost {
			continue
		}
		scheme := "http"
		if a.Protocol == "TLS" {
			scheme = "https"
		}
		port := strconv.Itoa(a.Port)
		url := scheme + "://" + net.JoinHostPort(strings.Replace(a.Host, "*", "any", 1), port)
		call := trace.Call{Namespace: namespace, ServiceAccount: account, URL: url + allowedPath(a), Address: ownChoice, HTTP2: strings.HasPrefix(a.Protocol, "HTTP2") || a.Protocol == "GRPC"}
		all = append(all, attempt{g.rendered, call, net.JoinHostPort(ownChoice, port)})
	}
	return all
}

// allowedPath is the path of a request that may pass.
func allowedPath(a report.Access) string {
	for _, r := range a.Requests {
		if len(r.Methods) == 0 || slices.Contains(r.Methods, "GET") {
			return strings.Replace(r.Paths[0], "*", "any", 1)
		}
	}
	return ""
}

// promisedBy returns the promised calls to destinations of a way, through gateways.
func promisedBy(g golden, way report.WayAround) []calls.Outcome {
	bundle := g.bundle(way)
	some := bundle
	some.Destinations = map[string]api.Destination{}
	for _, name := range way.Destinations {
		some.Destinations[name] = bundle.Destinations[name]
	}
	facts := egress.WithDefaults(factsOf(g.found))
	leadsToo := map[string]bool{} // another bundle, whose way may be followed instead
	for _, other := range g.found.Bundles() {
		for _, o := range calls.Promised(other, facts) {
			leadsToo[o.Call] = leadsToo[o.Call] || other.Namespace+"/"+other.Name != way.Bundle
		}
	}
	var through []calls.Outcome
	for _, o := range calls.Promised(some, facts) {
		if o.Through != calls.Sidecar && !leadsToo[o.Call] {
			through = append(through, o)
		}
	}
	return through
}

// intrusions are the promised calls, made from a namespace that copies what a client has.
func intrusions(t *testing.T, g golden, way report.WayAround) []attempt {
	t.Helper()
	var all []attempt
	for _, o := range promisedBy(g, way) {
		client, _, _ := strings.Cut(o.From, "/")
		if strings.HasPrefix(o.Through, client+"/") {
			continue // A copy of what stands beside the gateway would be a copy of the gateway's own.
		}
		copied := edit(t, copyClient(t, g.rendered, client), func(m cluster.Manifest) bool {
			restricts := m.Object.GetKind() == "NetworkPolicy" || m.Object.GetKind() == "Sidecar"
			return m.Object.GetNamespace() != intruder || !restricts // He does not copy what restricts himself.
		})
		o.From = intruder
		all = append(all, attempt{copied, o.TraceCall(), o.Leaves})
	}
	return all
}

// impostures are the promised calls, made by another service account.
func impostures(g golden, way report.WayAround) []attempt {
	var all []attempt
	for _, o := range promisedBy(g, way) {
		if namespace, _, _ := strings.Cut(o.From, "/"); namespace == way.From {
			o.From = namespace + "/stranger"
			all = append(all, attempt{g.rendered, o.TraceCall(), o.Leaves})
		}
	}
	return all
}

// byHand is a route of the standard gateway that somebody wrote for a client of the bundle, to a port that the bundle
// uses too.
func byHand(t *testing.T, g golden, reported report.Report) []attempt {
	t.Helper()
	for _, a := range reported.Access {
		if a.Exit != gateway || a.Protocol != "TLS" || a.Port != 443 || strings.Contains(g.rendered, "198.51.100") {
			continue
		}
		client, _, _ := strings.Cut(a.Client, "/")
		return []attempt{{
			join(g.rendered, handWritten(client)),
			trace.Call{Namespace: client, URL: "https://by-hand.example.com"},
			"by-hand.example.com:443",
		}}
	}
	return nil
}

// handWritten leads by-hand.example.com through the standard gateway, as Istio's documentation does.
func handWritten(client string) string {
	return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: by-hand, namespace: ` + client + `}
spec: {hosts: [by-hand.example.com], location: MESH_EXTERNAL, resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: by-hand, namespace: ` + client + `}
spec:
  selector: {istio: egressgateway}
  servers: [{port: {number: 443, name: tls, protocol: TLS}, hosts: [by-hand.example.com], tls: {mode: PASSTHROUGH}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: by-hand, namespace: ` + client + `}
spec:
  hosts: [by-hand.example.com]
  gateways: [mesh, by-hand]
  tls:
  - match: [{gateways: [mesh], port: 443, sniHosts: [by-hand.example.com]}]
    route: [{destination: {host: istio-egressgateway.istio-system.svc.cluster.local, port: {number: 443}}}]
  - match: [{gateways: [by-hand], port: 443, sniHosts: [by-hand.example.com]}]
    route: [{destination: {host: by-hand.example.com, port: {number: 443}}}]
`
}
