// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

// bundleClients returns who may use the bundle.
func (m *maker) bundleClients() ir.Clients {
	if len(m.bundle.Clients) == 0 {
		return ir.Clients{Namespaces: []string{m.bundle.Namespace}}
	}
	return m.toClients(field.Clients, m.bundle.Clients)
}

func (m *maker) toClients(path field.Path, from []api.Client) ir.Clients {
	c := ir.Clients{Accounts: map[string][]string{}}
	for i, client := range from {
		at := path.Item(i)
		if _, again := c.Accounts[client.Namespace]; again {
			m.Report(at.Child("namespace"), clientTwice(client.Namespace))
		}
		seen := map[string]bool{}
		for j, account := range client.ServiceAccounts {
			if seen[account] {
				m.Report(at.Child("serviceAccounts").Item(j), clientTwice(account))
			}
			seen[account] = true
		}
		c.Namespaces = append(c.Namespaces, client.Namespace)
		c.Accounts[client.Namespace] = slices.Sorted(slices.Values(client.ServiceAccounts))
	}
	slices.Sort(c.Namespaces)
	return c
}

// planClients chooses who may use the destination: some of those who may use the bundle.
func (d destination) planClients() (of ir.Clients, narrowed bool) {
	of = d.clients
	if len(d.from.Clients) > 0 {
		of = d.narrow(d.path.Child("clients"), d.from.Clients)
	}
	d.checkIdentity(of)
	return of, len(d.from.Clients) > 0 && !of.Equal(d.clients)
}

// checkForeign looks for clients of other namespaces, whose ways are not for this one to open.
func (m *maker) checkForeign(p *ir.Plan) {
	foreign := slices.DeleteFunc(slices.Clone(p.Clients.Namespaces), func(n string) bool { return n == m.id.Namespace })
	permitted := m.mesh.CrossNamespaceBundles
	switch {
	case len(foreign) == 0 || slices.Contains(permitted, m.id.Namespace):
		return
	case permitted != nil:
		m.Report(field.Clients, foreignClientsRefused(foreign, m.id.Namespace, permitted))
		return
	}
	m.Report(field.Clients, foreignClients(foreign))
	if p.Bypass != nil {
		m.Report(field.Bypass, foreignBypass(foreign))
	}
}

// narrow returns the clients of a destination. A namespace without service
// accounts has those of the bundle.
func (m *maker) narrow(path field.Path, from []api.Client) ir.Clients {
	some := m.toClients(path, from)
	for i, client := range from {
		at := path.Item(i)
		if _, ok := slices.BinarySearch(m.clients.Namespaces, client.Namespace); !ok {
			m.Report(at.Child("namespace"), unknownClient(m.clients.Namespaces, client.Namespace))
			continue
		}
		known := m.clients.Accounts[client.Namespace]
		if len(client.ServiceAccounts) == 0 {
			some.Accounts[client.Namespace] = known
		}
		for j, account := range client.ServiceAccounts {
			if _, ok := slices.BinarySearch(known, account); len(known) > 0 && !ok {
				m.Report(at.Child("serviceAccounts").Item(j), unknownServiceAccount(client.Namespace, known, account))
			}
		}
	}
	return some
}

// checkIdentity refuses service accounts where nobody can check them: the
// gateway knows who calls by the certificates of the hop, and nothing stands in
// the way of a call that leaves from the sidecar.
func (d destination) checkIdentity(of ir.Clients) {
	restricted := slices.ContainsFunc(of.Namespaces, func(n string) bool { return len(of.Accounts[n]) > 0 })
	if !restricted {
		return
	}
	path := d.path
	if len(d.from.Clients) > 0 {
		path = path.Child("clients")
	}
	switch way := d.way.(type) {
	case ir.FromSidecar:
		d.Report(path, identityFromSidecar())
	case ir.ThroughGateway:
		if !way.MutualTLS {
			d.Report(path, identityWithoutMutualTLS())
		}
	}
}
