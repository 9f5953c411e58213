// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package rig

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/wire/outside"
)

// patience is how long an application waits for an answer. Where packets are dropped, each call takes
// as long; and who is only late is called again.
const patience = time.Second

// A Request is what an application calls, beyond what an outcome says of it.
type Request struct {
	// Header is what an HTTP request carries.
	Header http.Header
	// Wait is set if the application lets the server speak first.
	Wait bool
	// SNI is what TLS asks for, where it is not the host.
	SNI string
	// Signer is the name of the authority that has signed the certificate of the host, where
	// it is not the one that the mesh asks for.
	Signer string
	// Carries is the name in the certificate of the host, where it is not its own.
	Carries string
	// Revoked is set if the authority has revoked the certificate of the host.
	Revoked bool
	// Patience is how long the application waits beyond what it waits for any answer.
	Patience time.Duration
	// GRPC is set if the application calls a method of gRPC.
	GRPC bool
	// StartTLS is the protocol of an application that opens TLS after some words in plain text.
	StartTLS string
}

// A reply is what comes back to an application.
type reply struct {
	seen   *outside.Seen // what the server says that it saw
	status int           // of HTTP
	body   string
	header http.Header
	err    error
	// locals are the near ends of the connections that the application opened.
	locals []string
}

// mostClients is how many clients there are at a time. Each agent watches files, and Linux
// lets all meshes of a machine do so 128 times together.
const mostClients = 16

// locality writes a locality as the value of a label.
func locality(text string) string { return strings.ReplaceAll(text, "/", ".") }

// client returns a workload that a call comes from.
func (m *Mesh) client(ctx context.Context, o calls.Outcome) (*Workload, error) {
	namespace, account, _ := strings.Cut(o.From, "/")
	account = cmp.Or(account, "default")
	s := spec{kind: "sidecar", namespace: namespace, account: account, name: "client-" + account}
	s.labels = map[string]string{"app": s.name}
	if o.NoSidecar {
		s.kind, s.name = "", s.name+"-bare"
	}
	if o.Locality != "" {
		s.labels[localityLabel] = locality(o.Locality)
		s.name += "-" + locality(o.Locality)
	}
	if m.quiet {
		s.config = quietProxy
		s.name += "-quiet"
	}
	if m.captures {
		s.dns = true
		s.name += "-dns"
	}
	key := s.namespace + "/" + s.name
	if w, ok := m.clients.Get(key); ok {
		return w, nil
	}
	if m.clients.Len() == mostClients {
		_, oldest, _ := m.clients.RemoveOldest()
		if err := m.closeWorkload(ctx, oldest); err != nil {
			return nil, err
		}
	}
	w, err := m.addWorkload(ctx, s, s.pod)
	if err != nil {
		return nil, fmt.Errorf("client %s: %w", key, err)
	}
	m.clients.Add(key, w)
	return w, nil
}

// resolve asks the DNS of a workload for a host, as the resolver of a Pod does.
func (w *Workload) resolve(ctx context.Context, host string) (string, error) {
	if _, err := netip.ParseAddr(host); err == nil {
		return host, nil
	}
	config, err := dns.ClientConfigFromFile(resolvConf)
	if err != nil {
		return "", err
	}
	config.Ndots, config.Search = 5, []string{w.Namespace + ".svc." + domain, "svc." + domain, domain}
	for _, name := range config.NameList(host) {
		conn, err := w.Dial(ctx, "udp4", net.JoinHostPort(config.Servers[0], config.Port))
		if err != nil {
			return "", err
		}
		answer, _, err := new(dns.Client).ExchangeWithConn(new(dns.Msg).SetQuestion(name, dns.TypeA), &dns.Conn{Conn: conn})
		conn.Close()
		if err != nil {
			return "", err
		}
		for _, record := range answer.Answer {
			if a, ok := record.(*dns.A); ok {
				return a.A.String(), nil
			}
		}
	}
	return "", fmt.Errorf("no such host: %s", host)
}

// A dialer connects an application, and remembers the near ends.
type dialer struct {
	*Workload

	address string // to connect to, where the host is not to be resolved
	locals  []string
}

