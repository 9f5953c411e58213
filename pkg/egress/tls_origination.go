// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"cmp"
	"slices"
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
	// Default: the certificate authorities of the system.
	CACertificates *CACertificates `json:"caCertificates,omitempty"`
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
	tls := &upstreamTLS{sni: o.SNI, subjectAltNames: slices.Sorted(slices.Values(o.SubjectAltNames))}
	if o.CACertificates != nil {
		tls.caCertificates = *o.CACertificates
		if tls.caCertificates.File == "" && p.via == ViaSidecar {
			p.reportf(NeedsGateway, "caCertificates", "must be a file with `via: Sidecar`: sidecars do not fetch Secrets and ConfigMaps by themselves; use {file: PATH}, or `via: Gateway`")
		}
	}
	return route{
		protocol: cmp.Or(o.Protocol, "HTTP"),
		exit: exit{
			port:    cmp.Or(o.UpstreamPort, 443),
			tls:     tls,
			timeout: o.Timeout,
			retries: o.Retries.sorted(),
		},
	}
}
