// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package istio

import (
	"slices"

	networking "istio.io/api/networking/v1"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/name"
)

// A crossing is how a lane crosses the hop. Everything over mutual TLS goes to the TLS
// port of the gateway, where SNI tells it apart; so a bundle does not meet what
// others have on the HTTP port, which takes plain HTTP or TLS and never both.
type crossing struct {
	server server
	subset subset
}

// A server is one of the gateway's.
type server struct {
	name     string
	port     int
	protocol string
	host     string
	tls      serverTLS
	// identities are the only ones that finish the handshake of mutual TLS; empty: all of
	// the mesh do.
	identities []string
}

// serverTLS is what a server does with TLS.
type serverTLS int

const (
	noTLS serverTLS = iota
	mutualTLS
	passthrough
)

func (s server) spec() *networking.Server {
	spec := &networking.Server{
		Port:  &networking.Port{Name: s.name, Number: uint32(s.port), Protocol: s.protocol},
		Hosts: []string{s.host},
	}
	switch s.tls {
	case noTLS:
	case mutualTLS:
		spec.Tls = &networking.ServerTLSSettings{
			Mode:            networking.ServerTLSSettings_ISTIO_MUTUAL,
			SubjectAltNames: slices.Clone(s.identities),
		}
	case passthrough:
		spec.Tls = &networking.ServerTLSSettings{Mode: networking.ServerTLSSettings_PASSTHROUGH}
	}
	return spec
}

// A subset is one of the gateway's Service, for sidecars.
type subset struct {
	name  string
	sni   string // of mutual TLS; empty: plain text
	http2 bool
}

// spec writes the policy out in full: Istio never upgrades the way to a gateway by itself,
// and a rule for the whole mesh must not turn TLS on where there is none.
func (s subset) spec() *networking.Subset {
	policy := &networking.TrafficPolicy{Tls: &networking.ClientTLSSettings{Mode: networking.ClientTLSSettings_DISABLE}}
	if s.sni != "" {
		policy.Tls = &networking.ClientTLSSettings{Mode: networking.ClientTLSSettings_ISTIO_MUTUAL, Sni: s.sni}
	}
	if s.http2 {
		policy.ConnectionPool = &networking.ConnectionPoolSettings{
			Http: &networking.ConnectionPoolSettings_HTTPSettings{
				H2UpgradePolicy: networking.ConnectionPoolSettings_HTTPSettings_UPGRADE,
			},
		}
	}
	return &networking.Subset{Name: s.name, TrafficPolicy: policy}
}

// subsetName is unique to the bundle: the subsets of all bundles for one gateway are
// merged.
func subsetName(d *ir.Destination, parts ...string) string {
	return name.Label(append([]string{d.Bundle.Namespace, d.Bundle.Name}, parts...)...)
}

// plainSubset is for what crosses without TLS of the mesh.
func plainSubset(d *ir.Destination) subset { return subset{name: subsetName(d, "plaintext")} }

// crossMutualTLS is for connections over mutual TLS. What is inside is opaque to the
// gateway, so each lane has a server, a subset and an SNI of its own.
func crossMutualTLS(l lane) crossing {
	own := subset{name: subsetName(l.destination, l.ownName()...), sni: l.name}
	return crossing{
		server: server{
			name:     own.name,
			port:     l.way.EntryPort(l.route),
			protocol: string(ir.TLS),
			host:     l.name,
			tls:      mutualTLS,
		},
		subset: own,
	}
}
