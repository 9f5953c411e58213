// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package diag

// A Code identifies a rule for good: it is never renamed, and never given to
// another rule. Match on codes; messages may be reworded.
type Code string

// Rules that a file breaks by itself.
const (
	// InvalidYAML: the file is no YAML.
	InvalidYAML Code = "InvalidYAML"
	// DuplicateKey: a map has one key twice.
	DuplicateKey Code = "DuplicateKey"
	// UnknownKind: the API has no such kind, or none in this version.
	UnknownKind Code = "UnknownKind"
	// UnknownField: there is no such field at this place.
	UnknownField Code = "UnknownField"
	// MissingField: a field that must be there is not.
	MissingField Code = "MissingField"
	// InvalidValue: a field does not take this value.
	InvalidValue Code = "InvalidValue"
)

// Rules that a bundle breaks.
const (
	// DuplicateHost: a host stands twice among those that a client may reach.
	DuplicateHost Code = "DuplicateHost"
	// DuplicatePort: a destination has one port twice.
	DuplicatePort Code = "DuplicatePort"
	// DuplicateClient: a namespace stands twice in a list of clients.
	DuplicateClient Code = "DuplicateClient"
	// CrossNamespace: a bundle concerns workloads of other namespaces than its own.
	CrossNamespace Code = "CrossNamespace"
	// Expired: the last day of a destination is over, or a bundle says what that means.
	Expired Code = "Expired"
	// UnknownClient: a destination names a client that the bundle does not.
	UnknownClient Code = "UnknownClient"
	// HostInCluster: a host is a Service of the cluster.
	HostInCluster Code = "HostInCluster"
	// ReservedHost: a host is a name that egressbundle itself makes up.
	ReservedHost Code = "ReservedHost"
	// ReservedPort: a port is one on which proxies listen themselves.
	ReservedPort Code = "ReservedPort"
	// NeedsGateway: a field or a value has no meaning with via Sidecar.
	NeedsGateway Code = "NeedsGateway"
	// UnknownGateway: the mesh has no gateway of this name.
	UnknownGateway Code = "UnknownGateway"
	// AmbiguousGateway: the mesh has several gateways and none is chosen.
	AmbiguousGateway Code = "AmbiguousGateway"
	// NeedsMutualTLS: the hop must be mutual TLS to tell two ports apart.
	NeedsMutualTLS Code = "NeedsMutualTLS"
	// NeedsSidecar: a field or a value has no meaning with via Gateway.
	NeedsSidecar Code = "NeedsSidecar"
	// NeedsHTTP: a setting needs a port whose requests the mesh sees.
	NeedsHTTP Code = "NeedsHTTP"
	// UnknownGatewayPort: the gateway has no such port for TCP.
	UnknownGatewayPort Code = "UnknownGatewayPort"
	// UnknownPort: the destination has no such port.
	UnknownPort Code = "UnknownPort"
	// DuplicateAddress: an address stands twice in a list.
	DuplicateAddress Code = "DuplicateAddress"
	// AmbiguousAddress: TCP has several hosts, and only an address tells them
	// apart; or many hosts have addresses in a range that leads to one.
	AmbiguousAddress Code = "AmbiguousAddress"
	// UnusedAddresses: addresses say nothing of the ports of a destination.
	UnusedAddresses Code = "UnusedAddresses"
	// UnsupportedWildcard: a wildcard stands where hosts must be named.
	UnsupportedWildcard Code = "UnsupportedWildcard"
	// OpenWildcard: a wildcard lets its clients reach every address.
	OpenWildcard Code = "OpenWildcard"
	// ServiceConflict: a field contradicts the service of its destination.
	ServiceConflict Code = "ServiceConflict"
	// ForwardProxyConflict: a field or a pattern contradicts a forward proxy.
	ForwardProxyConflict Code = "ForwardProxyConflict"
	// CertificateSource: certificates come from sources that Istio cannot join.
	CertificateSource Code = "CertificateSource"
	// CertificateFolder: a file of a certificate is where no Secret can be
	// mounted.
	CertificateFolder Code = "CertificateFolder"
	// IncompleteFailover: failover lacks what makes it happen.
	IncompleteFailover Code = "IncompleteFailover"
	// Bypassed: a destination cannot be reached through the proxy that its
	// clients skip.
	Bypassed Code = "Bypassed"
	// AllowAny: the mesh lets workloads reach what no bundle declares.
	AllowAny Code = "AllowAny"
	// UnlistedPorts: ports of a host that a destination does not list can no longer be
	// reached, and could without it.
	UnlistedPorts Code = "UnlistedPorts"
	// Unenforceable: what is to be enforced is not possible here, or would break
	// more than egress.
	Unenforceable Code = "Unenforceable"
	// NeedsAddress: only a name is known where a NetworkPolicy needs an address.
	NeedsAddress Code = "NeedsAddress"
	// ClosesGateway: a gateway is closed for others too.
	ClosesGateway Code = "ClosesGateway"
	// ProxyHeaders: a header of the mesh leaves with requests.
	ProxyHeaders Code = "ProxyHeaders"
	// AssumedPorts: the container ports of a gateway are not known.
	AssumedPorts Code = "AssumedPorts"
	// DuplicateGateway: two gateways have the same Service or the same Pods.
	DuplicateGateway Code = "DuplicateGateway"
	// InvalidToleration: a toleration that Kubernetes refuses.
	InvalidToleration Code = "InvalidToleration"
	// InvalidReplicas: the least number of Pods is more than the greatest.
	InvalidReplicas Code = "InvalidReplicas"
	// InvalidResources: a Pod requests more than its limit.
	InvalidResources Code = "InvalidResources"
	// PlainHTTPOn443: the application is said to speak plain HTTP on port 443.
	PlainHTTPOn443 Code = "PlainHTTPOn443"
	// StartTLS: TLS is to pass on a port whose protocol begins in plain text.
	StartTLS Code = "StartTLS"
	// Fault: requests are made to fail.
	Fault Code = "Fault"
	// RetriesOff: retries are turned off and configured at once.
	RetriesOff Code = "RetriesOff"
)

