// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package calls reads what must happen to calls, in the words of somebody who
// uses the mesh, and says what did happen in the same words.
package calls

import (
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

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
	// Method is that of the request, where it is not GET.
	Method string `json:"method,omitempty"`
	// Sends are headers of the request, by names in lower case.
	Sends map[string]string `json:"sends,omitempty"`
	// NoSidecar is set where the caller has no proxy.
	NoSidecar bool `json:"noSidecar,omitempty"`
	// Address is the IP address that the application connects to, where it is
	// not the one that the host resolves to.
	Address string `json:"address,omitempty"`
	// Locality is where the caller and its gateway run, as region, region/zone or
	// region/zone/subzone.
	Locality string `json:"locality,omitempty"`

	// Blocked says why the call does not leave.
	Blocked string `json:"blocked,omitempty"`

	// Through is the gateway that the call passes, as NAMESPACE/SERVICE, or
	// sidecar.
	Through string `json:"through,omitempty"`
	// As is who the gateway can tell the caller is, as From.
	As string `json:"as,omitempty"`
	// Leaves is the host and the port that the call leaves to.
	Leaves string `json:"leaves,omitempty"`
	// Weights are how much goes to each of several, where that differs.
	Weights map[string]uint32 `json:"weights,omitempty"`
	// Failover are the same addresses where some stand in for others: groups of
	// them, in the order in which they are used.
	Failover [][]string `json:"failover,omitempty"`
	// Connect is the host and the port that a proxy at Leaves is asked for, with
	// the method CONNECT.
	Connect string `json:"connect,omitempty"`
	// Host is the Host header that is sent there.
	Host string `json:"host,omitempty"`
	// Path is the path with its query that is sent there, where the call has another.
	Path string `json:"path,omitempty"`
	// Headers are those that are sent there, beside what every request has.
	Headers map[string]string `json:"headers,omitempty"`
	// Answer are headers of the response, as the mesh changes them. Those that it takes away are empty.
	Answer map[string]string `json:"answer,omitempty"`
	// Fault is what the mesh does to some such requests for tests.
	Fault string `json:"fault,omitempty"`
	// HTTP2 is set if the host is sent HTTP/2.
	HTTP2 bool `json:"http2,omitempty"`
	// TLS is what the mesh opens to the host, or with Connect to the proxy.
	TLS *TLS `json:"tls,omitempty"`
	// Timeout and Retries are those of the route that the call leaves by.
	Timeout string   `json:"timeout,omitempty"`
	Retries *Retries `json:"retries,omitempty"`
	// Policy is how connections to the host are made and limited.
	Policy *Policy `json:"policy,omitempty"`
	// Defect is what no call may have.
	Defect string `json:"defect,omitempty"`
}

// TLS is what the mesh opens to a host.
type TLS struct {
	SNI string `json:"sni"`
	// Names are those of which the certificate must carry one, and CA who must have signed it:
	// system, a file, or a Secret or ConfigMap by name. Empty: anybody may answer.
	Names []string `json:"names,omitempty"`
	CA    string   `json:"ca,omitempty"`
	// CRL is a file of what CA has revoked.
	CRL string `json:"crl,omitempty"`
	// Certificate is what the mesh shows of itself: a Secret by name, or the file
	// of the certificate and that of the key.
	Certificate string `json:"certificate,omitempty"`
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
	return trace.Call{
		Namespace:      namespace,
		ServiceAccount: account,
		URL:            o.Call,
		Method:         o.Method,
		Headers:        o.Sends,
		NoSidecar:      o.NoSidecar,
		HTTP2:          o.HTTP2,
		Address:        o.Address,
		Locality:       o.Locality,
	}
}

// Unobserved returns the call of an outcome, of which nothing is known yet.
func (o Outcome) Unobserved() Outcome {
	return Outcome{
		Call: o.Call, From: o.From, Method: o.Method, Sends: o.Sends, NoSidecar: o.NoSidecar, Address: o.Address, Locality: o.Locality,
	}
}

