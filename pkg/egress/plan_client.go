// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"fmt"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/schema"
)

// clients are workloads, by namespace.
type clients struct {
	namespaces []string // sorted
	// accounts are the service accounts of a namespace, sorted; none means every
	// one.
	accounts map[string][]string
}

// bundleClients returns who may use the bundle.
func (p *planner) bundleClients() clients {
	if len(p.bundle.Clients) == 0 {
		return clients{namespaces: []string{p.bundle.Namespace}}
	}
	return p.toClients(pathClients, p.bundle.Clients)
}

func (p *planner) toClients(path string, from []Client) clients {
	c := clients{accounts: map[string][]string{}}
	for i, client := range from {
		at := schema.Item(path, i)
		if slices.Contains(c.namespaces, client.Namespace) {
			p.reportf(DuplicateClient, at+".namespace", "must stand only once in the list, got %q again", client.Namespace)
		}
		for j, account := range client.ServiceAccounts {
			if slices.Contains(client.ServiceAccounts[:j], account) {
				p.reportf(DuplicateClient, schema.Item(at+".serviceAccounts", j), "must stand only once in the list, got %q again", account)
			}
		}
		c.namespaces = append(c.namespaces, client.Namespace)
		c.accounts[client.Namespace] = slices.Sorted(slices.Values(client.ServiceAccounts))
	}
	slices.Sort(c.namespaces)
	return c
}

// setClients chooses who may use a destination: some of those who may use the
// bundle.
func (p *planner) setClients(path string, d *destination, from Destination) {
	of := p.clients
	if len(from.Clients) > 0 {
		of = p.narrowed(schema.Child(path, "clients"), from.Clients)
	}
	p.checkIdentity(path, d, from, of)
	d.clients, d.accounts = of.namespaces, of.accounts
	d.principals = of.principals(p.mesh.TrustDomain)
	d.narrowed = len(from.Clients) > 0 && !slices.Equal(d.principals, p.clients.principals(p.mesh.TrustDomain))
}

// narrowed returns the clients of a destination. A namespace without service
// accounts has those of the bundle.
func (p *planner) narrowed(path string, from []Client) clients {
	some := p.toClients(path, from)
	for i, client := range from {
		at := schema.Item(path, i)
		if !slices.Contains(p.clients.namespaces, client.Namespace) {
			p.reportf(UnknownClient, at+".namespace", "must be one of the bundle's clients (%s), got %q; add it to %s first", strings.Join(p.clients.namespaces, ", "), client.Namespace, pathClients)
			continue
		}
		known := p.clients.accounts[client.Namespace]
		if len(client.ServiceAccounts) == 0 {
			some.accounts[client.Namespace] = known
		}
		for j, account := range client.ServiceAccounts {
			if len(known) > 0 && !slices.Contains(known, account) {
				p.reportf(UnknownClient, schema.Item(at+".serviceAccounts", j), "must be one of the bundle's service accounts of %s (%s), got %q; add it to %s first", client.Namespace, strings.Join(known, ", "), account, pathClients)
			}
		}
	}
	return some
}

// checkIdentity refuses service accounts where nobody can check them: the
// gateway knows who calls by the certificates of the hop, and nothing stands in
// the way of a call that leaves from the sidecar.
func (p *planner) checkIdentity(path string, d *destination, from Destination, of clients) {
	restricted := slices.ContainsFunc(of.namespaces, func(n string) bool { return len(of.accounts[n]) > 0 })
	if !restricted || d.gateway != nil && d.mutualTLS {
		return
	}
	if len(from.Clients) > 0 {
		path = schema.Child(path, "clients")
	}
	if d.gateway == nil {
		p.reportf(NeedsGateway, path, "must not be for service accounts alone with `via: Sidecar`: nothing checks who calls there; use `via: Gateway`, or allow the whole namespace")
		return
	}
	p.reportf(NeedsMutualTLS, path, "must not be for service accounts alone without mutual TLS: the gateway cannot tell who calls; set `mutualTLS: true`, or allow the whole namespace")
}

// principals returns the identities of the clients as Istio matches them.
// https://istio.io/latest/docs/reference/config/security/authorization-policy/#Source
func (c clients) principals(trustDomain string) []string {
	var principals []string
	for _, namespace := range c.namespaces {
		accounts := c.accounts[namespace]
		if len(accounts) == 0 {
			accounts = []string{"*"}
		}
		for _, account := range accounts {
			principals = append(principals, fmt.Sprintf("%s/ns/%s/sa/%s", trustDomain, namespace, account))
		}
	}
	return principals
}
