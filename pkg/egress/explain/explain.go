// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package explain holds what becomes of one call: the proxies that it passes (Hop), where it
// leaves (Exit), or what stops it (Stop).
package explain

import (
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
)

// A Call is one request or connection that a workload of the mesh opens.
type Call struct {
	// Namespace and ServiceAccount are those of the workload. An empty ServiceAccount is
	// default.
	Namespace      string `json:"namespace"`
	ServiceAccount string `json:"serviceAccount,omitempty"`
	// URL is what is called, and how: https://HOST and tls://HOST for TLS that the application
	// opens, http://HOST/PATH for requests, and tcp://ADDRESS:PORT for any other bytes.
	URL string `json:"url"`
	// Method is that of the request. Empty: GET.
	Method string `json:"method,omitempty"`
	// Address is the IP address that the workload connects to. Empty: that of the host, which
	// nobody knows here.
	Address string `json:"address,omitempty"`
	// NoSidecar says that the workload has no proxy.
	NoSidecar bool `json:"noSidecar,omitempty"`
}

// A Verdict is what becomes of a call.
type Verdict string

// The verdicts.
const (
	// Passes: it leaves as a bundle says.
	Passes Verdict = "Passes"
	// Stopped: it does not leave.
	Stopped Verdict = "Stopped"
	// Open: it leaves, and no bundle says so.
	Open Verdict = "Open"
	// Unknown: an object of somebody else decides.
	Unknown Verdict = "Unknown"
)

// An Explanation is what becomes of a call.
//
// It knows what bundles say, and what others say in the same files. It does not know what else
// there is in the cluster.
type Explanation struct {
	Call    Call    `json:"call"`
	Verdict Verdict `json:"verdict"`
	// Hops are the proxies that the call comes to, in order.
	Hops []Hop `json:"hops,omitempty"`
	// Exit is where it leaves. Nil: it does not, or nobody knows.
	Exit *Exit `json:"exit,omitempty"`
	// Stop is what stops it. Nil: nothing does, or nobody knows.
	Stop *Stop `json:"stop,omitempty"`
	// Remedy is the smallest change of bundles that lets the call pass. Nil: it passes, or no
	// bundle can say so.
	Remedy *Remedy `json:"remedy,omitempty"`
	// Notes are what else there is to know, each in a sentence.
	Notes []string `json:"notes,omitempty"`
}

const (
	// Sidecar is the Proxy of a Hop that is none of a gateway.
	Sidecar = "sidecar"
	// Node is where packets are dropped.
	Node = "node"
	// IstioMutual is the TLS between proxies of a mesh, in which both show who they are.
	IstioMutual = "ISTIO_MUTUAL"
)

// A Hop is one proxy on the way of a call, and how it sends the call on.
type Hop struct {
	// Proxy is that of a gateway, as NAMESPACE/SERVICE, or "sidecar".
	Proxy string `json:"proxy"`
	// Objects are those that decide here, in the order in which the call meets them.
	Objects []Object `json:"objects,omitempty"`
	// Encryption is the TLS that the proxy opens to the next: IstioMutual, or nothing.
	Encryption string `json:"encryption,omitempty"`
	// SNI is the server name, and Authority the host of the request, that the proxy sends on.
	SNI       string `json:"sni,omitempty"`
	Authority string `json:"authority,omitempty"`
	// Path is that of the request with its query, as the proxy sends it on. Empty: as it came.
	Path string `json:"path,omitempty"`
	// Headers are what the proxy changes of headers. Nil: it takes away those of the mesh, and
	// changes no others.
	Headers *api.Headers `json:"headers,omitempty"`
	// Log is what the proxy logs.
	Log *Log `json:"log,omitempty"`
}

// An Object is one that decides what becomes of a call.
type Object struct {
	Ref diag.ObjectRef `json:"ref"`
	// Does is what it does with the call, in words that follow its name.
	Does string `json:"does"`
	// Bundle is the bundle that it is made for, as NAMESPACE/NAME, if it is made for one. Field leads to what asks
	// for it there, and Position is where that stands in its file, or where an object of somebody else does.
	Bundle   string        `json:"bundle,omitempty"`
	Field    string        `json:"field,omitempty"`
	Position diag.Position `json:"position,omitzero"`
}

