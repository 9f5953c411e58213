// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/schema"
)

// A Service is a Service of the cluster that stands for a host outside.
// Applications call it as DESTINATION.NAMESPACE.svc, with the namespace of the
// bundle. With ServiceEndpoints it needs ViaSidecar.
type Service struct {
	// Type says how the Service knows the host.
	Type ServiceType `json:"type"`
	// ExternalName is the name of the host outside. With ServiceEndpoints it is
	// what the host is called with; it must be set there for TLSOrigination.
	ExternalName string `json:"externalName,omitempty"`
	// Addresses are the IP addresses of the host. They must be set with
	// ServiceEndpoints, and must not be set otherwise.
	Addresses []string `json:"addresses,omitempty"`
}

// A ServiceType says how a Service knows the host that it stands for.
type ServiceType string

const (
	// ServiceExternalName is a Service that is another name of the host.
	ServiceExternalName ServiceType = "ExternalName"
	// ServiceEndpoints is a Service with an address in the cluster, whose
	// EndpointSlices hold the addresses of the host.
	ServiceEndpoints ServiceType = "Endpoints"
)

// hasAddresses reports whether a Service has an address that sidecars know it
// by. Only with an alias do they know the host itself.
func (s *Service) hasAddresses() bool { return s != nil && s.Type == ServiceEndpoints }

// sorted returns the Service with its addresses in an order of its own.
func (s *Service) sorted() *Service {
	if s == nil {
		return nil
	}
	sorted := *s
	sorted.Addresses = nil
	for _, address := range s.Addresses {
		sorted.Addresses = append(sorted.Addresses, normalized(address))
	}
	slices.Sort(sorted.Addresses)
	return &sorted
}

// checkService judges a destination that is called as a Service.
func (p *planner) checkService(path, name string, from Destination) {
	s := from.Service
	if s == nil {
		return
	}
	if len(from.Hosts) > 0 {
		p.reportf(ServiceConflict, schema.Child(path, "hosts"), "must not be set beside service, which is called by the name of the destination; remove one of them")
	}
	if name[0] >= '0' && name[0] <= '9' {
		p.reportf(InvalidValue, path, "the name must start with a letter where it is the name of a Service, got %q", name)
	}
	path = schema.Child(path, "service")
	for _, g := range p.mesh.Gateways {
		if g.Namespace == p.bundle.Namespace && g.Service == name {
			p.reportf(DuplicateService, path, "must have another name: %q is the Service of a gateway of the mesh; rename the destination", name)
		}
	}
	switch s.Type {
	case ServiceExternalName:
		p.checkExternalName(path, s)
	case ServiceEndpoints:
		p.checkServiceAddresses(path, from)
	}
}

func (p *planner) checkExternalName(path string, s *Service) {
	if s.ExternalName == "" {
		p.reportf(MissingField, schema.Child(path, "externalName"), "is missing; it must be the name of the host, such as \"api.example.com\"")
	} else {
		p.checkHost(schema.Child(path, "externalName"), s.ExternalName)
	}
	if len(s.Addresses) > 0 {
		p.reportf(ServiceConflict, schema.Child(path, "addresses"), "must not be set with `type: ExternalName`, which has a name and no address; remove it, or use `type: Endpoints`")
	}
}

func (p *planner) checkServiceAddresses(path string, from Destination) {
	s := from.Service
	if from.Via != ViaSidecar {
		p.reportf(NeedsSidecar, path, "must have `via: Sidecar` with `type: Endpoints`: its address leads straight from the sidecar to the host; add it, or use hosts, or `type: ExternalName`, to go through a gateway")
	}
	if len(s.Addresses) == 0 {
		p.reportf(MissingField, schema.Child(path, "addresses"), "is missing; it must be a list of the IP addresses of the host, such as [203.0.113.7]: a Service without them leads nowhere")
	}
	for i, address := range p.prefixes(schema.Child(path, "addresses"), s.Addresses) {
		ip, err := netip.ParseAddr(address)
		if err == nil && !isOutside(ip) {
			p.reportf(InvalidValue, schema.Item(schema.Child(path, "addresses"), i), "must be the address of one other host, got %s, which Kubernetes refuses in an EndpointSlice", address)
		}
	}
	if len(from.Endpoints) > 0 {
		p.reportf(ServiceConflict, schema.Child(parent(path), "endpoints"), "must not be set beside a service of `type: Endpoints`, whose addresses say where traffic goes; remove it")
	}
	if from.ForwardProxy != nil {
		p.reportf(ServiceConflict, schema.Child(parent(path), "forwardProxy"), "must not be set beside a service of `type: Endpoints`, which leads to addresses and not through a proxy; use hosts instead of service")
	}
}

