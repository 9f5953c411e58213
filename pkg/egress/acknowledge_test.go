// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
)

// TestAcknowledged: what is acknowledged is no warning any more, and keeps its reason.
func TestAcknowledged(t *testing.T) {
	const reason = "our server speaks TLS from the first byte"
	mail := mailBundle("mail")
	mail.Annotations = map[string]string{api.AcknowledgePrefix + string(diag.StartTLS): reason}
	output, err := egress.Render(&api.Mesh{OutboundTrafficPolicy: "REGISTRY_ONLY"}, mail)
	if err != nil {
		t.Fatal(err)
	}
	if len(output.Warnings) > 0 {
		t.Errorf("got the warnings %v, want none", output.Warnings)
	}
	var got []string
	for _, w := range output.Acknowledged {
		got = append(got, fmt.Sprintf("%s: %s", w.Code, w.Reason))
	}
	if diff := cmp.Diff([]string{"StartTLS: " + reason}, got); diff != "" {
		t.Errorf("acknowledged (-want +got):\n%s", diff)
	}
}

// TestOneWarningPerCause: a fleet has as many warnings as one bundle, and they say how many
// bundles they are about.
func TestOneWarningPerCause(t *testing.T) {
	const bundles = 200
	var fleet []api.Bundle
	for i := range bundles {
		fleet = append(fleet, mailBundle(fmt.Sprintf("mail-%d", i)))
	}
	mesh := &api.Mesh{OutboundTrafficPolicy: "REGISTRY_ONLY"}
	one, err := egress.Render(mesh, fleet[0])
	if err != nil {
		t.Fatal(err)
	}
	all, err := egress.Render(mesh, fleet...)
	if err != nil {
		t.Fatal(err)
	}
	if len(all.Warnings) != len(one.Warnings) || len(one.Warnings) == 0 {
		t.Fatalf("got %d warnings of %d bundles, want %d as of one", len(all.Warnings), bundles, len(one.Warnings))
	}
	if want := fmt.Sprintf("(%d more, next: ", bundles-1); !strings.Contains(all.Warnings[0].Message, want) {
		t.Errorf("got %q, want it to say %s", all.Warnings[0].Message, want)
	}
}

func mailBundle(name string) api.Bundle {
	return api.Bundle{
		Name:      name,
		Namespace: name,
		Destinations: map[string]api.Destination{"mail": {
			Hosts: []string{"smtp.example.com"},
			Ports: []api.Port{{Number: 587, Pattern: &api.TLSPassthrough{}}},
		}},
	}
}