// Rules of diagnostics themselves.
const (
	// UnusedAcknowledgement: a warning is acknowledged that does not occur, or without a
	// reason.
	UnusedAcknowledgement Code = "UnusedAcknowledgement"
)

// Rules that bundles and meshes break together.
const (
	// DuplicateBundle: two bundles have one namespace and name.
	DuplicateBundle Code = "DuplicateBundle"
	// DuplicateMesh: there are two EgressMeshes, or one beside spec.mesh.
	DuplicateMesh Code = "DuplicateMesh"
	// MeshConflict: two bundles state different facts of one cluster.
	MeshConflict Code = "MeshConflict"
	// GatewayPortConflict: a port of a gateway is claimed for two uses.
	GatewayPortConflict Code = "GatewayPortConflict"
	// HostConflict: two bundles give one client different ways to one host.
	HostConflict Code = "HostConflict"
	// AddressConflict: two destinations give one client different ways to one
	// address.
	AddressConflict Code = "AddressConflict"
	// AddressBeforeName: a range of addresses takes traffic of other hosts.
	AddressBeforeName Code = "AddressBeforeName"
	// UnjudgedEnvoyFilter: an EnvoyFilter may change the proxies on the way.
	UnjudgedEnvoyFilter Code = "UnjudgedEnvoyFilter"
	// SidecarConflict: a Sidecar of somebody else is for the same workloads, or keeps a bundle
	// from them.
	SidecarConflict Code = "SidecarConflict"
	// ServiceEntryConflict: somebody else declares a host in another way, or addresses before it.
	ServiceEntryConflict Code = "ServiceEntryConflict"
	// VirtualServiceConflict: a route of somebody else is for the same calls.
	VirtualServiceConflict Code = "VirtualServiceConflict"
	// DestinationRuleConflict: a rule of somebody else is for the same host or gateway.
	DestinationRuleConflict Code = "DestinationRuleConflict"
	// GatewayConflict: a server of somebody else excludes one of a bundle.
	GatewayConflict Code = "GatewayConflict"
	// AuthorizationPolicyConflict: a policy of somebody else denies what a bundle
	// opens.
	AuthorizationPolicyConflict Code = "AuthorizationPolicyConflict"
	// NameConflict: an object of somebody else has the name of one of a bundle, or two objects
	// of bundles have one name.
	NameConflict Code = "NameConflict"
	// EnforceConflict: a bundle closes what another opens.
	EnforceConflict Code = "EnforceConflict"
	// DuplicateService: two bundles make one Service.
	DuplicateService Code = "DuplicateService"
)
