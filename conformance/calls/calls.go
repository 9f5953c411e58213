// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package calls reads what must happen to calls, in the words of somebody who
// uses the mesh, and says what did happen in the same words.
package calls

import (
	"fmt"
	"os"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/egressbundle/egressbundle/conformance/trace"
)

// Sidecar is what a call passes that leaves straight from the sidecar.
const Sidecar = "sidecar"

// An Outcome is a call, and what becomes of it. What is not said must not
// happen: without Timeout there is none.
type Outcome struct {
	// Call is what is called: http://, https://, tls:// or tcp://.
	Call string `json:"call"`
	// From is the namespace of the caller, and its service account if it is
	// not default: payments/checkout.
	From string `json:"from"`

	// Blocked says why the call does not leave.
	Blocked string `json:"blocked,omitempty"`

	// Through is the gateway that the call passes, as NAMESPACE/SERVICE, or
	// sidecar.
	Through string `json:"through,omitempty"`
	// As is who the gateway can tell the caller is, as From.
	As string `json:"as,omitempty"`
	// Leaves is the host and the port that the call leaves to.
	Leaves string `json:"leaves,omitempty"`
	// Host is the Host header that is sent there.
	Host string `json:"host,omitempty"`
	// HTTP2 is set if the request is carried over HTTP/2 on each leg.
	HTTP2 bool `json:"http2,omitempty"`
	// TLS is what the mesh opens to the host.
	TLS *TLS `json:"tls,omitempty"`
	// Timeout and Retries are those of the route that the call leaves by.
	Timeout string   `json:"timeout,omitempty"`
	Retries *Retries `json:"retries,omitempty"`
	// Defect is what no call may have.
	Defect string `json:"defect,omitempty"`
}

// TLS is what the mesh opens to a host.
type TLS struct {
	SNI   string   `json:"sni"`
	Names []string `json:"names"` // one of which the certificate must carry
	CA    string   `json:"ca"`    // system, a file, or a Secret or ConfigMap by name
}

// Retries say how often a request is repeated, and when.
type Retries struct {
	Attempts      uint32 `json:"attempts"`
	PerTryTimeout string `json:"perTryTimeout,omitempty"`
	RetryOn       string `json:"retryOn,omitempty"`
}

// Read reads the outcomes of a file.
func Read(path string) ([]Outcome, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var outcomes []Outcome
	if err := yaml.UnmarshalStrict(text, &outcomes); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return outcomes, nil
}

// TraceCall returns the call to trace.
func (o Outcome) TraceCall() trace.Call {
	namespace, account, _ := strings.Cut(o.From, "/")
	return trace.Call{Namespace: namespace, ServiceAccount: account, URL: o.Call, HTTP2: o.HTTP2}
}

// Observe says what became of a call.
func Observe(from, call string, r trace.Result) Outcome {
	o := Outcome{Call: call, From: from, Blocked: r.Blocked}
	if r.Blocked != "" {
		return o
	}
	o.Through = Sidecar
	if r.Gateway != "" {
		o.Through = r.Gateway
	}
	o.As = account(r.Hop.Identity)
	o.Leaves = strings.Join(r.Exit.Addresses, " ")
	o.Host = r.Exit.Authority
	o.HTTP2 = r.Exit.HTTP2 && (r.Gateway == "" || r.Hop.HTTP2)
	if r.TLS.Mode != "" {
		o.TLS = &TLS{SNI: r.TLS.SNI, Names: r.TLS.SANs, CA: authority(r.TLS.CA)}
	}
	if r.Timeout != 0 {
		o.Timeout = r.Timeout.String()
	}
	if r.Exit.Authority != "" {
		o.Retries = retries(r.Retries)
	}
	o.Defect = defect(r)
	return o
}

// account returns NAMESPACE/ACCOUNT of a SPIFFE ID.
func account(identity string) string {
	_, path, _ := strings.Cut(identity, "/ns/")
	return strings.Replace(path, "/sa/", "/", 1)
}

// authority names the source of certificates as a user does.
func authority(secret string) string {
	secret = strings.TrimSuffix(secret, "-cacert")
	switch {
	case secret == "file-root:system":
		return "system"
	case strings.HasPrefix(secret, "file-root:"):
		return strings.TrimPrefix(secret, "file-root:")
	case strings.HasPrefix(secret, "kubernetes://"):
		return "Secret " + strings.TrimPrefix(secret, "kubernetes://")
	case strings.HasPrefix(secret, "configmap://"):
		return "ConfigMap " + strings.TrimPrefix(secret, "configmap://")
	default:
		return secret
	}
}

// meshRetries are those of a route that does not say how to retry.
var meshRetries = trace.Retries{
	Attempts: 2,
	On:       "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes",
}

func retries(r trace.Retries) *Retries {
	if r == meshRetries {
		return nil
	}
	out := &Retries{Attempts: r.Attempts, RetryOn: r.On}
	if r.PerTryTimeout != 0 {
		out.PerTryTimeout = r.PerTryTimeout.String()
	}
	return out
}

func defect(r trace.Result) string {
	switch {
	case r.DoubleTLS:
		return "encrypted twice"
	case r.Unregistered:
		return "leaves although nothing declares it"
	default:
		return ""
	}
}
