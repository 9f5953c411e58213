// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"maps"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/draft"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// annotationExportTo names the namespaces whose sidecars see a Service. Others
// have no rule for it, and would send in plain text what is to be TLS.
// https://istio.io/latest/docs/reference/config/annotations/#ServiceExportTo
const annotationExportTo = "networking.istio.io/exportTo"

// services returns the Service, and the EndpointSlices that hold its
// addresses: one for each family of them.
// https://kubernetes.io/docs/concepts/services-networking/service/#services-without-selectors
func services(d *ir.Destination) []draft.Draft {
	if d.Onward.Service == nil {
		return nil
	}
	ref := diag.ObjectRef{Kind: kind.Service, Namespace: d.Bundle.Namespace, Name: d.Name}
	if d.Told != ir.ByService {
		return []draft.Draft{draft.OfDestination(d, ref, func() any { return aliasSpec(d) })}
	}
	families := endpointSlices(d)
	service := draft.OfDestination(d, ref, func() any { return serviceSpec(d, len(families) > 1) })
	service.Annotations = map[string]string{annotationExportTo: strings.Join(d.Clients.Namespaces, ",")}
	return append(families, service)
}

func aliasSpec(d *ir.Destination) *corev1.ServiceSpec {
	return &corev1.ServiceSpec{
		Type:         corev1.ServiceTypeExternalName,
		ExternalName: d.Onward.Service.ExternalName,
	}
}

func serviceSpec(d *ir.Destination, dualStack bool) *corev1.ServiceSpec {
	service := &corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP}
	for _, r := range d.Routes {
		service.Ports = append(service.Ports, corev1.ServicePort{
			Name:       r.Name(),
			Port:       int32(r.Port),
			Protocol:   corev1.ProtocolTCP,
			TargetPort: intstr.FromInt32(int32(r.Exit.Port)),
		})
	}
	if dualStack {
		service.IPFamilyPolicy = new(corev1.IPFamilyPolicyPreferDualStack)
	}
	return service
}

func endpointSlices(d *ir.Destination) []draft.Draft {
	families := map[discoveryv1.AddressType][]string{}
	for _, text := range d.Onward.Service.Addresses {
		family := discoveryv1.AddressTypeIPv4
		if ip, err := netip.ParseAddr(text); err == nil && ip.Is6() {
			family = discoveryv1.AddressTypeIPv6
		}
		families[family] = append(families[family], text)
	}
	var drafts []draft.Draft
	for _, family := range slices.Sorted(maps.Keys(families)) {
		name := draft.Name(d, strings.ToLower(string(family)))
		ref := diag.ObjectRef{Kind: kind.EndpointSlice, Namespace: d.Bundle.Namespace, Name: name}
		slice := draft.OfDestination(d, ref, func() any { return endpointSlice(d, family, families[family]) })
		slice.Labels = map[string]string{discoveryv1.LabelServiceName: d.Name, discoveryv1.LabelManagedBy: object.ManagedBy}
		drafts = append(drafts, slice)
	}
	return drafts
}

func endpointSlice(d *ir.Destination, family discoveryv1.AddressType, addresses []string) *discoveryv1.EndpointSlice {
	slice := &discoveryv1.EndpointSlice{AddressType: family}
	for _, text := range addresses {
		slice.Endpoints = append(slice.Endpoints, discoveryv1.Endpoint{Addresses: []string{text}})
	}
	for _, r := range d.Routes {
		slice.Ports = append(slice.Ports, discoveryv1.EndpointPort{
			Name:     new(r.Name()),
			Port:     new(int32(r.Exit.Port)),
			Protocol: new(corev1.ProtocolTCP),
		})
	}
	return slice
}
