// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package around knows the calls by which somebody gets around the bundles of a golden, and
// how far each gets as what the report says stops it is taken away, one object after another.
package around

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/conformance/cluster"
	"github.com/egressbundle/egressbundle/conformance/golden"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/report"
)

// An Attempt is a call by which somebody gets around a bundle.
type Attempt struct {
	Way report.WayAround
	// Call is what is called. Of its promise, what it needs of the cluster counts alone.
	Call  calls.Outcome
	Steps []Step
}

// A Step is a cluster in which an attempt is made.
type Step struct {
	Manifests string
	// OutboundTrafficPolicy is that of the mesh.
	OutboundTrafficPolicy string
	// Without are the objects that were taken away.
	Without []diag.ObjectRef

	judge func(got calls.Outcome) string
}

// Judge says what is wrong with what became of the call, or nothing.
func (s Step) Judge(got calls.Outcome) string {
	wrong := s.judge(got)
	if wrong != "" && len(s.Without) > 0 {
		wrong = fmt.Sprintf("without %v: %s", s.Without, wrong)
	}
	return wrong
}

// Of returns the attempts to get around the bundles of a golden: for each way that the report
// names, those that can be made.
func Of(g golden.Golden) ([]Attempt, error) {
	output, err := g.Found.Render()
	if err != nil {
		return nil, err
	}
	f := finder{Golden: g, report: output.Report()}
	for _, way := range f.report.WaysAround {
		for _, one := range each(f.complete(way)) {
			if err := f.find(one); err != nil {
				return nil, err
			}
		}
	}
	return f.found, nil
}

// each returns a way for each namespace that it is tried from.
func each(way report.WayAround) []report.WayAround {
	if len(way.From) == 0 {
		return []report.WayAround{way}
	}
	var ways []report.WayAround
	for i := range way.From {
		one := way
		one.From = way.From[i : i+1]
		ways = append(ways, one)
	}
	return ways
}

// complete puts before what stops a way into one bundle what the report says of all bundles at
// the gateway.
func (f *finder) complete(way report.WayAround) report.WayAround {
	for _, other := range f.report.WaysAround {
		if other.Attempt == way.Attempt && other.Gateway == way.Gateway && other.Bundle == "" && way.Bundle != "" {
			way.StoppedBy = slices.Concat(other.StoppedBy, way.StoppedBy)
		}
	}
	return way
}

// meshConfig stands for the configuration of the mesh.
var meshConfig = diag.ObjectRef{Kind: "ConfigMap", Namespace: "istio-system", Name: "istio"}

const (
	anyHost      = "ALLOW_ANY"
	registryOnly = "REGISTRY_ONLY"
)

// refused returns the steps of an attempt that each object of a way refuses by itself, and
// that arrives once all are gone.
func refused(way report.WayAround, manifests, target string) ([]Step, error) {
	manifests, err := withoutIdentities(manifests)
	if err != nil {
		return nil, err
	}
	policy := anyHost
	if slices.Contains(way.StoppedBy, meshConfig) {
		policy = registryOnly
	}
	var steps []Step
	for i, object := range way.StoppedBy {
		steps = append(steps, Step{manifests, policy, way.StoppedBy[:i], stoppedBy(object)})
		if object == meshConfig {
			policy = anyHost
		} else if manifests, err = cluster.Without(manifests, object.String()); err != nil {
			return nil, err
		}
	}
	return append(steps, Step{manifests, policy, way.StoppedBy, arrives(target)}), nil
}

// withoutIdentities takes the identities off servers, which refuse some attempts in the
// handshake, before the policy is asked that is reported.
func withoutIdentities(manifests string) (string, error) {
	return cluster.Edit(manifests, func(m cluster.Manifest) bool {
		servers, _, _ := unstructured.NestedSlice(m.Object.Object, "spec", "servers")
		for _, server := range servers {
			if server, ok := server.(map[string]any); ok {
				unstructured.RemoveNestedField(server, "tls", "subjectAltNames")
			}
		}
		return servers == nil || unstructured.SetNestedSlice(m.Object.Object, servers, "spec", "servers") == nil
	})
}

// diverted returns the steps of an attempt that is led to where it claims to go. Without what
// leads it there it does not arrive either, if anything is enforced.
func diverted(way report.WayAround, manifests, target string, enforced bool) ([]Step, error) {
	judge := leavesElsewhere(target)
	if len(way.StoppedBy) == 0 {
		judge = arrives(target)
	}
	steps := []Step{{manifests, anyHost, nil, judge}}
	if !enforced {
		return steps, nil
	}
	var err error
	for _, object := range way.StoppedBy {
		if manifests, err = cluster.Without(manifests, object.String()); err != nil {
			return nil, err
		}
	}
	return append(steps, Step{manifests, anyHost, way.StoppedBy, fails(target)}), nil
}

func stoppedBy(object diag.ObjectRef) func(calls.Outcome) string {
	return func(got calls.Outcome) string {
		if stops(object, got.Blocked) {
			return ""
		}
		return fmt.Sprintf("%s does not stop it: %s", object, end(got))
	}
}

// arrives judges what leaves to a target: all of its addresses, or that which was chosen.
func arrives(target string) func(calls.Outcome) string {
	return func(got calls.Outcome) string {
		if got.Leaves == target || slices.Contains(strings.Fields(target), got.Leaves) {
			return ""
		}
		return fmt.Sprintf("it does not leave to %s: %s", target, end(got))
	}
}

func leavesElsewhere(target string) func(calls.Outcome) string {
	return func(got calls.Outcome) string {
		if got.Blocked == "" && got.Leaves != target {
			return ""
		}
		return "it is not led to where it claims to go: " + end(got)
	}
}

func fails(target string) func(calls.Outcome) string {
	return func(got calls.Outcome) string {
		if got.Leaves != target {
			return ""
		}
		return end(got)
	}
}

// end says what became of a call.
func end(o calls.Outcome) string {
	if o.Blocked != "" {
		return o.Blocked
	}
	return "it leaves to " + o.Leaves
}

// stops reports whether it is this object that stopped a call.
func stops(object diag.ObjectRef, blocked string) bool {
	switch object.Kind {
	case "NetworkPolicy":
		_, names, ok := strings.Cut(blocked, "dropped by NetworkPolicy")
		return ok && (names == "" || strings.Contains(names, object.Namespace+"/"+object.Name)) // Packets do not tell the name.
	case "AuthorizationPolicy":
		return strings.Contains(blocked, fmt.Sprintf("403 RBAC: denied by ns[%s]-policy[%s]-rule", object.Namespace, object.Name))
	case "Sidecar", "ConfigMap":
		return blocked == "BlackHoleCluster" || blocked == "502 block_all"
	default:
		return false
	}
}
