// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package api holds the API as plain data: what an EgressBundle and an EgressMesh say.
//
// A value means what the YAML of the same fields means. Nothing here judges it: Render of
// package egress does, for values that a program built as for files.
package api

// The group, the version and the kinds of the API.
const (
	Group      = "egressbundle.io"
	APIVersion = Group + "/v1alpha1"
	KindBundle = "EgressBundle"
	KindMesh   = "EgressMesh"
)

// AcknowledgePrefix begins the annotations of an EgressBundle or an EgressMesh that acknowledge
// its warnings of one code, which follows. The value is the reason.
const AcknowledgePrefix = Group + "/acknowledge-"

// Kinds returns the kinds of the API.
func Kinds() []string { return []string{KindBundle, KindMesh} }

// A Bundle says what the workloads of a team may reach outside the mesh. It is
// the EgressBundle of the API. A Bundle needs a name, a namespace and at least
// one destination.
type Bundle struct {
	// Name and Namespace identify the bundle. Both are DNS labels.
	Name      string
	Namespace string
	// Labels and Annotations are those of the EgressBundle. Objects made from
	// it do not inherit them.
	Labels      map[string]string
	Annotations map[string]string
	// Mesh holds the facts of the cluster. It must be nil if Render is given
	// a mesh. If both are nil, the cluster is a standard Istio installation.
	Mesh *Mesh
	// Clients may use the destinations. Default: the namespace of the bundle.
	Clients []Client
	// Destinations are what may be reached, by name. A name is a DNS label.
	Destinations map[string]Destination
	// Bypass is what skips the proxies of the clients. Default: nothing.
	Bypass *Bypass
	// Enforce closes ways around the destinations. Default: it closes none.
	Enforce *Enforce
}

// A Client is the workloads of one namespace, or some of them.
type Client struct {
	Namespace string `json:"namespace"`
	// ServiceAccounts are the identities that may use the destinations. The
	// gateway checks them, so they need a gateway and a hop with mutual TLS.
	// Default: those of the bundle for a Destination, and else every one.
	ServiceAccounts []string `json:"serviceAccounts,omitempty"`
}

// A Destination is some hosts that are reached in one way.
type Destination struct {
	// Description says what the destination is for. It becomes an annotation
	// of each object that serves this destination alone.
	Description string `json:"description,omitempty"`
	// Owner says who answers for the destination. It becomes an annotation
	// like Description.
	Owner string `json:"owner,omitempty"`
	// Ticket says where the approval of the destination is on record. It becomes an
	// annotation like Description.
	Ticket string `json:"ticket,omitempty"`
	// Expires is the last day on which the destination may be used. It becomes an
	// annotation like Description, and closes nothing by itself: RenderAsOf judges it.
	// Default: none.
	Expires Date `json:"expires,omitempty"`
	// Hosts are fully qualified domain names in lower case, or *. and a domain
	// for every name below it. A destination has Hosts or a Service.
	Hosts []string `json:"hosts,omitempty"`
	// WildcardServer is the host that serves every name below a wildcard. It
	// must be set to lead a wildcard through a gateway.
	WildcardServer string `json:"wildcardServer,omitempty"`
	// Service is a Service of the cluster that stands for the host.
	Service *Service `json:"service,omitempty"`
	// Via is the way out. Default: ViaGateway.
	Via Via `json:"via,omitempty"`
	// Gateway names the egress gateway among those of the mesh. It must be set
	// if there are several, and must not be set with ViaSidecar.
	Gateway string `json:"gateway,omitempty"`
	// MutualTLS says whether the hop from the sidecar to the gateway is Istio
	// mutual TLS. Default: MutualTLS of the mesh. It must not be set with
	// ViaSidecar.
	MutualTLS *bool `json:"mutualTLS,omitempty"`
	// Clients narrows the clients of the bundle. Default: all of them.
	Clients []Client `json:"clients,omitempty"`
	// Addresses are the IP addresses that applications call, or ranges of them.
	// They must be set for the pattern TCP, unless DNSCapture of the Mesh tells it by
	// name. Requests to one address lead to the host, unless a port has TLSPassthrough.
	// Through a gateway all of them lead to the host.
	Addresses []string `json:"addresses,omitempty"`
	// Endpoints are where the traffic really goes. Default: to the host.
	Endpoints []Endpoint `json:"endpoints,omitempty"`
	// ForwardProxy is the HTTP proxy outside the mesh that leads to the host.
	// Default: none.
	ForwardProxy *ForwardProxy `json:"forwardProxy,omitempty"`
	// TrafficPolicy says how connections to the host are made, limited and
	// spread. Default: as the mesh does it.
	TrafficPolicy *TrafficPolicy `json:"trafficPolicy,omitempty"`
	// Ports are the ports that applications call. Default: 443 with the
	// pattern TLSPassthrough.
	Ports []Port `json:"ports,omitempty"`
}

// An Endpoint is a place where the traffic of a destination really goes.
type Endpoint struct {
	// Address is an IP address or a fully qualified domain name.
	Address string `json:"address"`
	// Ports are its ports, by the ports that applications call. Default: the
	// port that the pattern says.
	Ports map[int]int `json:"ports,omitempty"`
	// Weight is how much of the traffic it gets, beside the weights of the others: of all,
	// and where outlierDetection makes localities count, of those that are equally near. A
	// name gets it for each of its addresses. Default: 1.
	Weight int `json:"weight,omitempty"`
	// Locality is where it is: region, region/zone or region/zone/subzone.
	// Default: unknown.
	Locality string `json:"locality,omitempty"`
}

// A ForwardProxy is an HTTP proxy that connects its callers to hosts, with the
// method CONNECT (RFC 9110, section 9.3.6).
type ForwardProxy struct {
	// Address is its IP address or its fully qualified domain name.
	Address string `json:"address"`
	// Port is its port, from 1 to 65535.
	Port int `json:"port"`
	// TLS is what the mesh opens to the proxy. Default: none.
	TLS *ClientTLS `json:"tls,omitempty"`
}

// Via is a way out of the mesh.
type Via string

const (
	// ViaGateway leads through an egress gateway.
	ViaGateway Via = "Gateway"
	// ViaSidecar leads straight from the sidecar to the host.
	ViaSidecar Via = "Sidecar"
)
