// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/conformance/golden"
	"github.com/egressbundle/egressbundle/conformance/trace"
)

// The test of the tests: a twin is a golden with one thing wrong, and a prediction of what that does to each promised
// call. A proof that cannot fail proves nothing, and what can be taken away without any effect need not be rendered.
type twin struct {
	wrong   string // what is wrong
	because string // why it matters
	change  mutation
	effects []effect
}

// An effect is what becomes of a promised call. Calls without an effect keep their promise.
type effect struct {
	promise promise
	becomes becoming
}

// TestTwins: each twin fails as predicted, and the promises that it does not concern hold.
func TestTwins(t *testing.T) {
	all := goldensByName(t)
	for _, p := range slices.Concat(throughGateway, throughSidecar) {
		t.Run("nothing/"+p.golden, func(t *testing.T) {
			g := all[p.golden]
			if diff := cmp.Diff(predict(t, g.Outcomes, []effect{{p, keeps}}), observe(t, g, g.Rendered)); diff != "" {
				t.Errorf("promises (-want +got):\n%s", diff)
			}
		})
	}
	for _, twin := range twins() {
		for name, effects := range byGolden(twin.effects) {
			t.Run(twin.wrong+"/"+name, func(t *testing.T) {
				g := all[name]
				want, got := predict(t, g.Outcomes, effects), observe(t, g, apply(t, g.Rendered, twin.change))
				if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("%s (-want +got):\n%s", twin.because, diff)
				}
			})
		}
	}
}

// twins returns all twins: first what goes wrong for any pattern, then what is a pattern's own.
func twins() []twin {
	return slices.Concat(
		hopTwins(), exitTwins(), visibilityTwins(), clientTwins(), requestTwins(), originationTwins(), sidecarTwins(),
		tcpHopTwins(), tcpExitTwins(), tcpClientTwins(), tcpNameTwins(), proxyTwins(), certificateTwins(),
		wildcardTwins(), serviceTwins(), policyTwins(), endpointTwins(),
	)
}

// mutualByHand is what somebody may write for the whole host of the gateway.
const mutualByHand = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: by-hand, namespace: payments}
spec:
  host: istio-egressgateway.istio-system.svc.cluster.local
  trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}
