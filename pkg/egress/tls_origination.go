// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"cmp"
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/schema"
)

// TLSOrigination is the pattern of an application that speaks plain HTTP to a
// host that wants TLS. The mesh opens the TLS: at the gateway, or at the
// sidecar with ViaSidecar.
type TLSOrigination struct {
	// Protocol is what the application speaks: HTTP, HTTP2 or GRPC.
	// Default: HTTP, which is HTTP/1.1.
	Protocol string `json:"protocol,omitempty"`
	// UpstreamPort is the port of the host that speaks TLS. Default: 443.
	UpstreamPort int `json:"upstreamPort,omitempty"`
	// SNI is the server name that is sent. Default: the host.
	SNI string `json:"sni,omitempty"`
	// SubjectAltNames are the names of which the certificate of the host must
	// carry one. Default: the host.
	SubjectAltNames []string `json:"subjectAltNames,omitempty"`
	// CACertificates are what the certificate of the host is verified with.
	// Default: those of the Secret of ClientCertificate, if there is one, and
	// else the certificate authorities of the system.
	CACertificates *CACertificates `json:"caCertificates,omitempty"`
	// ClientCertificate is what the mesh identifies itself with, which makes it
	// mutual TLS. Default: nothing.
	ClientCertificate *ClientCertificate `json:"clientCertificate,omitempty"`
	// Allow is what requests may pass the gateway: those that one of its entries
	// describes. It needs ViaGateway. Default: every request.
	Allow []AllowedRequest `json:"allow,omitempty"`
	// Timeout limits a request, with its retries. Default: no limit.
	Timeout Duration `json:"timeout,omitempty"`
	// Retries says how failed requests are repeated. Default: as the mesh
	// does it.
	Retries *Retries `json:"retries,omitempty"`
}

var tlsOriginationInfo = PatternInfo{
	Name:        "TLSOrigination",
	Application: "speaks plain HTTP",
	Mesh:        "opens TLS to the host",
	empty:       func() Pattern { return &TLSOrigination{} },
}

func (o *TLSOrigination) route(p *portPlanner) route {
	p.checkPlainHTTP(o.Retries)
	p.checkAllow(o.Allow)
	p.refuseWildcard()
	o.checkName(p)
	tls := &upstreamTLS{
		sni:               o.SNI,
		subjectAltNames:   slices.Sorted(slices.Values(o.SubjectAltNames)),
		caCertificates:    *cmp.Or(o.CACertificates, &CACertificates{}),
		clientCertificate: *cmp.Or(o.ClientCertificate, &ClientCertificate{}),
	}
	p.checkCertificates(tls.caCertificates, tls.clientCertificate)
	return route{
		protocol: cmp.Or(o.Protocol, "HTTP"),
		exit: exit{
			port:    cmp.Or(o.UpstreamPort, 443),
			tls:     tls,
			allow:   sortedRequests(o.Allow),
			timeout: o.Timeout,
			retries: o.Retries.sorted(),
		},
	}
}

// checkName asks for the name that the certificate of the host is verified with.
func (o *TLSOrigination) checkName(p *portPlanner) {
	if s := p.way.service; s.hasAddresses() && s.ExternalName == "" {
		p.planner.reportf(MissingField, schema.Child(parent(parent(p.path)), "service")+".externalName", "is missing; it must be the name of the host, such as \"api.example.com\": TLSOrigination sends it, and verifies the certificate with it")
	}
}

// refuseWildcard judges wildcards where the mesh itself has to name the host.
func (p *portPlanner) refuseWildcard() {
	if p.destination.hasWildcard() {
		p.reportf(UnsupportedWildcard, "pattern", "must not be TLSOrigination with a wildcard: the mesh opens TLS to a host whose name it knows and verifies; list the hosts")
	}
}
