// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The options that several patterns take.

// Retries says how failed requests are repeated.
type Retries struct {
	// Attempts is how often a failed request is repeated, from 0 to 100.
	// 0 turns retries off; then the other fields must be empty.
	Attempts int `json:"attempts"`
	// PerTryTimeout limits each attempt. Default: the timeout of the port.
	PerTryTimeout Duration `json:"perTryTimeout,omitempty"`
	// RetryOn are conditions that Envoy knows, such as 5xx, reset and
	// connect-failure, or HTTP status codes. Default: as the mesh does it.
	RetryOn []string `json:"retryOn,omitempty"`
}

// An AllowedRequest describes requests: those that have one of the methods and
// one of the paths.
type AllowedRequest struct {
	// Methods are those of HTTP, in upper case. Default: every method.
	Methods []string `json:"methods,omitempty"`
	// Paths are as requests have them, without a query. One with a * at its end
	// is for every path that starts so. A slash that is escaped, as %2F, is none
	// unless the mesh configuration decodes it (pathNormalization): a host that
	// does may see another path. Default: every path.
	Paths []string `json:"paths,omitempty"`
}

// ClientTLS is the TLS that the mesh opens to a host, or to a forward proxy.
type ClientTLS struct {
	// SNI is the server name that is sent. Default: the host, or the address of the
	// proxy, which must be a name then.
	SNI string `json:"sni,omitempty"`
	// SubjectAltNames are the names of which the certificate of the host must
	// carry one. Default: the host, or the SNI of the proxy.
	SubjectAltNames []string `json:"subjectAltNames,omitempty"`
	// CACertificates are what the certificate of the host is verified with.
	// Default: those of the Secret of ClientCertificate, if there is one, and
	// else the certificate authorities of the system.
	CACertificates *CACertificates `json:"caCertificates,omitempty"`
	// CACRL is which certificates are revoked. It goes with files: Secrets and
	// ConfigMaps have it under the key ca.crl. Default: none.
	CACRL *CACRL `json:"caCrl,omitempty"`
	// ClientCertificate is what the mesh identifies itself with, which makes it
	// mutual TLS. Default: nothing.
	ClientCertificate *ClientCertificate `json:"clientCertificate,omitempty"`
	// InsecureSkipVerify lets anybody answer in place of the host. Default: the
	// certificate of the host is verified.
	InsecureSkipVerify *InsecureSkipVerify `json:"insecureSkipVerify,omitempty"`
}

// CACRL names a list of certificates that their authorities have revoked.
type CACRL struct {
	// File is the absolute path of a file like that of CACertificates. It must have
	// a list of each authority of the chain, and is read when a proxy starts.
	File string `json:"file"`
}

// InsecureSkipVerify says why the certificate of a host is not verified.
type InsecureSkipVerify struct {
	// Reason is for people. The report shows it in capitals.
	Reason string `json:"reason"`
}

// PathOptions are what is so for the requests of a port, or of one path. What a path does not say
// is as for its port; Rewrite, Headers and Fault that say nothing are none. The defaults are those
// of a port.
type PathOptions struct {
	// Timeout limits a request, with its retries. Default: no limit.
	Timeout Duration `json:"timeout,omitempty"`
	// Retries says how failed requests are repeated. Default: as the mesh does it.
	Retries *Retries `json:"retries,omitempty"`
	// Rewrite says by what other path and host requests leave. Default: as they came.
	Rewrite *Rewrite `json:"rewrite,omitempty"`
	// Headers are what is changed of the headers of requests and of their responses.
	// Default: nothing.
	Headers *Headers `json:"headers,omitempty"`
	// Fault delays requests, and answers them in place of the host, for tests.
	// Default: nothing.
	Fault *Fault `json:"fault,omitempty"`
}

// Rewrite says by what other path and host requests leave, as HTTPRewrite of Istio does.
// Allow and Paths are about the path that the application sends.
type Rewrite struct {
	// URI takes the place of the path, and of one with a * of what stands before that:
	// for /v1/* /v2/ makes /v2/users of /v1/users. For the port it takes the place of
	// the first /. The query stays. Default: the path as it is.
	URI string `json:"uri,omitempty"`
	// Authority is the host that requests name, with a port if it is not that of the
	// scheme. The TLS of TLSOrigination is for the host all the same, unless SNI and
	// SubjectAltNames say otherwise. Default: the host.
	Authority string `json:"authority,omitempty"`
}

// Headers are what is changed of headers where requests leave the mesh, and of those of
// their responses where they come in.
type Headers struct {
	Request  *HeaderOperations `json:"request,omitempty"`
	Response *HeaderOperations `json:"response,omitempty"`
}