`

// TestTwinsAreMany: no pattern and no way out has too few twins, and for each pattern a twin removes objects of each kind.
func TestTwinsAreMany(t *testing.T) {
	patterns, ways := map[string]int{}, map[string]int{}
	removed := map[string]bool{}
	all := goldensByName(t)
	for _, twin := range twins() {
		for name := range byGolden(twin.effects) {
			pattern, _, _ := strings.Cut(name, "/")
			patterns[pattern]++
			ways[name]++
			rendered := all[name].Rendered
			left := kinds(t, apply(t, rendered, twin.change))
			for kind, n := range kinds(t, rendered) {
				if concernsOthers(kind + " ") {
					continue
				}
				removed[pattern+" "+kind] = removed[pattern+" "+kind] || left[kind] < n
			}
		}
	}
	for _, pattern := range folders(t, "../testdata/render/*") {
		if patterns[pattern] < 6 {
			t.Errorf("%s has %d twins, want 6 or more", pattern, patterns[pattern])
		}
	}
	for _, way := range slices.Concat(throughGateway, throughSidecar) {
		if ways[way.golden] < 5 {
			t.Errorf("%s has %d twins, want 5 or more", way.golden, ways[way.golden])
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(removed)) {
		if !removed[kind] {
			t.Errorf("no twin removes a %s", kind)
		}
	}
}

// superfluous lists the objects without which all promises of their golden hold, and why they are rendered all the same.
// An entry that is not superfluous fails the test as well.
var superfluous = map[string]string{
	"examples/client-certificate: ServiceEntry payments/payments--partners--bank":                      onPort80,
	"examples/client-certificate-files: ServiceEntry payments/payments--partners--bank":                onPort80,
	"http/basic: ServiceEntry payments/payments--web--httpbin":                                         onPort80,
	"http/plaintext_hop: ServiceEntry payments/payments--web--httpbin":                                 onPort80,
	"tls_origination/basic: ServiceEntry payments/payments--cards--stripe":                             onPort80,
	"tls_origination/plaintext_hop: ServiceEntry payments/payments--cards--stripe":                     onPort80,
	"tls_origination/options: ServiceEntry payments/payments--partners--bank":                          onPort80,
	"tls_origination/options: ServiceEntry payments/payments--partners--broker":                        onPort80,
	"tls_origination/verification: ServiceEntry payments/payments--partners--bank":                     onPort80,
	"tls_origination/client_certificate: ServiceEntry payments/payments--partners--bank":               onPort80,
	"tls_origination/client_certificate: ServiceEntry payments/payments--partners--broker":             onPort80,
	"tls_origination/client_certificate: ServiceEntry treasury/treasury--partners--bank":               onPort80,
	"tls_origination/client_certificate_plaintext_hop: ServiceEntry payments/payments--partners--bank": onPort80,
	"examples/closed-path: ServiceEntry payments/payments--cards--stripe":                              onPort80,
	"examples/closed-path: Service egress/partners-gateway":                                            atHand,
	"http/allow: ServiceEntry payments/payments--news--bank":                                           onPort80,
	"http/allow: ServiceEntry payments/payments--news--cnn":                                            onPort80,
	"http/allow: ServiceEntry payments/payments--news--weather":                                        onPort80,
	"http/enforce_plaintext_hop: ServiceEntry payments/payments--news--cnn":                            onPort80,
	"tls_origination/allow: ServiceEntry payments/payments--news--bank":                                onPort80,
	"tls_origination/deploy: ServiceEntry payments/payments--cards--stripe":                            onPort80,
	"tls_origination/deploy: Service egress/partners-gateway":                                          atHand,
	"tls_passthrough/shared_host: ServiceEntry ci/payments--build--github":                             twice,
	"tls_passthrough/shared_host: ServiceEntry ci/search--deploy--git":                                 twice,
	"tls_passthrough/shared_host: DestinationRule ci/search--deploy--istio-egressgateway":              twice,
	"http/bypass: ServiceEntry payments/payments--web--httpbin":                                        onPort80,
	"http/proxy_headers: ServiceEntry payments/payments--web--httpbin":                                 onPort80,
	"http/proxy_headers: ServiceEntry payments/payments--web--partner":                                 onPort80,
	"http/traffic_policy: ServiceEntry payments/payments--web--httpbin":                                onPort80,
	"http/traffic_policy: ServiceEntry payments/payments--web--other":                                  onPort80,
	"tls_origination/endpoints: ServiceEntry payments/payments--cards--nginx":                          onPort80,
	"tls_origination/failover: ServiceEntry payments/payments--partners--partner":                      onPort80,
	"tls_origination/shapes: ServiceEntry payments/payments--news--partner":                            onPort80,
	"examples/requests-by-path: ServiceEntry payments/payments--partner--partner":                      onPort80,
	"http/weights: ServiceEntry payments/payments--canary--bank":                                       onPort80,
	"http/shapes: ServiceEntry payments/payments--news--bank":                                          onPort80,
	"http/shapes: ServiceEntry payments/payments--news--down":                                          onPort80,
	"http/shapes: ServiceEntry payments/payments--news--partner":                                       onPort80,
	"http/shapes: ServiceEntry istio-system/payments--news--down--down.example.com--80":                answered,
	"http/shapes: DestinationRule istio-system/payments--news--down--http-80":                          answered,
	"tls_passthrough/wildcard_gateway: ServiceEntry payments/payments--wiki--upload":                   overlaps,
	"tls_passthrough/wildcard_gateway: ServiceEntry payments/payments--wiki--wikipedia":                overlaps,
	"tls_passthrough/wildcard_plaintext_hop: ServiceEntry payments/payments--wiki--upload":             overlaps,
	"tls_passthrough/wildcard_plaintext_hop: ServiceEntry payments/payments--wiki--wikipedia":          overlaps,
	"tls_passthrough/wildcard_plaintext_hop: VirtualService istio-system/payments--wiki--upload": "that of the wildcard leads " +
		"to the gateway as well, which knows the host by the SNI of the application",
	"http/wildcard_server_sidecar: DestinationRule payments/payments--wiki--upload--upload.wikipedia.org": "that of the wildcard " +
		"is for the host as well, and says the same",
	"tcp/service_endpoints: DestinationRule payments/payments--data--postgres--service":              meshWide,
	"tcp/service_endpoints: DestinationRule payments/payments--data--redis--service":                 meshWide,
	"tcp/service_endpoints: DestinationRule search/payments--data--postgres--service":                meshWide,
	"tls_passthrough/service_endpoints: DestinationRule payments/payments--wiki--wikipedia--service": meshWide,
	"tls_passthrough/service_endpoints: DestinationRule search/payments--wiki--wikipedia--service":   meshWide,
	"tls_passthrough/clients: DestinationRule payments/platform--shared--istio-egressgateway": "the namespace of the gateway " +
		"is a client as well, and a DestinationRule there serves every namespace that has none of its own",
}

const (
	onPort80 = "Istio routes the hosts of VirtualServices on port 80 whether anything declares them or not; on no other port"
	answered = "a fault answers every request before it is led anywhere"
	atHand   = "the proof brings the Service of a gateway along where nobody makes it"
	overlaps = "a wildcard and a host below it declare one port, and the routes of both apply to whichever is declared"
	meshWide = "it keeps a rule that somebody wrote for all Services from opening TLS: see TestTwins"
	twice    = "another bundle promises the same call, and carries it if this one does not"
)

// TestTwinOfEveryObject: without any one of the objects of a golden, some promise is broken, and what leaves all the same
// is what the report says of that.
func TestTwinOfEveryObject(t *testing.T) {
	for name, g := range goldensByName(t) {
		t.Run(name, func(t *testing.T) {
			for _, object := range objects(t, g.Rendered) {
				if concernsOthers(object) {
					continue
				}
				matters := checkTwin(t, g, object)
				why, known := superfluous[name+": "+object]
				switch {
				case !matters && !known:
					t.Errorf("without %s all promises hold", object)
				case matters && known:
					t.Errorf("%s is not superfluous: %s", object, why)
				}
			}
		})
	}
}

// checkTwin makes the calls of a golden without an object. It reports whether a promise is broken, or a request leaves with
// headers of the mesh.
func checkTwin(t *testing.T, g golden.Golden, object string) (matters bool) {
	t.Helper()
	m := trace.NewMesh(t, g.Upgraded(without(t, g.Rendered, object)))
	for _, want := range g.Outcomes {
		result := m.Trace(want.TraceCall())
		got := want.Observe(result)
		matters = matters || !cmp.Equal(want, got) || len(result.Headers) > 0
		if got.Blocked == "" && !mayStillLeave(object, want, got) {
			t.Errorf("without %s, %s from %s leaves all the same (-want +got):\n%s", object, want.Call, want.From, cmp.Diff(want, got))
		}
	}
	return matters
}

// mayStillLeave reports whether the report tells what becomes of a call without an object.
func mayStillLeave(object string, want, got calls.Outcome) bool {
	kind, _, _ := strings.Cut(object, " ")
	switch {
	case kind == "VirtualService" && got.Through == calls.Sidecar:
		if strings.HasSuffix(want.Blocked, " fault filter abort") {
			return true // Nor does a fault stop it.
		}
		got.Host, got.Path, got.Headers, got.Answer, got.Fault = want.Host, want.Path, want.Headers, want.Answer, want.Fault
		got.Timeout, got.Retries, got.Connect = want.Timeout, want.Retries, want.Connect
		if want.Connect != "" {
			got.TLS = want.TLS // The tunnel and its TLS go together.
		}
	case kind == "DestinationRule":
		got.Policy, got.Failover, got.HTTP2, got.Defect = want.Policy, want.Failover, want.HTTP2, want.Defect
	case kind == "EndpointSlice":
		if isPartOf(got.Leaves, want.Leaves) {
			got.Leaves = want.Leaves
		}
	}
	return cmp.Equal(want, got) || coveredByOthers[object]
}

// isPartOf reports whether all hosts of a list are in another.
func isPartOf(some, all string) bool {
	return !slices.ContainsFunc(strings.Fields(some), func(host string) bool { return !slices.Contains(strings.Fields(all), host) })
}

// coveredByOthers are objects of a host or an address that a wildcard, or a wider range of addresses, has as well.
var coveredByOthers = map[string]bool{
	"ServiceEntry billing/orders--data--ledger--tcp":                                true,
	"ServiceEntry orders/orders--data--ledger--tcp":                                 true,
	"ServiceEntry orders/orders--data--metrics--tcp":                                true,
	"ServiceEntry payments/payments--wiki--upload":                                  true,
	"VirtualService istio-system/payments--wiki--upload":                            true,
	"VirtualService istio-system/payments--wiki--upload--upload.wikipedia.org--443": true,
	"VirtualService payments/payments--wiki--upload--upload.wikipedia.org":          true,
}

// concernsOthers reports whether an object is for those who are promised nothing, which TestWaysAround tries, or for how a
// gateway runs and what it logs, which TestDeployedGateway and TestAccessLog look at.
func concernsOthers(object string) bool {
	kind, _, _ := strings.Cut(object, " ")
	return slices.Contains([]string{
		"AuthorizationPolicy", "NetworkPolicy", "Sidecar", "Telemetry",
		"Deployment", "HorizontalPodAutoscaler", "PodDisruptionBudget", "Role", "RoleBinding", "ServiceAccount",
	}, kind)
}

// predict returns what becomes of the promised calls if the effects come true.
func predict(t *testing.T, promised []calls.Outcome, effects []effect) []calls.Outcome {
	t.Helper()
	predicted := slices.Clone(promised)
	for _, e := range effects {
		i := slices.IndexFunc(promised, e.promise.isOf)
		if i < 0 {
			t.Fatalf("%s does not promise %s from %s", e.promise.golden, e.promise.call, e.promise.from)
		}
		e.becomes(&predicted[i])
	}
	return predicted
}

// observe returns what becomes of the promised calls of a golden with other manifests.
func observe(t *testing.T, g golden.Golden, manifests string) []calls.Outcome {
	t.Helper()
	m := trace.NewMesh(t, g.Options(manifests))
	var observed []calls.Outcome
	for _, o := range g.Outcomes {
		observed = append(observed, o.Observe(m.Trace(o.TraceCall())))
	}
	return observed
}

// goldensByName returns the goldens by the folder of their kind and their own, as in http/basic.
func goldensByName(t *testing.T) map[string]golden.Golden {
	t.Helper()
	named := map[string]golden.Golden{}
	for _, g := range goldens(t) {
		named[filepath.Base(filepath.Dir(g.Dir))+"/"+filepath.Base(g.Dir)] = g
	}
	return named
}

// byGolden sorts effects by the golden that they are predicted for.
func byGolden(effects []effect) map[string][]effect {
	sorted := map[string][]effect{}
	for _, e := range effects {
		sorted[e.promise.golden] = append(sorted[e.promise.golden], e)
	}
	return sorted
}
