// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package golden reads the bundles of the repository with calls: the goldens of the library and the
// examples, whose output is kept, and the cookbook.
package golden

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/conformance/cluster"
	"github.com/egressbundle/egressbundle/conformance/trace"
	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// A Golden is some bundles, what they are rendered to, and what calls must do.
type Golden struct {
	Dir      string
	Gateways []cluster.Gateway
	// QuietProxies is set if no proxy of the mesh makes request ids.
	QuietProxies bool
	// OutboundTrafficPolicy is that of the mesh.
	OutboundTrafficPolicy string
	// DNSCapture is set if sidecars answer the DNS of their workloads.
	DNSCapture bool
	// DNS is where the DNS servers of the cluster are.
	DNS      api.DNS
	Found    egress.Documents
	Rendered string
	Outcomes []calls.Outcome
}

// All returns the goldens of the repository whose folder is root.
func All(root string) ([]Golden, error) {
	library, err := in(filepath.Join(root, "testdata/render/*/*/in.yaml"), "out.yaml")
	if err != nil {
		return nil, err
	}
	examples, err := in(filepath.Join(root, "examples/*/bundle.yaml"), "rendered.yaml")
	return append(library, examples...), err
}

// Cookbook returns the bundles of the cookbook. What they are rendered to is not kept: nothing in
// it is of a kind that no golden has.
func Cookbook(root string) ([]Golden, error) {
	return in(filepath.Join(root, "cookbook/*/bundle.yaml"), "")
}

// in reads the files that match a pattern, and what each is rendered to in a file beside it.
func in(pattern, out string) ([]Golden, error) {
	paths, err := filepath.Glob(pattern)
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("nothing matches %s", pattern)
	}
	var all []Golden
	for _, path := range paths {
		g, err := read(path)
		if err != nil {
			return nil, err
		}
		if g.Rendered, err = g.rendered(out); err != nil {
			return nil, err
		}
		all = append(all, g)
	}
	return all, nil
}

func read(path string) (Golden, error) {
	dir := filepath.Dir(path)
	text, err := os.ReadFile(path)
	if err != nil {
		return Golden{}, err
	}
	found, err := egress.Parse(path, text)
	if err != nil {
		return Golden{}, err
	}
	outcomes, err := calls.Read(filepath.Join(dir, "calls.yaml"))
	return Golden{
		Dir:                   dir,
		Gateways:              cluster.GatewaysOf(MeshOf(found)),
		QuietProxies:          MeshOf(found).ProxyHeaders == api.ProxyHeadersDisabled,
		OutboundTrafficPolicy: outboundOf(found),
		DNSCapture:            MeshOf(found).DNSCapture,
		DNS:                   egress.WithDefaults(MeshOf(found)).DNS,
		Found:                 found,
		Outcomes:              outcomes,
	}, err
}

// rendered returns what is kept in a file, or what is rendered now if there is none.
func (g Golden) rendered(file string) (string, error) {
	if file != "" {
		text, err := os.ReadFile(filepath.Join(g.Dir, file))
		return string(text), err
	}
	output, err := g.Output()
	if err != nil {
		return "", err
	}
	var text strings.Builder
	err = object.Encode(&text, output.Objects())
	return text.String(), err
}

// MeshOf returns the mesh that bundles are for, as it is stated.
func MeshOf(found egress.Documents) api.Mesh {
	if mesh, err := found.Mesh(); err == nil && mesh != nil {
		return *mesh
	}
	for _, bundle := range found.Bundles() {
		if bundle.Mesh != nil {
			return *bundle.Mesh
		}
	}
	return api.Mesh{}
}

// outboundOf returns what the mesh says of hosts that nothing declares: as the bundles
// take it to be, where they enforce something themselves, and else so that nothing
// unpromised leaves.
func outboundOf(found egress.Documents) string {
	for _, bundle := range found.Bundles() {
		if bundle.Enforce != nil {
			return egress.WithDefaults(MeshOf(found)).OutboundTrafficPolicy
		}
	}
	return "REGISTRY_ONLY"
}

// Output renders the bundles of the golden for a mesh with its OutboundTrafficPolicy.
func (g Golden) Output() (*egress.Output, error) {
	bundles := g.Found.Bundles()
	mesh, err := g.Found.Mesh()
	if err != nil {
		return nil, err
	}
	isStated := false
	for i := range bundles {
		if bundles[i].Mesh != nil {
			inline := *bundles[i].Mesh
			inline.OutboundTrafficPolicy, isStated = g.OutboundTrafficPolicy, true
			bundles[i].Mesh = &inline
		}
	}
	if mesh == nil && !isStated {
		mesh = &api.Mesh{}
	}
	if mesh != nil {
		stated := *mesh
		stated.OutboundTrafficPolicy = g.OutboundTrafficPolicy
		mesh = &stated
	}
	return egress.Render(mesh, bundles...)
}

// Options return a mesh with the gateways of the golden, and other manifests, to trace calls in.
func (g Golden) Options(manifests string) trace.Options {
	return trace.Options{
		Manifests: manifests, Gateways: g.Gateways, OutboundTrafficPolicy: g.OutboundTrafficPolicy, DNSCapture: g.DNSCapture,
	}
}

// Upgraded returns the same mesh where it makes HTTP/2 of HTTP/1.1 wherever nothing keeps it from that.
func (g Golden) Upgraded(manifests string) trace.Options {
	opts := g.Options(manifests)
	opts.UpgradesHTTP = true
	return opts
}
