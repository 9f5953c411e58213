// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/conformance/cluster"
)

// The promises for mutual TLS to a host.
var (
	certified = promise{
		golden: "tls_origination/client_certificate", from: "payments", call: "http://api.bank.example.com",
		exit: "outbound|80|tls|api.bank.example.com.80.bank.http.partners.payments.egress",
	}
	certifiedOther = promise{
		golden: "tls_origination/client_certificate", from: "treasury", call: "http://api.bank.example.com",
		exit: "outbound|80|tls|api.bank.example.com.80.bank.http.partners.treasury.egress",
	}
	certifiedGRPC = promise{
		golden: "tls_origination/client_certificate", from: "payments", call: "http://api.broker.example.com",
		exit: "outbound|80|tls|api.broker.example.com.80.broker.http.partners.payments.egress",
	}
	certifiedFiles = promise{
		golden: "tls_origination/client_certificate", from: "payments", call: "http://api.insurer.example.com:8080",
		exit: "outbound|8080|tls|api.insurer.example.com.8080.insurer.http.partners.payments.egress",
	}
	certifiedFilesSystem = promise{
		golden: "tls_origination/client_certificate", from: "payments", call: "http://api.insurer.example.com",
		exit: "outbound|80|tls|api.insurer.example.com.80.insurer.http.partners.payments.egress",
	}

	certifiedPlain = promise{
		golden: "tls_origination/client_certificate_plaintext_hop", from: "payments", call: "http://api.bank.example.com",
		exit: "outbound|80|tls|api.bank.example.com.80.bank.http.partners.payments.egress",
	}

	certifiedSidecar = promise{
		golden: "tls_origination/client_certificate_sidecar", from: "payments", call: "http://api.bank.example.com",
		exit: "outbound|80|tls|api.bank.example.com",
	}
	certifiedSidecarToo = promise{
		golden: "tls_origination/client_certificate_sidecar", from: "treasury", call: "http://api.bank.example.com",
		exit: "outbound|80|tls|api.bank.example.com",
	}
	uncertifiedSidecar = promise{
		golden: "tls_origination/client_certificate_sidecar", from: "payments", call: "http://api.bank.example.com:8080",
		exit: "outbound|8080|tls|api.bank.example.com",
	}
	uncertifiedSidecarToo = promise{
		golden: "tls_origination/client_certificate_sidecar", from: "treasury", call: "http://api.bank.example.com:8080",
		exit: "outbound|8080|tls|api.bank.example.com",
	}
	besideCertified = promise{
		golden: "tls_origination/client_certificate_sidecar", from: "payments", call: "https://api.bank.example.com",
	}
)

// The promises for mutual TLS in groups.
var (
	bySecret         = []promise{certified, certifiedOther, certifiedGRPC, certifiedPlain}
	byFiles          = []promise{certifiedFiles, certifiedFilesSystem}
	certifiedGateway = slices.Concat(bySecret, byFiles)
	certifiedAlone   = []promise{certifiedSidecar, certifiedSidecarToo}
	sidecarTLS       = slices.Concat(certifiedAlone, []promise{uncertifiedSidecar, uncertifiedSidecarToo})
)

const (
	atGatewayTLS = "spec.subsets.*.trafficPolicy.tls"
	atSidecarTLS = "spec.trafficPolicy.portLevelSettings.0.tls" // of port 80
)

