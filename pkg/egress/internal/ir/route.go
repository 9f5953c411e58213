// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package ir

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
)

// A Route is what a pattern makes of one port.
type Route struct {
	Port        int
	Protocol    Protocol // what sidecars see on the port
	GatewayPort int      // of TCP without mutual TLS
	Exit        Exit
	// Path leads to the port, and to the list of ports if the bundle has none.
	Path field.Path
	// Listed says whether the port stands in a list.
	Listed bool
}

// A Protocol is what sidecars see on a port, as Istio names it.
type Protocol string

// The protocols.
const (
	HTTP  Protocol = "HTTP" // HTTP/1.1
	HTTP2 Protocol = "HTTP2"
	GRPC  Protocol = "GRPC"
	TLS   Protocol = "TLS"
	TCP   Protocol = "TCP"
)

// A Layer is what proxies see of calls, and so tell them apart by.
type Layer int

const (
	// LayerHTTP is requests, each with the name of its host.
	LayerHTTP Layer = iota
	// LayerTLS is connections, each with a server name.
	LayerTLS
	// LayerTCP is connections, with nothing but an address.
	LayerTCP
)

// Layer returns what proxies see of calls.
func (p Protocol) Layer() Layer {
	switch p {
	case HTTP, HTTP2, GRPC:
		return LayerHTTP
	case TLS:
		return LayerTLS
	case TCP:
		return LayerTCP
	}
	panic("ir: no layer for the protocol " + string(p)) // No input chooses one.
}

// IsHTTP reports whether sidecars and gateways see requests, and not just
// connections.
func (r Route) IsHTTP() bool { return r.Protocol.Layer() == LayerHTTP }

// IsHTTP2 reports whether requests must be carried over HTTP/2.
func (r Route) IsHTTP2() bool { return r.Protocol == HTTP2 || r.Protocol == GRPC }

// IsTLS reports whether a server name tells where a connection goes.
func (r Route) IsTLS() bool { return r.Protocol.Layer() == LayerTLS }

// IsTCP reports whether nothing but the address tells where a connection goes.
func (r Route) IsTCP() bool { return r.Protocol.Layer() == LayerTCP }

// Name returns the name of the port, which Istio and Kubernetes give to ports of Services.
func (r Route) Name() string {
	return strings.ToLower(string(r.Protocol)) + "-" + strconv.Itoa(r.Port)
}

// NumberPath leads to the number of the port.
func (r Route) NumberPath() field.Path {
	if !r.Listed {
		return r.Path // It is the port that every destination has by default.
	}
	return r.Path.Child("port")
}

// Equal reports whether two routes make the same of a port, wherever they stand.
func (r Route) Equal(other Route) bool {
	other.Path, other.Listed = r.Path, r.Listed
	return reflect.DeepEqual(r, other)
}

// RouteAt returns the route of a port, and nil if there is none.
func RouteAt(routes []Route, port int) *Route {
	i := slices.IndexFunc(routes, func(r Route) bool { return r.Port == port })
	if i < 0 {
		return nil
	}
	return &routes[i]
}

// An Exit is how traffic leaves the mesh.
type Exit struct {
	Port  int
	TLS   *UpstreamTLS         // to the host, or to the forward proxy; nil: it leaves as it came
	Allow []api.AllowedRequest // empty: every request
	// Shapes are what becomes of requests, the most exact path first; the last is for every
	// path. Empty: the route has no requests.
	Shapes []Shape
}

// A Shape is what becomes of the requests of a path. Nothing of it is empty: it is nil.
type Shape struct {
	api.PathOptions

	Path string // as it is, or with a * at its end for all that start so
	// Replaces is what the URI of the rewrite takes the place of: the beginning of the path.
	Replaces string
}

// UpstreamTLS is the TLS that the mesh opens to a host, or to a forward proxy.
type UpstreamTLS struct {
	SNI               string                // empty: the host
	SubjectAltNames   []string              // empty: the host
	CACertificates    api.CACertificates    // empty: those of the system
	CRL               string                // the file of what is revoked; empty: none
	ClientCertificate api.ClientCertificate // empty: none
	Unverified        string                // why anybody may answer; empty: nobody else may
	// Mounts are the folders of files at which Secrets must be mounted, each of the name
	// of its Secret.
	Mounts []string
}

// UsesSecret reports whether Istio fetches a Secret for the TLS of the route.
func (r Route) UsesSecret() bool {
	tls := r.Exit.TLS
	return tls != nil && (tls.CACertificates.Secret != "" || tls.ClientCertificate.Secret != "")
}
