// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package trace

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
)

// A Call is one request or connection that a workload of the mesh opens.
type Call struct {
	Namespace      string
	ServiceAccount string            // default: default
	Labels         map[string]string // of the workload
	// URL says what is called and how: http://, https://, tls:// (TLS with SNI) or tcp:// (bytes without TLS).
	URL    string
	Method string // default: GET
	// Headers are those of the request, by names in lower case, beside HTTP's own.
	Headers map[string]string
	HTTP2   bool // the application speaks HTTP/2
	// Address is the IP address the application connects to. By default that of a Service of the cluster if the host
	// names one, the host itself if it is an IP address, and else one that no configuration knows.
	Address string
	// NoSidecar is set if the workload has no proxy.
	NoSidecar bool
	// Locality is where the workload runs, as region, region/zone or region/zone/subzone. By default that is not known.
	Locality string
}

// unknownAddress is where a host resolves to unless the call says otherwise: TEST-NET-3, no configuration's address.
const unknownAddress = "203.0.113.254"

var defaultPorts = map[string]string{"http": "80", "https": "443", "tls": "443"}

// A stream is what travels on a connection: a request or bytes, within any number of TLS sessions.
type stream struct {
	request  *request  // nil if the payload is not HTTP
	sessions []session // the outermost last
}

type request struct {
	authority, method, path string
	rewritten               bool // The path is not that of the application.
	http2                   bool
	headers                 map[string]string // by names in lower case, beside HTTP's own
}

// A session is the client side of one TLS session.
type session struct {
	sni      string
	alpn     []string
	mutual   bool   // with Istio's certificates on both ends
	identity string // SPIFFE ID of the client, if mutual
	ofMesh   bool   // opened by a proxy on the way to another, and not by the application
}

func (s stream) outermost() *session {
	if len(s.sessions) == 0 {
		return nil
	}
	return &s.sessions[len(s.sessions)-1]
}

// within returns the stream inside one more TLS session.
func (s stream) within(tls session) stream {
	s.sessions = append(slices.Clip(s.sessions), tls)
	return s
}

// decrypted returns what is inside the outermost TLS session.
func (s stream) decrypted() stream {
	s.sessions = s.sessions[:len(s.sessions)-1]
	return s
}

// plainHTTP returns the request if a proxy can read it.
func (s stream) plainHTTP() *request {
	if len(s.sessions) > 0 {
		return nil
	}
	return s.request
}

// A connection is a stream on its way to an address.
type connection struct {
	stream

	source, destination netip.AddrPort
}

// open returns the connection that the application opens for the call. resolve knows the hosts of the cluster.
func (c Call) open(source netip.Addr, resolve func(host string) (address string, ok bool)) (connection, error) {
	u, err := url.Parse(c.URL)
	if err != nil {
		return connection{}, fmt.Errorf("call: %w", err)
	}
	port := u.Port()
	if port == "" {
		port = defaultPorts[u.Scheme]
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return connection{}, fmt.Errorf("call %s: a port is required", c.URL)
	}
	address, err := netip.ParseAddr(c.address(u.Hostname(), resolve))
	if err != nil {
		return connection{}, fmt.Errorf("call %s: %w", c.URL, err)
	}
	conn := connection{source: netip.AddrPortFrom(source, 40000), destination: netip.AddrPortFrom(address, uint16(number))}
	switch u.Scheme {
	case "http":
		conn.request = c.request(u)
	case "https":
		conn.stream = stream{request: c.request(u)}.within(session{sni: u.Hostname(), alpn: []string{"h2", "http/1.1"}})
	case "tls":
		conn.stream = stream{}.within(session{sni: u.Hostname()})
	case "tcp":
	default:
		return connection{}, fmt.Errorf("call %s: unknown scheme", c.URL)
	}
	return conn, nil
}

func (c Call) address(host string, resolve func(string) (string, bool)) string {
	if c.Address != "" {
		return c.Address
	}
	if net.ParseIP(host) != nil {
		return host
	}
	if ip, ok := resolve(host); ok {
		return ip
	}
	return unknownAddress
}

func (c Call) request(u *url.URL) *request {
	r := &request{authority: u.Host, method: c.Method, path: u.RequestURI(), http2: c.HTTP2, headers: c.Headers}
	if u.Port() == defaultPorts[u.Scheme] {
		r.authority = u.Hostname()
	}
	if r.method == "" {
		r.method = "GET"
	}
	return r
}

func (c Call) serviceAccount() string {
	if c.ServiceAccount == "" {
		return "default"
	}
	return c.ServiceAccount
}
