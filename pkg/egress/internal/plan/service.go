// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/address"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
)

// isService reports whether a destination is called by the address of a Service. Of an
// alias, sidecars know the host itself.
func isService(d api.Destination) bool {
	return d.Service != nil && d.Service.Type == api.ServiceEndpoints
}

// sortedService returns a Service with its addresses in an order of its own.
func sortedService(from *api.Service) *api.Service {
	if from == nil {
		return nil
	}
	sorted := *from
	sorted.Addresses = address.Set(from.Addresses)
	return &sorted
}

// isServiceOfCluster reports whether a Service is one that every cluster has, or every mesh.
func (m *maker) isServiceOfCluster(service, namespace string) bool {
	switch namespace {
	case "default":
		return service == "kubernetes"
	case m.mesh.DNS.Namespace:
		return service == "kube-dns"
	case m.mesh.RootNamespace:
		return service == "istiod"
	default:
		return false
	}
}

// isServiceOfGateway reports whether a Service is that of a gateway of the mesh.
func (m *maker) isServiceOfGateway(service, namespace string) bool {
	return slices.ContainsFunc(m.gateways, func(name string) bool {
		g := m.mesh.Gateways[name]
		return g.Service == service && g.Namespace == namespace
	})
}

// isShortName reports whether a host is NAME.NAMESPACE of a Service, which the resolver of a
// Pod completes before it asks anybody outside. Where the Service is not known the namespace
// tells it, if it has a hyphen: the last part of no domain of the Internet has.
func (m *maker) isShortName(host string) bool {
	service, namespace, _ := strings.Cut(host, ".")
	own := namespace == m.id.Namespace && m.bundle.Destinations[service].Service != nil
	return own || m.isServiceOfCluster(service, namespace) || m.isServiceOfGateway(service, namespace) ||
		strings.Contains(namespace, "-") && m.isNamespace(namespace)
}

// isNamespace reports whether a name is that of a namespace, as far as is known.
func (m *maker) isNamespace(name string) bool {
	_, isClient := slices.BinarySearch(m.clients.Namespaces, name)
	return isClient || name == m.id.Namespace || m.serverIn(name) != ""
}

// checkService judges a destination that is called as a Service.
func (d destination) checkService() {
	s := d.from.Service
	if s == nil {
		return
	}
	if len(d.from.Hosts) > 0 {
		d.Report(d.path.Child("hosts"), hostsBesideService())
	}
	if d.name[0] >= '0' && d.name[0] <= '9' {
		d.Report(d.path, destinationStartsWithDigit(d.name))
	}
	path := d.path.Child("service")
	if d.isServiceOfGateway(d.name, d.id.Namespace) {
		d.Report(path, serviceOfGateway(d.name))
	}
	if d.isServiceOfCluster(d.name, d.id.Namespace) {
		d.Report(path, serviceOfCluster(d.name, d.id.Namespace))
	}
	switch s.Type {
	case api.ServiceExternalName:
		d.checkExternalName(path, s)
	case api.ServiceEndpoints:
		d.checkServiceAddresses(path, s)
	}
}

func (d destination) checkExternalName(path field.Path, s *api.Service) {
	if s.ExternalName == "" {
		d.Report(path.Child("externalName"), missingExternalName())
	} else {
		d.checkHost(path.Child("externalName"), s.ExternalName)
	}
	if len(s.Addresses) > 0 {
		d.Report(path.Child("addresses"), addressesOfAlias())
	}
}

func (d destination) checkServiceAddresses(path field.Path, s *api.Service) {
	if d.from.Via != api.ViaSidecar {
		d.Report(path, serviceThroughGateway())
	}
	if len(s.Addresses) == 0 {
		d.Report(path.Child("addresses"), missingServiceAddresses())
	}
	for i, text := range d.prefixes(path.Child("addresses"), s.Addresses) {
		ip, err := netip.ParseAddr(text)
		if err == nil && !address.IsOutside(ip) {
			d.Report(path.Child("addresses").Item(i), addressOfNoEndpoint(text))
		}
	}
	if len(d.from.Endpoints) > 0 {
		d.Report(d.path.Child("endpoints"), endpointsBesideService())
	}
	if d.from.ForwardProxy != nil {
		d.Report(d.path.Child("forwardProxy"), proxyBesideService())
	}
}
