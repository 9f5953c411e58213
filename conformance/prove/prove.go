// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package prove follows every call that bundles promise through the
// configuration that Istio's control plane generates, and tells the way of each.
package prove

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	gocmp "github.com/google/go-cmp/cmp"

	"istio.io/istio/pkg/log"
	"istio.io/istio/pkg/test"

	"github.com/egressbundle/egressbundle/conformance/admission"
	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/conformance/cluster"
	"github.com/egressbundle/egressbundle/conformance/trace"
	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// Quiet silences what Istio logs, among which nobody finds what failed.
func Quiet() {
	for _, scope := range log.Scopes() {
		scope.SetOutputLevel(log.NoneLevel)
	}
}

// A Case is some bundles on a mesh, and what else is applied there.
type Case struct {
	// The mesh is what render takes it for.
	Gateways              []cluster.Gateway
	DNSCapture            bool    // sidecars answer DNS
	DNS                   api.DNS // of the cluster, with defaults
	OutboundTrafficPolicy string
	QuietProxies          bool // proxyHeaders of the mesh is Disabled
	Promised              []calls.Outcome
	// Manifests are what the bundles are rendered to, and what else is applied.
	Manifests []cluster.Manifest
	// Diagnostics are what render says of the bundles, and of what stands beside them.
	Diagnostics []diag.Diagnostic
}

func newCase(found egress.Documents, beside []cluster.Manifest) (*Case, error) {
	mesh, err := found.Mesh()
	if err != nil {
		return nil, err
	}
	mesh = inLocalDomains(mesh)
	bundles := found.Bundles()
	for i := range bundles {
		bundles[i].Mesh = inLocalDomains(bundles[i].Mesh)
	}
	diagnostics, located := diagnosticsOf(found)
	output, err := egress.Render(mesh, bundles...)
	if err != nil {
		return nil, cmp.Or(located, err) // The located one knows the lines.
	}
	rendered, err := manifestsOf(output)
	if err != nil {
		return nil, err
	}
	c := &Case{Manifests: append(rendered, without(beside, rendered)...), Diagnostics: diagnostics}
	for _, bundle := range bundles {
		facts := *cmp.Or(mesh, bundle.Mesh, &api.Mesh{})
		c.Promised = append(c.Promised, calls.Promised(bundle, egress.WithDefaults(facts))...)
		c.addMesh(facts)
	}
	if len(c.Promised) == 0 {
		return nil, errors.New("there is no EgressBundle, and so no promise to prove")
	}
	return c, nil
}

// diagnosticsOf returns what render says. Where that is an error it may be for what stands beside the bundles, which a
// proof is to show.
func diagnosticsOf(found egress.Documents) ([]diag.Diagnostic, error) {
	output, err := found.Render()
	if invalid, ok := errors.AsType[*diag.InvalidError](err); ok {
		return invalid.Diagnostics, err
	}
	if err != nil {
		return nil, err
	}
	return output.Warnings, nil
}

func manifestsOf(output *egress.Output) ([]cluster.Manifest, error) {
	var text bytes.Buffer
	if err := object.Encode(&text, output.Objects()); err != nil {
		return nil, err
	}
	return cluster.Read(text.String())
}

// without returns the manifests that are of none of some objects: a folder may hold what was rendered before.
func without(manifests, some []cluster.Manifest) []cluster.Manifest {
	return slices.DeleteFunc(manifests, func(m cluster.Manifest) bool {
		return slices.ContainsFunc(some, func(other cluster.Manifest) bool { return other.String() == m.String() })
	})
}

// inLocalDomains returns the mesh with the domains of the control plane that
// proves it, which knows no others. They are part of names and of nothing else.
func inLocalDomains(mesh *api.Mesh) *api.Mesh {
	if mesh == nil {
		return nil
	}
	local := *mesh
	local.ClusterDomain, local.TrustDomain = "", ""
	return &local
}

