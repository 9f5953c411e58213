// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package field_test

import (
	"testing"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
)

func TestPath(t *testing.T) {
	for got, want := range map[field.Path]field.Path{
		field.Path("").Child("spec"):                      "spec",
		field.Spec.Child("mesh"):                          field.Mesh,
		field.Destinations.Child("cnn").Child("hosts"):    "spec.destinations.cnn.hosts",
		field.Destinations.Child("a.b"):                   `spec.destinations["a.b"]`,
		field.Destinations.Child(""):                      `spec.destinations[""]`,
		field.Destinations.Child("a\nb"):                  `spec.destinations["a\nb"]`,
		field.Clients.Item(2).Child("namespace"):          "spec.clients[2].namespace",
		field.Clients.Item(2).Child("namespace").Parent(): "spec.clients[2]",
		field.Clients.Item(2).Parent():                    field.Clients,
		field.Spec.Parent():                               "",
		field.Path("").Parent():                           "",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
