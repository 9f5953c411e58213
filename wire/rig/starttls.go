// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package rig

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/smtp"

	"github.com/egressbundle/egressbundle/wire/outside"
)

// The protocols of Request.StartTLS.
const (
	LDAP       = "LDAP"
	PostgreSQL = "PostgreSQL"
	SMTP       = "SMTP"
)

// startTLS speaks a protocol that begins in plain text until TLS is open, and sends a line in it.
func startTLS(ctx context.Context, conn net.Conn, protocol string, config *tls.Config, id string) reply {
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return reply{err: err}
	}
	switch protocol {
	case SMTP:
		return submit(conn, config, id)
	case PostgreSQL:
		return ask(ctx, conn, outside.SSLRequest, outside.SSLAccepted, config, id)
	default:
		return ask(ctx, conn, outside.ExtendedRequest, outside.ExtendedResponse, config, id)
	}
}

// submit lets Go's own client speak SMTP.
func submit(conn net.Conn, config *tls.Config, id string) reply {
	client, err := smtp.NewClient(conn, config.ServerName)
	if err != nil {
		return reply{err: err}
	}
	if err := client.StartTLS(config); err != nil {
		return reply{err: err}
	}
	if _, err := client.Text.Cmd("NOOP %s", id); err != nil {
		return reply{err: err}
	}
	_, text, err := client.Text.ReadResponse(250)
	out := reply{body: text, err: err}
	out.read([]byte(text))
	return out
}

// ask opens TLS where the server accepts a request for it.
func ask(ctx context.Context, conn net.Conn, request, accepted []byte, config *tls.Config, id string) reply {
	if _, err := conn.Write(request); err != nil {
		return reply{err: err}
	}
	answer := make([]byte, len(accepted))
	if _, err := io.ReadFull(conn, answer); err != nil {
		return reply{err: err}
	}
	if string(answer) != string(accepted) {
		return reply{err: fmt.Errorf("the server does not accept TLS: %q", answer)}
	}
	return lines(ctx, tls.Client(conn, config), id, false)
}