// Observe says what became of the call of an outcome.
func (o Outcome) Observe(r trace.Result) Outcome {
	o = o.Unobserved()
	o.Blocked = r.Blocked
	if r.Blocked != "" {
		return o
	}
	o.Through = Sidecar
	if r.Gateway != "" {
		o.Through = r.Gateway
	}
	o.As = Account(r.Hop.Identity)
	o.Leaves = strings.Join(r.Exit.Addresses, " ")
	o.Failover = r.Exit.Priorities
	o.Connect = r.Exit.Connect
	o.Weights = r.Exit.Weights
	o.Host = r.Exit.Authority
	if o.Host != "" {
		o.Path = Rewritten(o.Call, r.Exit.Path)
		o.Headers, o.Answer = orNil(r.Exit.Headers), orNil(r.Answer)
		o.Fault = faultOf(r.Fault)
	}
	o.HTTP2 = r.Exit.HTTP2
	if r.TLS.Mode != "" {
		o.TLS = &TLS{
			SNI:         r.TLS.SNI,
			Names:       r.TLS.SANs,
			CA:          authority(r.TLS.CA),
			CRL:         r.TLS.CRL,
			Certificate: source(r.TLS.Credential),
		}
	}
	o.Timeout = duration(r.Timeout)
	if r.Exit.Authority != "" {
		o.Retries = retries(r.Retries)
	}
	o.Policy = policyOf(r.Policy)
	o.Defect = defect(r)
	return o
}

// Rewritten returns the path with which a call is sent on, and nothing if it is that of the call.
func Rewritten(call, path string) string {
	if u, err := url.Parse(call); err == nil && u.RequestURI() == path {
		return ""
	}
	return path
}

// orNil returns nil for no headers.
func orNil(headers map[string]string) map[string]string {
	if len(headers) == 0 {
		return nil
	}
	return headers
}

func faultOf(f trace.Fault) string {
	var parts []string
	if f.Delay > 0 {
		parts = append(parts, fmt.Sprintf("%g %% wait for %s", f.Delayed, f.Delay))
	}
	if f.Status > 0 {
		parts = append(parts, fmt.Sprintf("%g %% get the answer %d", f.Answered, f.Status))
	}
	return strings.Join(parts, ", ")
}

// Account returns NAMESPACE/ACCOUNT of a SPIFFE ID.
func Account(identity string) string {
	_, path, _ := strings.Cut(identity, "/ns/")
	return strings.Replace(path, "/sa/", "/", 1)
}

// authority names the source of certificates as a user does. Istio asks for the
// CA of a credential by its name with -cacert, and finds it in the credential
// itself or in an object of that very name.
func authority(secret string) string {
	if file, ok := strings.CutPrefix(secret, "file-root:"); ok {
		return file
	}
	return source(strings.TrimSuffix(secret, "-cacert"))
}

// source names a Secret, a ConfigMap or a pair of files as a user does.
func source(secret string) string {
	switch {
	case strings.HasPrefix(secret, "file-cert:"):
		return strings.Replace(strings.TrimPrefix(secret, "file-cert:"), "~", " ", 1)
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
	return &Retries{Attempts: r.Attempts, PerTryTimeout: duration(r.PerTryTimeout), RetryOn: r.On}
}

// duration writes nothing for none.
func duration(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

// HTTP1Hop is the defect of a request that reaches the host as HTTP/2 and the gateway as HTTP/1.1, which has no trailers.
const HTTP1Hop = "HTTP/1.1 as far as the gateway"

func defect(r trace.Result) string {
	switch {
	case r.DoubleTLS:
		return "encrypted twice"
	case r.Unregistered:
		return "leaves although nothing declares it"
	case r.Exit.HTTP2 && r.Gateway != "" && !r.Hop.HTTP2:
		return HTTP1Hop
	default:
		return ""
	}
}