// certificateTwins spoil what the mesh identifies itself with.
func certificateTwins() []twin {
	return []twin{
		{
			wrong:   "no DestinationRule for mutual TLS",
			because: "the subset is missing, so that nothing leaves in plain text",
			change:  remove(origination),
			effects: each(slices.Concat(certifiedGateway, sidecarTLS), func(p promise) becoming { return blocked(noCluster(p.exit)) }),
		},
		{
			wrong:   "mutual TLS not exported to whoever opens it",
			because: "its subset is not to be found, and so nothing leaves in plain text",
			change:  set(origination, "spec.exportTo", list("elsewhere")),
			effects: each(slices.Concat(certifiedGateway, sidecarTLS), func(p promise) becoming { return blocked(noCluster(p.exit)) }),
		},
		{
			wrong:   "route that does not name the subset of mutual TLS",
			because: "the request arrives in plain text at the port for TLS",
			change:  drop(exitLeg, "spec.http.*.route.*.destination.subset"),
			effects: each(certifiedGateway, func(promise) becoming { return plainText }),
		},
		{
			wrong:   "SIMPLE instead of MUTUAL",
			because: "the mesh does not identify itself",
			change:  oneOf(set(origination, atGatewayTLS+".mode", "SIMPLE"), set(origination, atSidecarTLS+".mode", "SIMPLE")),
			effects: each(slices.Concat(certifiedGateway, certifiedAlone), func(promise) becoming { return uncertified }),
		},
		{
			wrong:   "no Secret",
			because: "without one Istio takes no MUTUAL; with SIMPLE the mesh does not identify itself, and trusts the system's roots",
			change: allOf(
				set(secretOf, atGatewayTLS+".mode", "SIMPLE"),
				drop(secretOf, atGatewayTLS+".credentialName"),
			),
			effects: each(bySecret, func(promise) becoming { return both(uncertified, trusting("system")) }),
		},
		{
			wrong:   "the Secret of another",
			because: "the host takes the mesh for somebody else",
			change:  set(secretOf, atGatewayTLS+".credentialName", "payments-bank"),
			effects: each([]promise{certifiedOther, certifiedGRPC, certifiedPlain},
				func(promise) becoming { return certifiedBy("Secret payments-bank") }),
		},
		{
			wrong:   "the lane of another",
			because: "each lane has a certificate of its own, so that it matters which one a team is led to",
			change: set(called("VirtualService istio-system/treasury--partners--bank--http-80"),
				"spec.http.*.route.*.destination.host", "api.bank.example.com.80.bank.http.partners.payments.egress"),
			effects: []effect{{certifiedOther, certifiedBy("Secret payments-bank")}},
		},
		{
			wrong:   "files of another",
			because: "the host takes the mesh for somebody else",
			change: oneOf(
				allOf(
					set(filesOf, atGatewayTLS+".clientCertificate", "/etc/istio/other-certs/tls.crt"),
					set(filesOf, atGatewayTLS+".privateKey", "/etc/istio/other-certs/tls.key"),
				),
				allOf(
					set(filesOf, atSidecarTLS+".clientCertificate", "/etc/istio/other-certs/tls.crt"),
					set(filesOf, atSidecarTLS+".privateKey", "/etc/istio/other-certs/tls.key"),
				),
			),
			effects: each(slices.Concat(byFiles, certifiedAlone), func(promise) becoming {
				return changed(func(tls *calls.TLS) {
					tls.Certificate = "/etc/istio/other-certs/tls.crt /etc/istio/other-certs/tls.key"
				})
			}),
		},
		{
			wrong:   "no CA certificates beside the files",
			because: "Istio then trusts the system's roots",
			change:  oneOf(drop(filesOf, atGatewayTLS+".caCertificates"), drop(filesOf, atSidecarTLS+".caCertificates")),
			effects: each([]promise{certifiedFiles, certifiedSidecar, certifiedSidecarToo},
				func(promise) becoming { return trusting("system") }),
		},
		{
			wrong:   "no names for the certificate of the other end",
			because: "with an SNI and no subjectAltNames any certificate that the roots vouch for will do",
			change: oneOf(
				drop(origination, atGatewayTLS+".subjectAltNames"),
				drop(origination, atSidecarTLS+".subjectAltNames"),
			),
			effects: each(slices.Concat(certifiedGateway, certifiedAlone), func(promise) becoming {
				return changed(func(tls *calls.TLS) { tls.Names = nil })
			}),
		},
		{
			wrong:   "no SNI for the other end",
			because: "the Host header is sent instead, which is another name where the bundle asks for one",
			change:  oneOf(drop(origination, atGatewayTLS+".sni"), drop(origination, atSidecarTLS+".sni")),
			effects: slices.Concat(
				[]effect{{certifiedGRPC, asking("api.broker.example.com")}},
				each([]promise{certified, certifiedPlain, certifiedSidecar}, func(promise) becoming { return keeps }),
			),
		},
		{
			wrong:   "mutual TLS for another port",
			because: "the settings of a port are those of the ServiceEntry's port, not of its target",
			change:  set(origination, "spec.trafficPolicy.portLevelSettings.0.port.number", 443),
			effects: slices.Concat(
				each(certifiedAlone, func(promise) becoming { return plainText }),
				[]effect{{besideCertified, bankTwice}},
			),
		},
		{
			wrong:   "mutual TLS for all ports",
			because: "what a port does not say for itself it takes from the whole host",
			change: allOf(
				move(origination, "spec.trafficPolicy.portLevelSettings.0.tls", "spec.trafficPolicy.tls"),
				drop(origination, "spec.trafficPolicy.portLevelSettings"),
			),
			effects: []effect{
				{uncertifiedSidecar, asBank},
				{uncertifiedSidecarToo, asBank},
				{besideCertified, bankTwice},
			},
		},
		{
			wrong:   "Secret at the sidecar",
			because: "sidecars fetch no Secret unless a selector names their workloads: the request leaves in plain text",
			change: set(origination, atSidecarTLS, map[string]any{
				"mode": "MUTUAL", "credentialName": "bank", "sni": "api.bank.example.com", "subjectAltNames": list("api.bank.example.com"),
			}),
			effects: each(certifiedAlone, func(promise) becoming { return plainText }),
		},
	}
}

// filesOf is what opens mutual TLS with files, secretOf what opens it with a Secret.
func filesOf(m cluster.Manifest) bool  { return strings.Contains(m.YAML, "privateKey: /etc/istio/") }
func secretOf(m cluster.Manifest) bool { return strings.Contains(m.YAML, "credentialName: ") }

// changed is a call for which the mesh opens another TLS.
func changed(change func(*calls.TLS)) becoming {
	return func(o *calls.Outcome) {
		tls := *o.TLS // The promise keeps its own.
		change(&tls)
		o.TLS = &tls
	}
}

// uncertified is a call for which the mesh does not identify itself.
func uncertified(o *calls.Outcome) { changed(func(tls *calls.TLS) { tls.Certificate = "" })(o) }

// trusting is a call for which the mesh trusts others.
func trusting(ca string) becoming { return changed(func(tls *calls.TLS) { tls.CA = ca }) }

// asking is a call for which the mesh asks for another server.
func asking(sni string) becoming { return changed(func(tls *calls.TLS) { tls.SNI = sni }) }

// certifiedBy is a call for which the mesh identifies itself with another Secret, whose CA certificates it takes too.
func certifiedBy(secret string) becoming {
	return changed(func(tls *calls.TLS) { tls.CA, tls.Certificate = secret, secret })
}

// asBank is a call for which the sidecar opens the mutual TLS of another port.
func asBank(o *calls.Outcome) {
	o.TLS = &calls.TLS{
		SNI:         "api.bank.example.com",
		Names:       []string{"api.bank.example.com"},
		CA:          "/etc/istio/bank-ca/ca.crt",
		Certificate: "/etc/istio/bank-certs/tls.crt /etc/istio/bank-certs/tls.key",
	}
}

// bankTwice is a call whose TLS is put into the mutual TLS of another port.
func bankTwice(o *calls.Outcome) {
	asBank(o)
	o.Defect = "encrypted twice"
}
