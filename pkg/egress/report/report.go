// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package report holds who may call what and where that really leads (Access), what is open
// beside it (Opening), and which objects stop those who try to get around it (WayAround).
package report

import (
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// A Report says what bundles open, what is open beside them, and what stops each way around
// them. Encode writes it for people, and EncodeJSON for machines.
//
// It knows what bundles say, and what others say in the same files. It does not know what else
// there is in the cluster.
type Report struct {
	// Mesh is what the report takes for granted of the cluster.
	Mesh   Mesh     `json:"mesh,omitzero"`
	Access []Access `json:"access,omitempty"`
	// Expiry is what has expired, and what is to. Nil: dates were not judged.
	Expiry     *Expiry     `json:"expiry,omitempty"`
	Openings   []Opening   `json:"openings,omitempty"`
	WaysAround []WayAround `json:"waysAround,omitempty"`
	// Acknowledged are the warnings that the input acknowledges.
	Acknowledged []Acknowledged `json:"acknowledged,omitempty"`
}

// A Mesh is the facts of a cluster, with every default, as bundles or their EgressMesh say
// them.
type Mesh struct {
	IstioVersion          string `json:"istioVersion"`
	RootNamespace         string `json:"rootNamespace"`
	ClusterDomain         string `json:"clusterDomain"`
	TrustDomain           string `json:"trustDomain"`
	OutboundTrafficPolicy string `json:"outboundTrafficPolicy"`
	ProxyHeaders          string `json:"proxyHeaders"`
	// DNSCapture says whether sidecars answer DNS.
	DNSCapture bool `json:"dnsCapture,omitempty"`
	// DNS and APIServer are what NetworkPolicies leave open. They are empty where no bundle
	// asks for NetworkPolicies, and APIServer also where they close the cluster.
	DNS       api.DNS  `json:"dns,omitzero"`
	APIServer []string `json:"apiServer,omitempty"`
	// CrossNamespaceBundles are the namespaces whose bundles may have clients of others. Nil:
	// every one.
	CrossNamespaceBundles []string `json:"crossNamespaceBundles,omitzero"`
	// ExpiredDestinations says what a destination is that has expired: an error, Deny, or a
	// warning, Warn.
	ExpiredDestinations string `json:"expiredDestinations"`
	// Gateways are sorted by name.
	Gateways []Gateway `json:"gateways,omitempty"`
}

// A Gateway is an egress gateway of a Mesh.
type Gateway struct {
	Name      string            `json:"name"`
	Namespace string            `json:"namespace"`
	Service   string            `json:"service"`
	Selector  map[string]string `json:"selector"`
	// Ports are those of its Service, and TargetPorts those of its containers.
	Ports       api.GatewayPorts `json:"ports"`
	TargetPorts api.GatewayPorts `json:"targetPorts"`
	// ProxyHeaders says whether its Pods are said to keep the headers of the mesh to
	// themselves: Default or Disabled.
	ProxyHeaders string `json:"proxyHeaders"`
	// NodeSelector is the labels of the nodes that a gateway is deployed on. Empty: not known,
	// or any.
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`
	// AccessLog says whether a bundle has the gateway log what leaves.
	AccessLog bool `json:"accessLog,omitempty"`
}

// An Access is one port of a destination. Its identity is Bundle, Destination and Port.
type Access struct {
	// Bundle is NAMESPACE/NAME, and Destination a name in it. Port is what applications call.
	Bundle      string `json:"bundle"`
	Destination string `json:"destination"`
	Port        int    `json:"port"`
	// Field leads to the port in the bundle, or to the destination if that says nothing of
	// ports, and Position is where that stands in its file, if it has one.
	Field    string        `json:"field"`
	Position diag.Position `json:"position,omitzero"`
	// Description is what the destination is for, and Owner who answers for it.
	Description string `json:"description,omitempty"`
	Owner       string `json:"owner,omitempty"`
	// Ticket is where its approval is on record, and Expires the last day on which it may be
	// used.
	Ticket  string   `json:"ticket,omitempty"`
	Expires api.Date `json:"expires,omitempty"`
	// Clients may call: whole namespaces, or some service accounts of them. They are sorted.
	Clients []api.Client `json:"clients"`
	// Hosts are called, each of them. Addresses are what tells their calls from others,
	// where that is not the name.
	Hosts     []string `json:"hosts"`
	Addresses []string `json:"addresses,omitempty"`
	// Protocol is what sidecars see there: TLS, TCP, HTTP, HTTP2 or GRPC.
	Protocol string `json:"protocol"`
	// Requests are those that may pass. Empty: all that are made.
	Requests []api.AllowedRequest `json:"requests,omitempty"`
	// Exit is the gateway, as NAMESPACE/SERVICE, or "sidecar". ExitPort is the port of the
	// gateway's Service, and 0 for sidecars.
	Exit     string `json:"exit"`
	ExitPort int    `json:"exitPort,omitempty"`
	// ToExit and Beyond are who encrypts, before and after the exit. Empty:
	// nobody in the mesh.
	ToExit string `json:"toExit,omitempty"`
	Beyond string `json:"beyond,omitempty"`
	// LeavesTo is where it really goes: to one of these. ForwardProxy is the HTTP proxy that
	// is asked for them, if there is one.
	LeavesTo     []Target      `json:"leavesTo"`
	ForwardProxy *ForwardProxy `json:"forwardProxy,omitempty"`
	// Shapes are what becomes of requests where they leave. Empty: nothing.
	Shapes []Shape `json:"shapes,omitempty"`
	// Failover leads from the targets of one region to those of another.
	Failover []api.Failover `json:"failover,omitempty"`
	// Service is the Service of the cluster that applications call, if there is one.
	Service *Service `json:"service,omitempty"`
	// TLS is what the exit opens. Nil: it opens none.
	TLS *TLS `json:"tls,omitempty"`
	// Headers are those of the mesh that requests may leave with.
	Headers []string `json:"headers,omitempty"`
	// By are the objects that serve this port for the clients: those of the destination, and
	// those of the hop to the gateway that it shares with others of its bundle. What stands
	// in the namespace of a client serves that client alone.
	By []diag.ObjectRef `json:"by"`
}

// A Target is where traffic leaves to.
type Target struct {
	// Hosts are those of an Access that it is for. Empty: each of them.
	Hosts []string `json:"hosts,omitempty"`
	// Address is an IP address, a range of them, or a name that the exit looks up in DNS.
	// Empty: the host that is called, likewise.
	Address string `json:"address,omitempty"`
	// AsCalled says that the caller chooses the IP address: within Address, or any at all if
	// that is empty.
	AsCalled bool `json:"asCalled,omitempty"`
	Port     int  `json:"port"`
	// Weight is how much of the traffic goes there, beside the weights of the others. 0: each
	// gets as much.
	Weight int `json:"weight,omitempty"`
	// Locality is region, region/zone or region/zone/subzone. Empty: unknown.
	Locality string `json:"locality,omitempty"`
}

// A Shape is what becomes of requests of a path. Of several the first is followed.
type Shape struct {
	// Path is that which the application sends, or one with a * at its end for all that start
	// so.
	Path string `json:"path"`
	// Replaces is what of the path Rewrite replaces: its beginning. Empty: nothing.
	Replaces string `json:"replaces,omitempty"`
	// Rewrite, Headers and Fault are as in bundles. Nil: nothing.
	Rewrite *api.Rewrite `json:"rewrite,omitempty"`
	Headers *api.Headers `json:"headers,omitempty"`
	Fault   *api.Fault   `json:"fault,omitempty"`
}

// A Service is one of the cluster that stands for a host outside.
type Service struct {
	Namespace string          `json:"namespace"`
	Name      string          `json:"name"`
	Type      api.ServiceType `json:"type"`
	// ExternalName is what the host is called with. It may be empty.
	ExternalName string `json:"externalName,omitempty"`
}

// A ForwardProxy is an HTTP proxy outside the mesh.
type ForwardProxy struct {
	Address string `json:"address"`
	Port    int    `json:"port"`
}

// A TLS is one that the exit opens to a host, or to a forward proxy if there is one.
type TLS struct {
	// SNI is the server name that is sent. Empty: the host.
	SNI string `json:"sni,omitempty"`
	// SubjectAltNames are the names of which the certificate there must carry one. Empty: the
	// host.
	SubjectAltNames []string `json:"subjectAltNames,omitempty"`
	// CACertificates are who must have signed it. Nil: a certificate authority of the system.
	CACertificates *api.CACertificates `json:"caCertificates,omitempty"`
	// CACRL is what they have revoked. Nil: what their Secret or ConfigMap says, if there is one.
	CACRL *api.CACRL `json:"caCrl,omitempty"`
	// InsecureSkipVerify says why the certificate there is not verified. Nil: it is.
	InsecureSkipVerify *api.InsecureSkipVerify `json:"insecureSkipVerify,omitempty"`
	// ClientCertificate is what the exit identifies itself with. Nil: nothing.
	ClientCertificate *api.ClientCertificate `json:"clientCertificate,omitempty"`
	// Namespace is where its Secrets and ConfigMaps are. Empty: there are none.
	Namespace string `json:"namespace,omitempty"`
}

// An Opening is something that is open beside the destinations. Its identity is By and Field,
// with Gateway.
//
// Those of Namespaces get past the Sidecars of DirectIP. NetworkPolicies, where a WayAround
// names any, drop what goes straight there, but to the addresses of a bypass, and to Pods of the
// cluster if that is open.
type Opening struct {
	// By is what opens it: a bundle, an object of somebody else, or the ConfigMap istio, which
	// stands for outboundTrafficPolicy in the configuration of the mesh.
	By diag.ObjectRef `json:"by"`
	// Field leads to what opens it in a bundle, and Position is where that or the object
	// stands in its file, if it has one.
	Field    string        `json:"field,omitempty"`
	Position diag.Position `json:"position,omitzero"`
	// Namespaces are the clients to whose workloads it is open. Empty: to those of every
	// client.
	Namespaces []string `json:"namespaces,omitempty"`
	// Gateway is the gateway, as NAMESPACE/SERVICE, of which it opens a way out. Empty: it is
	// none of a gateway.
	Gateway string `json:"gateway,omitempty"`
	// Hosts, Addresses and Ports are what is open. Hosts and Addresses empty: every one. Ports
	// empty: every port. If all are empty, Note says what is.
	Hosts     []string `json:"hosts,omitempty"`
	Addresses []string `json:"addresses,omitempty"`
	Ports     []int    `json:"ports,omitempty"`
	// Note is what else there is to know, in a sentence. It may be empty.
	Note string `json:"note,omitempty"`
}

// A WayAround is something that bundles do not want to happen. It stands for one of each From
// and of each of the Destinations: the identity of that is Attempt, From, Gateway, Bundle and
// Destination.
type WayAround struct {
	// Attempt is what is tried, and From who tries it: namespaces, or empty for
	// anybody else.
	Attempt object.Attempt `json:"attempt"`
	From    []string       `json:"from,omitempty"`
	// Gateway is the gateway that is tried, as NAMESPACE/SERVICE. Empty: none.
	Gateway string `json:"gateway,omitempty"`
	// Bundle is NAMESPACE/NAME, and Destinations are those concerned. Where they are empty,
	// it is alike for all bundles.
	Bundle       string   `json:"bundle,omitempty"`
	Destinations []string `json:"destinations,omitempty"`
	// StoppedBy are the objects that stop it, in the order in which it meets
	// them: should one be missing, the next one does. If there is none, nothing
	// stops it. Of OtherNamespace those without a Bundle come first, which are for all
	// bundles at the gateway. Of SpoofedHost they are those that lead it to where the
	// destination leaves to after all; should one be missing, it is like DirectIP. The
	// ConfigMap istio stands for outboundTrafficPolicy in the configuration of the mesh.
	StoppedBy []diag.ObjectRef `json:"stoppedBy,omitempty"`
	// Openings is how many of the Openings get past that.
	Openings int `json:"openings,omitempty"`
	// Note is what else there is to know, in a sentence. It may be empty.
	Note string `json:"note,omitempty"`
}

// An Expiry says which destinations have expired as of a day, and which are to. A destination may
// be used through the day on which it expires. Both lists are sorted by that.
type Expiry struct {
	AsOf api.Date `json:"asOf"`
	// Expiring are to expire on that day, or at most so many days after it.
	WithinDays int        `json:"withinDays"`
	Expired    []Expiring `json:"expired,omitempty"`
	Expiring   []Expiring `json:"expiring,omitempty"`
}

// An Expiring is a destination with the last day on which it may be used. Its identity is Bundle
// and Destination.
type Expiring struct {
	// Bundle is NAMESPACE/NAME, and Destination a name in it.
	Bundle      string   `json:"bundle"`
	Destination string   `json:"destination"`
	Expires     api.Date `json:"expires"`
	// Field leads to the date in the bundle, and Position is where that stands in its file, if it
	// has one.
	Field    string        `json:"field"`
	Position diag.Position `json:"position,omitzero"`
	Owner    string        `json:"owner,omitempty"`
	Ticket   string        `json:"ticket,omitempty"`
}

// An Acknowledged is a warning that somebody accepts. Its identity is Code, Object and Field.
type Acknowledged struct {
	Code     diag.Code      `json:"code"`
	Object   diag.ObjectRef `json:"object"`
	Field    string         `json:"field,omitempty"`
	Position diag.Position  `json:"position,omitzero"`
	// Message is the warning, and Reason why it is accepted.
	Message string `json:"message"`
	Reason  string `json:"reason"`
}

// ExitSidecar is the Exit of what leaves straight from the sidecar.
const ExitSidecar = "sidecar"
