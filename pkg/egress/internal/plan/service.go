// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"net/netip"

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
	for _, g := range d.mesh.Gateways {
		if g.Namespace == d.id.Namespace && g.Service == d.name {
			d.Report(path, serviceOfGateway(d.name))
		}
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
