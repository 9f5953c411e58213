// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package outside is the Internet of a mesh: a DNS server that knows an address
// for every name, and one server behind all addresses and ports, which tells what
// it sees of each call.
package outside

import (
	"net/http"
	"net/netip"
)

// Seen is what the server sees of a connection or a request. It is also what the
// server answers, as JSON: in a header, or in a line.
type Seen struct {
	// Peer is who connects.
	Peer netip.AddrPort `json:"peer"`
	// Address is what was connected to.
	Address netip.AddrPort `json:"address"`
	// Connect is the host and port that a forward proxy was asked for.
	Connect string `json:"connect,omitempty"`
	// ConnectHeader is what else the forward proxy was told.
	ConnectHeader http.Header `json:"connectHeader,omitempty"`
	// ConnectTLS is the session in which it was asked, and nil if there is none.
	ConnectTLS *TLS `json:"connectTLS,omitempty"`
	// TLS is the session that ends at the server, and nil if there is none.
	TLS *TLS `json:"tls,omitempty"`
	// Request is nil if what arrives is not HTTP.
	Request *Request `json:"request,omitempty"`
	// Line is the first line that arrives, where that is not HTTP. It is empty
	// where the server spoke first.
	Line string `json:"line,omitempty"`
}

// TLS is the server's side of a session.
type TLS struct {
	SNI string `json:"sni,omitempty"`
	// Authority has signed the certificate that the server showed.
	Authority string `json:"authority"`
	// Certificate is the common name of the certificate that the client showed.
	Certificate string `json:"certificate,omitempty"`
}

// A Request is the head of an HTTP request.
type Request struct {
	Method   string      `json:"method"`
	Host     string      `json:"host"`
	URI      string      `json:"uri"`
	Protocol string      `json:"protocol"` // HTTP/1.1 or HTTP/2.0
	Header   http.Header `json:"header"`
}
