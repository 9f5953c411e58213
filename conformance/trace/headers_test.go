// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package trace

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What proxies add leaves, unless the last route removes it. The wire shows the same.
func TestHeadersLeft(t *testing.T) {
	for name, c := range map[string]struct {
		removed   []string
		byGateway bool
		want      []string
	}{
		"of a sidecar": {nil, false, addedByProxies},
		"of a gateway": {
			[]string{"x-envoy-attempt-count", "x-envoy-decorator-operation", "x-envoy-expected-rq-timeout-ms", "x-forwarded-proto"},
			true, addedByGateways,
		},
		"of nobody": {addedByProxies, false, []string{}},
	} {
		if diff := cmp.Diff(c.want, headersLeft(c.removed, c.byGateway)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