// A Log is what the access log of a proxy says of a call. Its fields are those of the format
// that Istio has by default; empty ones are "-" there, and Any differs from call to call.
// https://istio.io/latest/docs/tasks/observability/logs/access-log/#default-access-log-format
type Log struct {
	// Method and Path are those of a request.
	Method string `json:"method,omitempty"`
	Path   string `json:"path,omitempty"`
	// Code is the status of the response, and 0 for what is no request.
	Code string `json:"code"`
	// Flags are those of the response, as UH.
	Flags string `json:"flags,omitempty"`
	// Details are why the response has its code, and Termination why a connection was closed.
	Details     string `json:"details,omitempty"`
	Termination string `json:"termination,omitempty"`
	Authority   string `json:"authority,omitempty"`
	// Upstream is the address that the proxy connects to, and Cluster the name that it has for
	// that.
	Upstream string `json:"upstream,omitempty"`
	Cluster  string `json:"cluster,omitempty"`
	SNI      string `json:"sni,omitempty"`
	Route    string `json:"route,omitempty"`
}

// Any stands for what differs from call to call.
const Any = "*"

// An Exit is where a call leaves to.
type Exit struct {
	// To is one of these, each HOST:PORT.
	To []string `json:"to"`
	// Connect is what a forward proxy at To is asked for, as HOST:PORT. Empty: To is none.
	Connect string `json:"connect,omitempty"`
	// TLS is what the last proxy opens. Nil: the call leaves as the application sent it.
	TLS *TLS `json:"tls,omitempty"`
}

// A TLS is what a proxy opens to a host, or to a forward proxy.
type TLS struct {
	SNI string `json:"sni"`
	// SubjectAltNames are the names of which the certificate of the host must carry one. Empty:
	// it is not verified.
	SubjectAltNames []string `json:"subjectAltNames,omitempty"`
	// CACertificates are who must have signed it, as in bundles. Zero: one of the system's.
	CACertificates api.CACertificates `json:"caCertificates,omitzero"`
	// ClientCertificate is what the proxy identifies itself with. Zero: nothing.
	ClientCertificate api.ClientCertificate `json:"clientCertificate,omitzero"`
	// CACRL is a file of what its authorities have revoked. Empty: none is read.
	CACRL string `json:"caCrl,omitempty"`
	// InsecureSkipVerify is why the certificate is not verified. Empty: it is.
	InsecureSkipVerify string `json:"insecureSkipVerify,omitempty"`
}

// A Stop is what stops a call, and how that looks.
type Stop struct {
	// By is the object that stops it. There are several only of NetworkPolicies, of which none
	// lets it pass.
	By []Object `json:"by"`
	// At is the proxy that does it, as in Hop, or "node" for packets that are dropped.
	At string `json:"at"`
	// Why is the reason, in a sentence.
	Why string `json:"why"`
	// Status is that of the answer to a request. 0: there is no answer.
	Status int `json:"status,omitempty"`
	// Curl is the exit status of "curl --fail" for http:// and https://, and for tls:// that
	// of "curl --fail https://". 0: curl cannot tell.
	Curl int `json:"curl,omitempty"`
	// Looks is how it looks to applications, in a sentence.
	Looks string `json:"looks"`
}

// A Remedy is a change of one bundle.
type Remedy struct {
	// Bundle is NAMESPACE/NAME of the bundle, and Position where what changes stands in its
	// file, or where it would.
	Bundle   string        `json:"bundle"`
	Position diag.Position `json:"position,omitzero"`
	// New says that there is no such bundle yet.
	New bool `json:"new,omitempty"`
	// YAML is a new bundle, or a patch of one as kustomize merges it: lists in it are whole.
	YAML string `json:"yaml"`
}
