// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/conformance/trace"
	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/explain"
)

// TestExplain: what is explained of each call of each golden is what Istio's configuration makes
// of it: the verdict, each proxy with the objects that it follows, and where the call leaves.
func TestExplain(t *testing.T) {
	for _, g := range goldens(t) {
		t.Run(g.Dir, func(t *testing.T) {
			output, err := g.Output()
			if err != nil {
				t.Fatal(err)
			}
			mesh := trace.NewMesh(t, g.Options(g.Rendered))
			for _, o := range slices.Concat(g.Outcomes, others(output)) {
				e, err := output.Explain(o.ExplainCall())
				if err != nil {
					t.Fatal(err)
				}
				result := mesh.Trace(o.TraceCall())
				if e.Stop != nil && e.Stop.At == explain.Node && len(result.Proxies) > 0 {
					result.Proxies[0].Cluster = "" // It sends packets that nobody hears of.
				}
				if !calls.Follows(e) {
					continue
				}
				diff := cmp.Diff(o.Observe(result).Explainable(), o.Explain(e)) + cmp.Diff(merged(result.Proxies), merged(explained(e)))
				if diff != "" {
					t.Errorf("%s from %s (-traced +explained):\n%s\n%s", o.Call, o.From, diff, strings.Join(result.Steps, "\n"))
				}
			}
		})
	}
}

// others are calls that calls.yaml does not have: what clients may try, and what nothing is for.
func others(output *egress.Output) []calls.Outcome {
	var all []calls.Outcome
	const address = "192.0.2.77" // that no configuration knows
	for _, c := range output.Calls() {
		o := calls.Outcome{Call: c.URL, From: c.Namespace + "/" + c.ServiceAccount, Method: c.Method}
		if strings.Contains(c.URL, "://any.") { // A wildcard may lead where the application connects to.
			o.Address = address
		}
		all = append(all, o)
	}
	for _, url := range []string{
		"https://unknown.example", "https://unknown.example:80", "http://unknown.example", "http://unknown.example:9999",
		"tcp://192.0.2.77:80", "tcp://192.0.2.77:7777",
	} {
		all = append(all, calls.Outcome{Call: url, From: all[0].From, Address: address}, calls.Outcome{Call: url, From: "elsewhere", Address: address})
	}
	return all
}

// explained returns the proxies of an explanation as Istio's configuration tells of them: the
// objects by which they lead a call, and where to. At gateways Istio does not say what leads
// connections that are no requests, but by the name of the cluster.
func explained(e explain.Explanation) []trace.Proxy {
	var proxies []trace.Proxy
	for i, hop := range e.Hops {
		var p trace.Proxy
		isRequest := hop.Log != nil && hop.Log.Authority != ""
		for _, o := range hop.Objects {
			if o.Ref.Kind == "VirtualService" && (i == 0 || isRequest) || o.Ref.Kind == "DestinationRule" {
				p.Objects = append(p.Objects, o.Ref.String())
			}
		}
		isFault := hop.Log != nil && hop.Log.Details == "fault_filter_abort"
		if isAnswer := i > 0 && e.Stop != nil || isFault; hop.Log != nil && !isAnswer {
			p.Cluster = hop.Log.Cluster
		}
		proxies = append(proxies, p)
	}
	return proxies
}

// merged leaves of the DestinationRules that lead to a gateway the namespace: Istio merges those
// of several bundles, and names one.
func merged(proxies []trace.Proxy) []trace.Proxy {
	if len(proxies) < 2 {
		return proxies
	}
	hop := &proxies[0]
	for i, o := range hop.Objects {
		if of, _, ok := strings.Cut(o, "/"); ok && strings.HasPrefix(o, "DestinationRule ") {
			hop.Objects[i] = of
		}
	}
	return proxies
}