// String says what is changed, as in "request sets x-tenant: acme, removes x-debug".
func (h Headers) String() string {
	var parts []string
	if h.Request != nil {
		parts = append(parts, "request "+h.Request.String())
	}
	if h.Response != nil {
		parts = append(parts, "response "+h.Response.String())
	}
	return strings.Join(parts, "; ")
}

// HeaderOperations are what is changed of headers. Names are in lower case, and values are
// data: nothing in them is a command of Envoy. What is removed is removed first.
type HeaderOperations struct {
	// Set gives headers one value, whatever they have.
	Set map[string]string `json:"set,omitempty"`
	// Add gives headers one more value.
	Add map[string]string `json:"add,omitempty"`
	// Remove takes headers away.
	Remove []string `json:"remove,omitempty"`
}

// String says what is changed, as in "sets x-tenant: acme, removes x-debug".
func (o HeaderOperations) String() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(o.Set)) {
		parts = append(parts, fmt.Sprintf("sets %s: %s", name, o.Set[name]))
	}
	for _, name := range slices.Sorted(maps.Keys(o.Add)) {
		parts = append(parts, fmt.Sprintf("adds %s: %s", name, o.Add[name]))
	}
	for _, name := range o.Remove {
		parts = append(parts, "removes "+name)
	}
	return strings.Join(parts, ", ")
}

// Fault makes requests fail, as HTTPFaultInjection of Istio does. It is for tests of
// applications.
type Fault struct {
	Delay *Delay `json:"delay,omitempty"`
	Abort *Abort `json:"abort,omitempty"`
}

// Always is the Percentage of a Delay or an Abort that is for every request, which is the default.
const Always = 100

// String says what becomes of requests, as in "10 % get the answer 503".
func (f Fault) String() string {
	var parts []string
	if f.Delay != nil {
		parts = append(parts, fmt.Sprintf("%d %% wait for %s", cmp.Or(f.Delay.Percentage, Always), time.Duration(f.Delay.FixedDelay)))
	}
	if f.Abort != nil {
		status := cmp.Or(f.Abort.GRPCStatus, strconv.Itoa(f.Abort.HTTPStatus))
		parts = append(parts, fmt.Sprintf("%d %% get the answer %s", cmp.Or(f.Abort.Percentage, Always), status))
	}
	return strings.Join(parts, ", ")
}

// Delay keeps requests waiting before they leave.
type Delay struct {
	// FixedDelay is how long. Timeout does not count it.
	FixedDelay Duration `json:"fixedDelay"`
	// Percentage is how many of the requests. Default: 100.
	Percentage int `json:"percentage,omitempty"`
}

// Abort answers requests in place of the host. Exactly one of HTTPStatus and GRPCStatus is
// set.
type Abort struct {
	HTTPStatus int `json:"httpStatus,omitempty"`
	// GRPCStatus is the name of a status of gRPC, such as UNAVAILABLE, which sidecars repeat
	// before applications see it, as they do CANCELLED.
	GRPCStatus string `json:"grpcStatus,omitempty"`
	// Percentage is how many of the requests. Default: 100.
	Percentage int `json:"percentage,omitempty"`
}

// CACertificates names one source of certificates. Exactly one field is set.
type CACertificates struct {
	// Secret is a Secret in the namespace of the gateway, with the
	// certificates under the key ca.crt or cacert.
	Secret string `json:"secret,omitempty"`
	// ConfigMap is a ConfigMap like Secret.
	ConfigMap string `json:"configMap,omitempty"`
	// File is the absolute path of a file in the container of the proxy that
	// opens the TLS. If its folder has the name of a Secret, as CertificateFiles
	// describes, egress.Output.Patches mounts it.
	File string `json:"file,omitempty"`
}

// ClientCertificate names one source of a certificate and its private key.
// Exactly one field is set.
type ClientCertificate struct {
	// Secret is a Secret in the namespace of the gateway, with the keys tls.crt,
	// tls.key and ca.crt. Istio takes the certificate authorities of the host
	// from this Secret too, or from one of the same name and "-cacert".
	Secret string `json:"secret,omitempty"`
	// Files are in the container of the proxy that opens the TLS.
	Files *CertificateFiles `json:"files,omitempty"`
}

// CertificateFiles are the absolute paths of a certificate and its private key.
// The folder of each has the name of the Secret that egress.Output.Patches mounts there:
// /etc/istio/partner-certs is for the Secret partner-certs.
type CertificateFiles struct {
	Certificate string `json:"certificate"`
	PrivateKey  string `json:"privateKey"`
}
