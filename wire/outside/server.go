// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package outside

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
)

// What a request may ask of the server: to wait before it answers, as a
// time.Duration, to answer with a status, or with one of gRPC, and to end the connection
// without an answer.
const (
	HeaderDelay      = "Test-Delay"
	HeaderStatus     = "Test-Status"
	HeaderGRPCStatus = "Test-Grpc-Status"
	HeaderHangUp     = "Test-Hang-Up"
)

// HeaderSeen is the header of an answer that says what was seen, as JSON, and HeaderOwn one that is of no meaning.
const (
	HeaderSeen = "Test-Seen"
	HeaderOwn  = "Server-Timing"
)

// patience is how long a client may say nothing until the server speaks first.
const patience = 150 * time.Millisecond

// A Server answers every connection that a listener redirects to it.
type Server struct {
	http    *http.Server
	health  *grpc.Server
	handoff *handoff

	mu        sync.Mutex
	seen      []Seen
	authority *Authority       // of all that are shown without one
	shown     map[string]Shown // by SNI
	open      map[net.Conn]bool
}

// Shown is what a certificate of the server is. Nothing stands for what it shows by itself.
type Shown struct {
	// Authority has signed it.
	Authority *Authority
	// Name is in it in place of the server name that was asked for.
	Name string
	// Revoked says that it is on the list of its authority.
	Revoked bool
}

// NewServer returns a server whose certificates an authority signs.
func NewServer(authority *Authority) *Server {
	s := &Server{
		health:    newHealth(),
		handoff:   newHandoff(),
		authority: authority,
		shown:     map[string]Shown{},
		open:      map[net.Conn]bool{},
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	s.http = &http.Server{
		Handler:           http.HandlerFunc(s.handle),
		Protocols:         protocols,
		ReadHeaderTimeout: time.Minute,
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			return context.WithValue(ctx, connection{}, s.handoff.seen(conn))
		},
	}
	return s
}

// connection is the key of what is seen of the connection of a request.
type connection struct{}

// Serve answers the connections of a listener until it is closed.
func (s *Server) Serve(listener net.Listener) error {
	go s.http.Serve(s.handoff)
	for {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		go s.accept(conn)
	}
}

// Show lets the server show a certificate for a server name. If that is new, it ends all
// connections, so that nobody goes on with an old session.
func (s *Server) Show(sni string, shown Shown) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shown[sni] == shown {
		return
	}
	s.shown[sni] = shown
	s.end()
}

// End ends all connections.
func (s *Server) End() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end()
}

func (s *Server) end() {
	for conn := range s.open {
		conn.Close()
	}
	clear(s.open)
}

// Take returns what was seen since it was last called, in order of time: each
// connection when it is opened, and each request (CONNECT too) and line when it arrives.
func (s *Server) Take() []Seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := s.seen
	s.seen = nil
	return seen
}

func (s *Server) note(seen Seen) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, seen)
}

func (s *Server) accept(conn net.Conn) {
	address, err := originalDestination(conn)
	if err != nil {
		conn.Close()
		return
	}
	seen := Seen{Peer: conn.RemoteAddr().(*net.TCPAddr).AddrPort(), Address: address}
	s.note(seen)
	s.converse(s.keep(conn), seen)
}

// An openConn is a connection that the server can end.
type openConn struct {
	net.Conn

	server *Server
}

func (s *Server) keep(conn net.Conn) net.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[conn] = true
	return &openConn{conn, s}
}

func (c *openConn) Close() error {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	delete(c.server.open, c.Conn)
	return c.Conn.Close()
}

// converse finds out what a client speaks, and answers in kind.
func (s *Server) converse(conn net.Conn, seen Seen) {
	buffered := &bufferedConn{Conn: conn, reader: bufio.NewReader(conn)}
	conn.SetReadDeadline(time.Now().Add(patience))
	first, err := buffered.reader.Peek(1)
	conn.SetReadDeadline(time.Time{})
	switch {
	case errors.Is(err, context.DeadlineExceeded) || isTimeout(err):
		s.speakFirst(buffered, seen)
	case err != nil:
		conn.Close()
	case first[0] == recordHandshake:
		s.handshake(buffered, seen)
	case buffered.startsTLS():
		s.handshake(buffered, seen)
	case buffered.speaksHTTP():
		s.handoff.give(buffered, seen)
	default:
		s.speakLines(buffered, seen)
	}
}

// recordHandshake is the first byte of TLS.
const recordHandshake = 0x16

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// speaksHTTP reports whether the first word is that of a request.
func (c *bufferedConn) speaksHTTP() bool {
	word, _ := c.reader.Peek(4)
	methods := []string{"GET ", "HEAD", "POST", "PUT ", "DELE", "CONN", "OPTI", "PATC", "PRI "}
	return slices.Contains(methods, string(word))
}