// serviceHosts returns what sidecars know of a Service: the host itself, if the
// Service is an alias, and else the Service.
func (p *planner) serviceHosts(name string, s *Service) []host {
	if s.Type == ServiceExternalName {
		return []host{namedHost(s.ExternalName, "")}
	}
	service := fmt.Sprintf("%s.%s.svc.%s", name, p.bundle.Namespace, p.mesh.ClusterDomain)
	return []host{{name: service, outside: s.ExternalName}}
}

// annotationExportTo names the namespaces whose sidecars see a Service. Others
// have no rule for it, and would send in plain text what is to be TLS.
// https://istio.io/latest/docs/reference/config/annotations/#ServiceExportTo
const annotationExportTo = "networking.istio.io/exportTo"

// serviceObjects returns the Service, and the EndpointSlices that hold its
// addresses: one for each family of them.
// https://kubernetes.io/docs/concepts/services-networking/service/#services-without-selectors
func (d *destination) serviceObjects() []Object {
	if d.service == nil {
		return nil
	}
	if d.service.Type == ServiceExternalName {
		return []Object{d.object(kindService, d.bundle.namespace, d.name, &corev1.ServiceSpec{
			Type:         corev1.ServiceTypeExternalName,
			ExternalName: d.service.ExternalName,
		})}
	}
	service := &corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP}
	for _, r := range d.routes {
		service.Ports = append(service.Ports, corev1.ServicePort{
			Name:       portName(r.protocol, r.port),
			Port:       int32(r.port),
			Protocol:   corev1.ProtocolTCP,
			TargetPort: intstr.FromInt32(int32(r.exit.port)),
		})
	}
	families := d.endpointSlices()
	if len(families) > 1 {
		service.IPFamilyPolicy = new(corev1.IPFamilyPolicyPreferDualStack)
	}
	o := d.object(kindService, d.bundle.namespace, d.name, service)
	o.Annotations[annotationExportTo] = strings.Join(d.clients, ",")
	return append(families, o)
}

func (d *destination) endpointSlices() []Object {
	families := map[discoveryv1.AddressType][]string{}
	for _, address := range d.service.Addresses {
		family := discoveryv1.AddressTypeIPv4
		if ip, err := netip.ParseAddr(address); err == nil && ip.Is6() {
			family = discoveryv1.AddressTypeIPv6
		}
		families[family] = append(families[family], address)
	}
	var objects []Object
	for family, addresses := range families {
		slice := &discoveryv1.EndpointSlice{AddressType: family}
		for _, address := range addresses {
			slice.Endpoints = append(slice.Endpoints, discoveryv1.Endpoint{Addresses: []string{address}})
		}
		for _, r := range d.routes {
			slice.Ports = append(slice.Ports, discoveryv1.EndpointPort{
				Name:     new(portName(r.protocol, r.port)),
				Port:     new(int32(r.exit.port)),
				Protocol: new(corev1.ProtocolTCP),
			})
		}
		o := d.object(kindEndpointSlice, d.bundle.namespace, d.objectName(strings.ToLower(string(family))), slice)
		o.Labels[discoveryv1.LabelServiceName] = d.name
		o.Labels[discoveryv1.LabelManagedBy] = ManagedBy
		objects = append(objects, o)
	}
	return objects
}