func (d *dialer) dial(ctx context.Context, _, hostPort string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		return nil, err
	}
	address, err := d.resolve(ctx, cmp.Or(d.address, host))
	if err != nil {
		return nil, err
	}
	conn, err := d.Dial(ctx, "tcp4", net.JoinHostPort(address, port))
	if err != nil {
		return nil, err
	}
	d.locals = append(d.locals, conn.LocalAddr().String())
	return conn, nil
}

var defaultPorts = map[string]string{"http": "80", "https": "443", "tls": "443"}

// call makes the call of an outcome.
func (m *Mesh) call(ctx context.Context, w *Workload, o calls.Outcome, extra Request, id string) reply {
	ctx, cancel := context.WithTimeout(ctx, patience+extra.Patience)
	defer cancel()
	u, err := url.Parse(o.Call)
	if err != nil {
		return reply{err: err}
	}
	d := &dialer{Workload: w, address: o.Address}
	config := &tls.Config{RootCAs: m.pool(), ServerName: cmp.Or(extra.SNI, u.Hostname())}
	var r reply
	switch {
	case extra.GRPC:
		r = check(ctx, d, u.Host, id)
	case u.Scheme == "http", u.Scheme == "https":
		r = request(ctx, d, o, extra, id, config)
	default:
		conn, err := d.dial(ctx, "", net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), defaultPorts[u.Scheme])))
		if err != nil {
			return reply{err: err}
		}
		defer conn.Close()
		if u.Scheme == "tls" {
			conn = tls.Client(conn, config)
		}
		if extra.StartTLS != "" {
			r = startTLS(ctx, conn, extra.StartTLS, config, id)
		} else {
			r = lines(ctx, conn, id, extra.Wait)
		}
	}
	r.locals = d.locals
	return r
}

// pool has all authorities. Applications do not mind who signs.
func (m *Mesh) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	for _, a := range m.authorities {
		pool.AppendCertsFromPEM(a.PEM())
	}
	return pool
}

// request sends a request.
func request(ctx context.Context, d *dialer, o calls.Outcome, extra Request, id string, config *tls.Config) reply {
	r, err := http.NewRequestWithContext(ctx, cmp.Or(o.Method, http.MethodGet), o.Call, nil)
	if err != nil {
		return reply{err: err}
	}
	if extra.Header != nil {
		r.Header = extra.Header.Clone()
	}
	for name, value := range o.Sends {
		r.Header.Set(name, value)
	}
	r.Header.Set(callHeader, id)
	if r.Header.Get("User-Agent") == "" {
		r.Header["User-Agent"] = nil // Go would add its own.
	}
	protocols := new(http.Protocols)
	if o.HTTP2 {
		protocols.SetUnencryptedHTTP2(true)
	} else {
		protocols.SetHTTP1(true)
	}
	transport := &http.Transport{DialContext: d.dial, TLSClientConfig: config, Protocols: protocols, DisableCompression: true}
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(r)
	if err != nil {
		return reply{err: err}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	out := reply{status: response.StatusCode, body: string(body), header: response.Header, err: err}
	out.read([]byte(response.Header.Get(outside.HeaderSeen)))
	return out
}

// lines sends a line, and reads what the server saw. If the application waits, the
// server has to speak first.
func lines(ctx context.Context, conn net.Conn, id string, wait bool) reply {
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return reply{err: err}
	}
	reader := bufio.NewReader(conn)
	var out reply
	if wait {
		line, err := reader.ReadBytes('\n')
		out.body = string(line)
		if err != nil {
			out.err = err
			return out
		}
	}
	if _, err := io.WriteString(conn, id+"\n"); err != nil {
		out.err = err
		return out
	}
	line, err := reader.ReadBytes('\n')
	out.body += string(line)
	if err != nil {
		out.err = err
		return out
	}
	out.read(line)
	return out
}

// read reads what the server saw, if it is the server that answers.
func (r *reply) read(text []byte) {
	var seen outside.Seen
	if json.Unmarshal(text, &seen) == nil && seen.Peer.IsValid() {
		r.seen = &seen
	}
}

var errNoEntry = errors.New("the access log has no entry for the call")
