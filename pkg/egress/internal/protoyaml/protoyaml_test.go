// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package protoyaml

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
	networking "istio.io/api/networking/v1"
)

// TestTree: what Kubernetes wants and the JSON of Protocol Buffers does not
// give, or gives differently.
func TestTree(t *testing.T) {
	for _, c := range []struct {
		name    string
		message proto.Message
		want    map[string]any
	}{
		{
			"enums that are zero are written where they matter",
			&networking.ServiceEntry{Hosts: []string{"a.example.com"}},
			map[string]any{"hosts": []any{"a.example.com"}, "location": "MESH_EXTERNAL", "resolution": "NONE"},
		},
		{
			"other enums and scalars that are zero are not",
			&networking.WorkloadEntry{Address: "a.example.com"},
			map[string]any{"address": "a.example.com"},
		},
		{
			"64-bit integers are numbers",
			&networking.LoadBalancerSettings_ConsistentHashLB_RingHash{MinimumRingSize: 1024},
			map[string]any{"minimumRingSize": int64(1024)},
		},
		{
			"durations are seconds with up to milliseconds",
			&networking.HTTPRetry{Attempts: 0, PerTryTimeout: durationpb.New(90*time.Second + 250*time.Millisecond)},
			map[string]any{"attempts": int64(0), "perTryTimeout": "90.250s"},
		},
		{
			"wrappers are what they wrap, zero included",
			&networking.ClientTLSSettings{InsecureSkipVerify: wrapperspb.Bool(false)},
			map[string]any{"insecureSkipVerify": false, "mode": "DISABLE"},
		},
		{
			"maps keep their keys",
			&networking.Gateway{Selector: map[string]string{"istio": "egressgateway"}},
			map[string]any{"selector": map[string]any{"istio": "egressgateway"}},
		},
	} {
		if diff := cmp.Diff(c.want, Of(c.message).Tree()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}
