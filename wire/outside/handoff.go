// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package outside

import (
	"bufio"
	"net"
	"sync"
)

// A bufferedConn is a connection of which something was read ahead.
type bufferedConn struct {
	net.Conn

	reader *bufio.Reader
}

func (c *bufferedConn) Read(b []byte) (int, error) { return c.reader.Read(b) }

// A handoff is the listener of connections that turned out to speak HTTP.
type handoff struct {
	conns chan net.Conn

	mu    sync.Mutex
	known map[net.Conn]Seen
}

func newHandoff() *handoff {
	return &handoff{conns: make(chan net.Conn), known: map[net.Conn]Seen{}}
}

func (h *handoff) give(conn net.Conn, seen Seen) {
	h.mu.Lock()
	h.known[conn] = seen
	h.mu.Unlock()
	h.conns <- conn
}

// seen returns what is known of a connection, once.
func (h *handoff) seen(conn net.Conn) Seen {
	h.mu.Lock()
	defer h.mu.Unlock()
	defer delete(h.known, conn)
	return h.known[conn]
}

// Accept returns the next connection.
func (h *handoff) Accept() (net.Conn, error) { return <-h.conns, nil }

// Close is for net.Listener. The process ends before the listener does.
func (h *handoff) Close() error { return nil }

// Addr is for net.Listener.
func (h *handoff) Addr() net.Addr { return &net.TCPAddr{} }
