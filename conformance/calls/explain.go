// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package calls

import (
	"cmp"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/explain"
)

// ExplainCall returns the call to explain.
func (o Outcome) ExplainCall() explain.Call {
	namespace, account, _ := strings.Cut(o.From, "/")
	return explain.Call{
		Namespace: namespace, ServiceAccount: account, URL: o.Call, Method: o.Method, Address: o.Address, NoSidecar: o.NoSidecar,
	}
}

// Explainable returns the part of an outcome that an explanation has too.
func (o Outcome) Explainable() Outcome {
	o.Locality, o.Timeout, o.Retries, o.Policy, o.Failover, o.HTTP2 = "", "", nil, nil, nil, false
	o.Sends, o.Headers, o.Answer, o.Fault, o.Weights = nil, nil, nil, "", nil
	if o.Defect == HTTP1Hop {
		o.Defect = ""
	}
	if o.TLS != nil {
		tls := *o.TLS
		o.TLS = &tls
	}
	return o
}

// Follows reports whether an explanation follows its call from proxy to proxy. None follows what
// is for a Service of others; and nobody else knows whether a Pod was patched that skips its proxy.
func Follows(e explain.Explanation) bool {
	return e.Verdict != explain.Unknown && (e.Call.NoSidecar || len(e.Hops) > 0)
}

// Explain says what an explanation says of the call of an outcome.
func (o Outcome) Explain(e explain.Explanation) Outcome {
	o = o.Unobserved().Explainable()
	if e.Verdict == explain.Unknown {
		o.Defect = "unknown"
		return o
	}
	if e.Stop != nil {
		o.Blocked = stopped(e)
		return o
	}
	o.Through = Sidecar
	last := explain.Hop{}
	if len(e.Hops) > 0 {
		last = e.Hops[len(e.Hops)-1]
		o.Through = last.Proxy
	}
	if len(e.Hops) > 1 && e.Hops[0].Encryption == explain.IstioMutual {
		o.As = e.Call.Namespace + "/" + cmp.Or(e.Call.ServiceAccount, "default")
	}
	o.Leaves, o.Connect, o.Host = strings.Join(e.Exit.To, " "), e.Exit.Connect, last.Authority
	o.Path = last.Path
	if e.Exit.TLS != nil {
		o.TLS = tlsOf(*e.Exit.TLS, last.Proxy)
	}
	if e.Verdict == explain.Open && len(e.Hops) > 0 {
		o.Defect = "leaves although nothing declares it"
	}
	return o
}

// stopped says why a call does not leave in the words of an outcome.
func stopped(e explain.Explanation) string {
	if e.Stop.At == explain.Node {
		return "Egress dropped by NetworkPolicy " + strings.Join(namesOf(e.Stop.By), ", ")
	}
	if e.Stop.By[0].Ref.Kind == "Gateway" {
		return "refused in the handshake with the gateway"
	}
	log := e.Hops[len(e.Hops)-1].Log
	if _, rule, denied := strings.Cut(log.Details+log.Termination, "rbac_access_denied_matched_policy["); denied {
		return "403 RBAC: denied by " + strings.TrimSuffix(rule, "]")
	}
	switch {
	case log.Route == "block_all":
		return log.Code + " " + log.Route
	case log.Details == "fault_filter_abort":
		return log.Code + " fault filter abort"
	case log.Details == "direct_response":
		return log.Code + " direct response"
	default:
		return log.Cluster
	}
}

func namesOf(objects []explain.Object) []string {
	var names []string
	for _, o := range objects {
		names = append(names, o.Ref.Namespace+"/"+o.Ref.Name)
	}
	return names
}

func tlsOf(t explain.TLS, proxy string) *TLS {
	namespace, _, _ := strings.Cut(proxy, "/")
	tls := &TLS{SNI: t.SNI, Names: t.SubjectAltNames, CA: "system", CRL: t.CACRL}
	switch ca := t.CACertificates; {
	case t.InsecureSkipVerify != "":
		tls.CA = ""
	case ca.Secret != "":
		tls.CA = "Secret " + ca.Secret
	case ca.ConfigMap != "":
		tls.CA = "ConfigMap " + namespace + "/" + ca.ConfigMap
	case ca.File != "":
		tls.CA = ca.File
	}
	switch client := t.ClientCertificate; {
	case client == (api.ClientCertificate{}):
	case client.Files != nil:
		tls.Certificate = client.Files.Certificate + " " + client.Files.PrivateKey
	default:
		tls.Certificate = "Secret " + client.Secret
	}
	return tls
}
