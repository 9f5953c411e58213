// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package api

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
