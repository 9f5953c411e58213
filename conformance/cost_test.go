// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/egressbundle/egressbundle/conformance/trace"
	"github.com/egressbundle/egressbundle/pkg/egress"
)

// BenchmarkCost counts what hosts cost a cluster, by pattern and way out: objects, and the clusters that the sidecar of
// a client and the gateway get more for them. Run it with -benchtime 1x; the times say nothing.
func BenchmarkCost(b *testing.B) {
	for _, way := range []struct {
		name string
		make func(i int) egress.Destination
	}{
		{"TLSPassthrough/Gateway", named(egress.ViaGateway, 443, &egress.TLSPassthrough{})},
		{"HTTP/Gateway", named(egress.ViaGateway, 80, &egress.HTTP{})},
		{"TLSOrigination/Gateway", named(egress.ViaGateway, 80, &egress.TLSOrigination{})},
		{"TCP/Gateway", addressed(egress.ViaGateway)},
		{"TLSPassthrough/Sidecar", named(egress.ViaSidecar, 443, &egress.TLSPassthrough{})},
		{"HTTP/Sidecar", named(egress.ViaSidecar, 80, &egress.HTTP{})},
		{"TLSOrigination/Sidecar", named(egress.ViaSidecar, 80, &egress.TLSOrigination{})},
		{"TCP/Sidecar", addressed(egress.ViaSidecar)},
		{"ExternalName/Sidecar", service(egress.ServiceExternalName)},
		{"Endpoints/Sidecar", service(egress.ServiceEndpoints)},
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

func measureCost(b *testing.B, bundle egress.Bundle) {
	b.Helper()
	output, err := egress.Render(nil, bundle)
	if err != nil {
		b.Fatal(err)
	}
	var text bytes.Buffer
	if err := egress.Encode(&text, output.Objects); err != nil {
		b.Fatal(err)
	}
	caller := trace.Call{Namespace: bundle.Namespace}
	without := trace.NewMesh(b, trace.Options{})
	with := trace.NewMesh(b, trace.Options{Manifests: text.String()})
	b.ReportMetric(float64(len(output.Objects)), "objects")
	b.ReportMetric(float64(text.Len())/1024, "KiB")
	b.ReportMetric(float64(with.SidecarClusters(caller)-without.SidecarClusters(caller)), "sidecar-clusters")
	b.ReportMetric(float64(with.GatewayClusters()-without.GatewayClusters()), "gateway-clusters")
}

// costBundle puts hosts that are reached alike into one destination, if their destinations are equal but for them.
func costBundle(hosts int, destination func(i int) egress.Destination) egress.Bundle {
	bundle := egress.Bundle{Name: "news", Namespace: "payments", Destinations: map[string]egress.Destination{}}
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

func named(via egress.Via, port int, pattern egress.Pattern) func(int) egress.Destination {
	return func(i int) egress.Destination {
		return egress.Destination{
			Via:   via,
			Hosts: []string{fmt.Sprintf("host-%d.example.com", i)},
			Ports: []egress.Port{{Number: port, Pattern: pattern}},
		}
	}
}

func addressed(via egress.Via) func(int) egress.Destination {
	return func(i int) egress.Destination {
		d := named(via, 5432, &egress.TCP{})(i)
		d.Addresses = []string{fmt.Sprintf("203.0.%d.%d", i/250, i%250+1)}
		return d
	}
}

func service(of egress.ServiceType) func(int) egress.Destination {
	return func(i int) egress.Destination {
		d := named(egress.ViaSidecar, 443, &egress.TLSPassthrough{})(i)
		d.Service = &egress.Service{Type: of, ExternalName: d.Hosts[0]}
		d.Hosts = nil
		if of == egress.ServiceEndpoints {
			d.Service.Addresses = []string{"192.0.2.7"}
		}
		return d
	}
}
