// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"testing"

	"istio.io/api/label"
	networking "istio.io/api/networking/v1"
	"istio.io/istio/pilot/pkg/networking/serviceentry"
	"istio.io/istio/pkg/config"

	"github.com/egressbundle/egressbundle/conformance/cluster"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// TestAmbientNamespaces: Istio gives no ServiceEntry an address of its own, but where a mesh has dnsCapture. Ambient mode would lead every workload by it that
// asks for the host, for it does not read exportTo, and the clients' entries have no endpoints.
func TestAmbientNamespaces(t *testing.T) {
	if object.LabelAutoallocateIP != label.NetworkingEnableAutoallocateIp.Name {
		t.Errorf("the label is %s, want %s", object.LabelAutoallocateIP, label.NetworkingEnableAutoallocateIp.Name)
	}
	entries := 0
	for _, g := range goldens(t) {
		if g.DNSCapture {
			continue // TCP by name cannot do without.
		}
		manifests, err := cluster.Read(g.Rendered)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range manifests {
			if m.Object.GetKind() != "ServiceEntry" {
				continue
			}
			entries++
			c := config.Config{
				Meta: config.Meta{Labels: m.Object.GetLabels()},
				Spec: &networking.ServiceEntry{Resolution: networking.ServiceEntry_STATIC},
			}
			if serviceentry.ShouldV2AutoAllocateIPFromConfig(c) {
				t.Errorf("%s: %s gets an address", g.Dir, m)
			}
		}
	}
	if entries == 0 {
		t.Error("no golden has a ServiceEntry")
	}
}
