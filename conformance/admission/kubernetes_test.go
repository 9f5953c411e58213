// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"os"
	"strings"
	"testing"
)

// TestKubernetes: the API server's own validation finds what no schema says, in every built-in kind that a gateway and
// its packets need.
func TestKubernetes(t *testing.T) {
	for _, c := range []struct{ golden, old, value, want string }{
		{"tls_passthrough/enforce", "cidr: 169.254.20.10/32", "cidr: 169.254.20.10", "spec.egress[0].to[1].ipBlock.cidr"},
		{"tls_passthrough/enforce", "- 169.254.0.0/16", "- 0.0.0.0/0", "except"},
		{"tls_passthrough/enforce", "protocol: UDP", "protocol: ICMP", "protocol"},
		{"tls_origination/deploy", "maxSkew: 1", "maxSkew: 0", "maxSkew"},
		{"tls_origination/deploy", "minReplicas: 3", "minReplicas: 7", "maxReplicas"},
		{"tls_origination/deploy", "name: tcp-5432", "name: http2", "name"},
		{"tls_origination/deploy", "maxUnavailable: 1", "maxUnavailable: -1", "maxUnavailable"},
		{"tls_origination/deploy", "cpu: 500m", "cpu: \"3\"", "requests"},
		{"tls_origination/deploy", "operator: Exists", "operator: Equals", "operator"},
		{"tls_origination/deploy", "kind: ServiceAccount\n  name", "kind: ServiceAccount\n  apiGroup: v1\n  name", "apiGroup"},
		{"tls_origination/deploy", "  - list", "  - list\n  nonResourceURLs: [/]", "nonResourceURLs"},
		{"http/service_endpoints", "addressType: IPv4", "addressType: IPv6", "addresses"},
	} {
		t.Run(c.golden+"/"+c.value, func(t *testing.T) {
			text, err := os.ReadFile("../../testdata/render/" + c.golden + "/out.yaml")
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(text), c.old) {
				t.Fatalf("there is no %q to replace", c.old)
			}
			problems, err := Check(strings.ReplaceAll(string(text), c.old, c.value), Options{})
			if err != nil {
				t.Fatal(err)
			}
			found := false
			for _, p := range problems {
				found = found || p.Check == "kubernetes" && strings.Contains(p.Message, c.want)
			}
			if !found {
				t.Errorf("got %v, want a problem with %s", problems, c.want)
			}
		})
	}
}