// speakFirst says who speaks before the client does, as SSH and SMTP do.
func (s *Server) speakFirst(conn *bufferedConn, seen Seen) {
	if seen.Address.Port() == submission {
		s.speakSMTP(conn, seen)
		return
	}
	if err := json.NewEncoder(conn).Encode(seen); err != nil {
		conn.Close()
		return
	}
	s.speakLines(conn, seen)
}

// speakLines answers each line.
func (s *Server) speakLines(conn *bufferedConn, seen Seen) {
	defer conn.Close()
	for {
		line, err := conn.reader.ReadString('\n')
		if err != nil {
			return
		}
		seen.Line = strings.TrimSpace(line)
		s.note(seen)
		if err := json.NewEncoder(conn).Encode(seen); err != nil {
			return
		}
	}
}

func (s *Server) handshake(conn net.Conn, seen Seen) {
	server, err := s.secure(conn, &seen)
	switch {
	case err != nil:
		conn.Close()
	case server.ConnectionState().NegotiatedProtocol == "h2":
		s.handoff.give(server, seen)
	default:
		s.converse(server, seen)
	}
}

// secure ends the TLS that a client opens.
func (s *Server) secure(conn net.Conn, seen *Seen) (*tls.Conn, error) {
	seen.TLS = &TLS{}
	server := tls.Server(conn, &tls.Config{
		ClientAuth: tls.RequestClientCert,
		NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			shows := s.shows(hello.ServerName)
			seen.TLS.SNI, seen.TLS.Authority = hello.ServerName, shows.Authority.Name
			return shows.Authority.server(shows.Name, shows.Revoked)
		},
	})
	if err := server.HandshakeContext(context.Background()); err != nil {
		return nil, err
	}
	if shown := server.ConnectionState().PeerCertificates; len(shown) > 0 {
		seen.TLS.Certificate = shown[0].Subject.CommonName
	}
	return server, nil
}

// shows returns what the server shows for a server name, with what it does by itself.
func (s *Server) shows(sni string) Shown {
	s.mu.Lock()
	defer s.mu.Unlock()
	shown := s.shown[sni]
	return Shown{Authority: cmp.Or(shown.Authority, s.authority), Name: cmp.Or(shown.Name, sni), Revoked: shown.Revoked}
}

// handle answers a request with what is seen of it.
func (s *Server) handle(w http.ResponseWriter, r *http.Request) {
	seen := r.Context().Value(connection{}).(Seen)
	if r.Method == http.MethodConnect {
		seen.Connect, seen.ConnectHeader = r.Host, r.Header
		s.tunnel(w, seen)
		return
	}
	seen.Request = &Request{Method: r.Method, Host: r.Host, URI: r.RequestURI, Protocol: r.Proto, Header: r.Header}
	s.note(seen)
	text, _ := json.Marshal(seen) //nolint:errchkjson // it is plain data
	w.Header().Set(HeaderSeen, string(text))
	w.Header().Set(HeaderOwn, "total")
	if isGRPC(r) {
		s.health.ServeHTTP(w, r)
		return
	}
	io.Copy(io.Discard, r.Body)
	if r.Header.Get(HeaderHangUp) != "" {
		panic(http.ErrAbortHandler)
	}
	if delay, err := time.ParseDuration(r.Header.Get(HeaderDelay)); err == nil {
		time.Sleep(delay)
	}
	if grpcStatus := r.Header.Get(HeaderGRPCStatus); grpcStatus != "" {
		w.Header().Set("Grpc-Status", grpcStatus)
	}
	var status int
	if _, err := fmt.Sscan(r.Header.Get(HeaderStatus), &status); err == nil {
		w.WriteHeader(status)
	}
}

// tunnel does what a forward proxy does, and is the host that it leads to.
func (s *Server) tunnel(w http.ResponseWriter, seen Seen) {
	seen.ConnectTLS, seen.TLS = seen.TLS, nil
	s.note(seen)
	w.WriteHeader(http.StatusOK)
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	s.converse(conn, seen)
}

// originalDestination returns where a connection led before it was redirected.
func originalDestination(conn net.Conn) (address netip.AddrPort, err error) {
	raw, err := conn.(syscall.Conn).SyscallConn()
	if err != nil {
		return address, err
	}
	var found unix.RawSockaddrInet4
	size := uint32(unsafe.Sizeof(found))
	var errno syscall.Errno
	err = raw.Control(func(fd uintptr) {
		_, _, errno = unix.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_IP, unix.SO_ORIGINAL_DST,
			uintptr(unsafe.Pointer(&found)), uintptr(unsafe.Pointer(&size)), 0)
	})
	if err == nil && errno != 0 {
		err = errno
	}
	port := found.Port>>8 | found.Port<<8 // network byte order
	return netip.AddrPortFrom(netip.AddrFrom4(found.Addr), port), err
}
