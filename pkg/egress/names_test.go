// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"fmt"
	"testing"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
)

// TestNamesDoNotMeet gives a gateway and a destination of every sort one name, which is also a
// word that stands in names of objects, and puts everything into one namespace.
func TestNamesDoNotMeet(t *testing.T) {
	for _, word := range []string{
		"0", "00", "1", "443", "clients", "default-deny", "egress", "http", "http-80", "ipv4", "plaintext", "secrets", "service",
		"tcp", "wildcard",
	} {
		t.Run(word, func(t *testing.T) {
			mesh := &api.Mesh{AccessLog: true, Gateways: map[string]api.Gateway{
				word:  {Namespace: "egress", Service: "gw", Deploy: &api.Deploy{}},
				"two": {Namespace: "egress", Service: "gw--egress", Deploy: &api.Deploy{}, Selector: map[string]string{"app": "two"}},
			}}
			var bundles []api.Bundle
			for sort, d := range sortsOfDestinations(word) {
				if d.Service == nil || word[0] > '9' { // as names of Services are
					bundles = append(bundles, bundleOfWord(word, sort, d))
				}
			}
			checkUnique(t, render(t, mesh, bundles...))
		})
	}
}

// sortsOfDestinations returns a destination of each sort. Those with a gateway use one.
func sortsOfDestinations(gateway string) map[string]api.Destination {
	every := []api.Port{
		{Number: 80, Pattern: &api.TLSOrigination{ClientTLS: api.ClientTLS{ClientCertificate: &api.ClientCertificate{Secret: "partner"}}}},
		{Number: 443, Pattern: &api.TLSPassthrough{}},
		{Number: 8080, Pattern: &api.HTTP{}},
	}
	tcp := []api.Port{{Number: 9000, Pattern: &api.TCP{}}}
	sorts := map[string]api.Destination{
		"hosts":   {Gateway: gateway, WildcardServer: "b.example.com", Hosts: []string{"a.example.com", "*.b.example.com"}, Ports: every[1:2]},
		"opened":  {Gateway: gateway, Hosts: []string{"c.example.com"}, Ports: every},
		"alias":   {Gateway: gateway, Service: &api.Service{Type: "ExternalName", ExternalName: "d.example.com"}, Ports: every[:1]},
		"address": {Gateway: gateway, Hosts: []string{"e.example.com"}, Addresses: []string{"203.0.113.1"}, Ports: append(tcp, every...)},
		"sidecar": {Via: api.ViaSidecar, WildcardServer: "g.example.com", Hosts: []string{"f.example.com", "*.g.example.com"}, Ports: every[1:]},
		"tcp":     {Via: api.ViaSidecar, Hosts: []string{"h.example.com"}, Addresses: []string{"203.0.113.2"}, Ports: tcp},
		"service": {Via: api.ViaSidecar, Service: &api.Service{Type: "Endpoints", Addresses: []string{"203.0.113.3", "2001:db8::3"}}, Ports: tcp},
	}
	many := api.Destination{Gateway: gateway}
	for i := range 600 {
		many.Hosts = append(many.Hosts, fmt.Sprintf("h%d.example.net", i))
	}
	sorts["many"] = many
	return sorts
}

// bundleOfWord returns a bundle that uses the gateway, and has a destination of its name.
func bundleOfWord(word, sort string, d api.Destination) api.Bundle {
	other := api.Destination{Gateway: word, Hosts: []string{sort + ".example.org"}}
	return api.Bundle{
		Name: word, Namespace: sort, Clients: []api.Client{{Namespace: "egress"}},
		Destinations: map[string]api.Destination{word: d, "other": other},
		Enforce:      &api.Enforce{Authorization: true, RegistryOnly: true},
	}
}
