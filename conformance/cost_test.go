// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/egressbundle/egressbundle/conformance/trace"
	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// BenchmarkCost counts what hosts cost a cluster, by pattern and way out: objects, and the clusters that the sidecar of
// a client and the gateway get more for them. Run it with -benchtime 1x; the times say nothing.
func BenchmarkCost(b *testing.B) {
	for _, way := range []struct {
		name string
		make func(i int) api.Destination
	}{
		{"TLSPassthrough/Gateway", named(api.ViaGateway, 443, &api.TLSPassthrough{})},
		{"HTTP/Gateway", named(api.ViaGateway, 80, &api.HTTP{})},
		{"TLSOrigination/Gateway", named(api.ViaGateway, 80, &api.TLSOrigination{})},
		{"TCP/Gateway", addressed(api.ViaGateway)},
		{"TLSPassthrough/Sidecar", named(api.ViaSidecar, 443, &api.TLSPassthrough{})},
		{"HTTP/Sidecar", named(api.ViaSidecar, 80, &api.HTTP{})},
		{"TLSOrigination/Sidecar", named(api.ViaSidecar, 80, &api.TLSOrigination{})},
		{"TCP/Sidecar", addressed(api.ViaSidecar)},
		{"ExternalName/Sidecar", service(api.ServiceExternalName)},
		{"Endpoints/Sidecar", service(api.ServiceEndpoints)},
	} {
		for _, hosts := range []int{1, 100, 1000} {
			b.Run(fmt.Sprintf("%s/hosts=%d", way.name, hosts), func(b *testing.B) {
				for range b.N {
					measureCost(b, costBundle(hosts, way.make))
				}
			})
		}
	}
}

func measureCost(b *testing.B, bundle api.Bundle) {
	b.Helper()
	output, err := egress.Render(nil, bundle)
	if err != nil {
		b.Fatal(err)
	}
	objects := slices.Collect(output.Objects())
	var text bytes.Buffer
	if err := object.Encode(&text, slices.Values(objects)); err != nil {
		b.Fatal(err)
	}
	caller := trace.Call{Namespace: bundle.Namespace}
	without := trace.NewMesh(b, trace.Options{})
	with := trace.NewMesh(b, trace.Options{Manifests: text.String()})
	b.ReportMetric(float64(len(objects)), "objects")
	b.ReportMetric(float64(text.Len())/1024, "KiB")
	b.ReportMetric(float64(with.SidecarClusters(caller)-without.SidecarClusters(caller)), "sidecar-clusters")
	b.ReportMetric(float64(with.GatewayClusters()-without.GatewayClusters()), "gateway-clusters")
}

// costBundle puts hosts that are reached alike into one destination, if their destinations are equal but for them.
func costBundle(hosts int, destination func(i int) api.Destination) api.Bundle {
	bundle := api.Bundle{Name: "news", Namespace: "payments", Destinations: map[string]api.Destination{}}
	for i := range hosts {
		d := destination(i)
		name := "d"
		if len(d.Addresses) > 0 || d.Service != nil {
			name = fmt.Sprintf("d%d", i)
		}
		d.Hosts = append(bundle.Destinations[name].Hosts, d.Hosts...)
		bundle.Destinations[name] = d
	}
	return bundle
}

func named(via api.Via, port int, pattern api.Pattern) func(int) api.Destination {
	return func(i int) api.Destination {
		return api.Destination{
			Via:   via,
			Hosts: []string{fmt.Sprintf("host-%d.example.com", i)},
			Ports: []api.Port{{Number: port, Pattern: pattern}},
		}
	}
}

func addressed(via api.Via) func(int) api.Destination {
	return func(i int) api.Destination {
		d := named(via, 5432, &api.TCP{})(i)
		d.Addresses = []string{fmt.Sprintf("203.0.%d.%d", i/250, i%250+1)}
		return d
	}
}

func service(of api.ServiceType) func(int) api.Destination {
	return func(i int) api.Destination {
		d := named(api.ViaSidecar, 443, &api.TLSPassthrough{})(i)
		d.Service = &api.Service{Type: of, ExternalName: d.Hosts[0]}
		d.Hosts = nil
		if of == api.ServiceEndpoints {
			d.Service.Addresses = []string{"192.0.2.7"}
		}
		return d
	}
}
