// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/conformance/trace"
	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// The bundles that objects of others stand beside.
const (
	viaGateway     = "{hosts: [edition.cnn.com], ports: [{port: 443, pattern: TLSPassthrough}, {port: 80, pattern: HTTP}]}"
	viaGatewayTCP  = "{hosts: [db.cnn.com], addresses: [198.51.100.7], ports: [{port: 5432, pattern: TCP}]}"
	viaGatewayWild = "{hosts: ['*.cnn.com'], wildcardServer: www.cnn.com}"
	viaPlainHop    = "{hosts: [edition.cnn.com], mutualTLS: false, ports: [{port: 443, pattern: TLSPassthrough}, {port: 80, pattern: HTTP}]}"
	viaSidecar     = "{hosts: [edition.cnn.com], via: Sidecar}"
	viaSidecarWild = "{hosts: ['*.cnn.com'], via: Sidecar}"
	viaSidecarHTTP = "{hosts: [edition.cnn.com], via: Sidecar, ports: [{port: 443, pattern: TLSPassthrough}, {port: 80, pattern: HTTP, timeout: 3s}]}"
	viaSidecarTLS  = "{hosts: [edition.cnn.com], via: Sidecar, ports: [{port: 443, pattern: TLSPassthrough}, {port: 80, pattern: TLSOrigination}]}"
)

const gatewayHost = "istio-egressgateway.istio-system.svc.cluster.local"

// The calls that the bundles promise.
const (
	callTLS  = "https://edition.cnn.com"
	callHTTP = "http://edition.cnn.com"
	callWWW  = "https://www.cnn.com"
	callTCP  = "tcp://198.51.100.7:5432"
	// ofRatings marks a call of workloads that are told apart by a label.
	ofRatings = " of ratings"
)

// promisedBy are the calls that a bundle promises.
func promisedBy(destination string) []string {
	switch destination {
	case viaGatewayTCP:
		return []string{callTCP}
	case viaGatewayWild, viaSidecarWild:
		return []string{callTLS, callWWW}
	case viaSidecar:
		return []string{callTLS, callTLS + ofRatings}
	default:
		return []string{callTLS, callTLS + ofRatings, callHTTP}
	}
}

// A besideCase is an object of others beside a bundle, and what is reported of it.
type besideCase struct {
	name, destination, other, want string
	// moves is the call that goes another way, as a warning says: none if it is empty.
	moves string
}

// TestBeside holds what is reported of objects of others against what Istio's control
// plane makes of them beside a bundle, once applied before it and once after it: with
// an error reported, a call of the bundle fails or leaves in another way in one of the
// two; otherwise none does, but for one that a warning is about. What a bundle breaks of others
// stands elsewhere: TestHiddenPorts and TestPlainServerBeforeTLSServer.
func TestBeside(t *testing.T) {
	outcomesAlone := map[string]map[string]string{} // by destination
	for _, c := range slices.Concat(besideEntries, besideRoutes, besideRules, besideSidecars, besideServers, besidePolicies, besideFilters) {
		t.Run(c.name, func(t *testing.T) {
			bundle := "apiVersion: egressbundle.io/v1alpha1\nkind: EgressBundle\nmetadata: {name: news, namespace: payments}\n" +
				"spec: {mesh: {outboundTrafficPolicy: REGISTRY_ONLY, istioVersion: '1.31', proxyHeaders: Disabled}, destinations: {cnn: " + c.destination + "}}\n"
			ours, _ := renderBeside(t, bundle, "")
			_, reported := renderBeside(t, bundle, c.other)
			if diff := cmp.Diff(c.want, strings.Join(reported, ", ")); diff != "" {
				t.Errorf("reported (-want +got):\n%s", diff)
			}
			if outcomesAlone[c.destination] == nil {
				outcomesAlone[c.destination] = outcomesOf(t, c.destination, ours)
			}
			alone := outcomesAlone[c.destination]
			before := outcomesOf(t, c.destination, inOrder(t, c.other, ours))
			after := outcomesOf(t, c.destination, inOrder(t, ours, c.other))
			moved := differences(alone, before, after)
			isError := strings.HasPrefix(c.want, "error")
			if isError && moved == "" || !isError && moved != c.moves {
				t.Errorf("want moved: %q, got: %q\nalone:  %q\nbefore: %q\nafter:  %q", c.moves, moved, alone, before, after)
			}
		})
	}
}

// differences names the calls that do not always have the same outcome.
func differences(alone map[string]string, others ...map[string]string) string {
	var moved []string
	for _, call := range slices.Sorted(maps.Keys(alone)) {
		if slices.ContainsFunc(others, func(other map[string]string) bool { return other[call] != alone[call] }) {
			moved = append(moved, call)
		}
	}
	return strings.Join(moved, ", ")
}

// renderBeside renders a bundle beside another object, and returns what is reported:
// the severities and codes.
func renderBeside(t *testing.T, bundle, other string) (manifests string, reported []string) {
	t.Helper()
	found, err := egress.Parse("in.yaml", []byte(join(bundle, other)))
	if err != nil {
		t.Fatal(err)
	}
	output, err := found.Render()
	var diagnostics []diag.Diagnostic
	if invalid, ok := errors.AsType[*diag.InvalidError](err); ok {
		diagnostics = invalid.Diagnostics
	} else if err != nil {
		t.Fatal(err)
	} else {
		diagnostics = output.Warnings
		var text strings.Builder
		if err := object.Encode(&text, output.Objects()); err != nil {
			t.Fatal(err)
		}
		manifests = text.String()
	}
	for _, d := range diagnostics {
		reported = append(reported, fmt.Sprintf("%s %s", d.Severity, d.Code))
	}
	return manifests, slices.Compact(reported)
}

// outcomesOf returns what becomes of the calls of a bundle.
func outcomesOf(t *testing.T, destination, manifests string) map[string]string {
	t.Helper()
	m := mesh(t, manifests)
	outcomes := map[string]string{}
	for _, promised := range promisedBy(destination) {
		url, labelled := strings.CutSuffix(promised, ofRatings)
		call := trace.Call{Namespace: "payments", URL: url}
		if labelled {
			call.Labels = map[string]string{"app": "ratings"}
		}
		r := m.Trace(call)
		outcomes[promised] = fmt.Sprint(r.Blocked, r.Gateway, r.Exit.Addresses, r.Exit.Connect, r.TLS.Mode, r.DoubleTLS)
	}
	return outcomes
}