// addMesh adds what a mesh states, and those of its gateways that are not there yet.
func (c *Case) addMesh(stated api.Mesh) {
	mesh := egress.WithDefaults(stated)
	c.DNSCapture, c.DNS = mesh.DNSCapture, mesh.DNS
	c.OutboundTrafficPolicy = mesh.OutboundTrafficPolicy
	c.QuietProxies = mesh.ProxyHeaders == api.ProxyHeadersDisabled
	for _, g := range cluster.GatewaysOf(stated) {
		same := func(other cluster.Gateway) bool { return other.String() == g.String() }
		if !slices.ContainsFunc(c.Gateways, same) {
			c.Gateways = append(c.Gateways, g)
		}
	}
}

// Stream returns the manifests as one YAML stream.
func (c *Case) Stream() string {
	var documents []string
	for _, m := range c.Manifests {
		documents = append(documents, m.YAML)
	}
	return cluster.Join(documents...)
}

// A Proof is what became of the promised calls.
type Proof struct {
	// Problems are what Istio's own checks say of the objects.
	Problems []admission.Problem
	// Calls are the promised calls, in the order of the promises.
	Calls []Call
}

// A Call is a promised call, and what became of it.
type Call struct {
	Promised, Observed calls.Outcome
	// Steps tell the way of the call, proxy by proxy.
	Steps []string
	// Suspects are the objects of others that may be why the promise is not
	// kept, with the reason to suspect them.
	Suspects []string
}

// Kept reports whether the call does what is promised.
func (c Call) Kept() bool { return gocmp.Equal(c.Promised, c.Observed) }

// Failures returns how many problems there are, and promises that are not kept.
func (p *Proof) Failures() int {
	n := len(p.Problems)
	for _, c := range p.Calls {
		if !c.Kept() {
			n++
		}
	}
	return n
}

// Prove lets Istio check every object, and follows every promised call.
func (c *Case) Prove(t test.Failer) (*Proof, error) {
	problems, err := admission.Check(c.Stream(), admission.Options{Gateways: c.Gateways})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(problems, func(a, b admission.Problem) int { return strings.Compare(a.String(), b.String()) })
	p := &Proof{Problems: problems}
	mesh := trace.NewMesh(t, trace.Options{
		Manifests: c.Stream(), Gateways: c.Gateways, OutboundTrafficPolicy: c.OutboundTrafficPolicy, DNSCapture: c.DNSCapture,
	})
	for _, promised := range c.Promised {
		result := mesh.Trace(promised.TraceCall())
		call := Call{
			Promised: promised,
			Observed: promised.Observe(result),
			Steps:    result.Steps,
		}
		if !call.Kept() {
			call.Suspects = c.suspects(promised)
		}
		p.Calls = append(p.Calls, call)
	}
	return p, nil
}

// suspects returns the objects of others that name the host or the gateway of a
// call.
func (c *Case) suspects(o calls.Outcome) []string {
	_, host, _ := strings.Cut(o.Call, "://")
	host, _, _ = strings.Cut(host, ":")
	namespace, service, _ := strings.Cut(o.Through, "/")
	gateway := fmt.Sprintf("%s.%s.svc.cluster.local", service, namespace)
	var suspects []string
	for _, m := range c.Manifests {
		if m.Object.GetLabels()[object.LabelManagedBy] == object.ManagedBy {
			continue
		}
		for _, name := range []string{host, gateway} {
			if mentions(m.Object.Object["spec"], name) {
				suspects = append(suspects, fmt.Sprintf("%s, which names %s", m, name))
			}
		}
	}
	return suspects
}

// mentions reports whether a tree has a host for one of its values, or a
// wildcard that covers the host.
func mentions(tree any, host string) bool {
	switch tree := tree.(type) {
	case map[string]any:
		for _, value := range tree {
			if mentions(value, host) {
				return true
			}
		}
	case []any:
		for _, item := range tree {
			if mentions(item, host) {
				return true
			}
		}
	case string:
		suffix, isWildcard := strings.CutPrefix(tree, "*")
		return tree == host || isWildcard && strings.HasSuffix(host, suffix)
	}
	return false
}
