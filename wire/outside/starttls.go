// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package outside

import (
	"encoding/json"
	"net"
	"net/textproto"
	"strings"
)

// Protocols that begin in plain text, and open TLS after some words of it.

// submission is the port on which the server speaks SMTP to who lets it speak first.
const submission = 587

// speakSMTP greets a client, and opens TLS where it asks for that.
// https://www.rfc-editor.org/rfc/rfc3207
func (s *Server) speakSMTP(conn net.Conn, seen Seen) {
	defer conn.Close()
	text := textproto.NewConn(conn)
	text.PrintfLine("220 outside ESMTP")
	for {
		line, err := text.ReadLine()
		if err != nil {
			return
		}
		seen.Line = line
		s.note(seen)
		switch command, _, _ := strings.Cut(line, " "); command {
		case "EHLO":
			text.PrintfLine("250-outside\r\n250 STARTTLS")
		case "STARTTLS":
			text.PrintfLine("220 go ahead")
			secure, err := s.secure(conn, &seen)
			if err != nil {
				return
			}
			text = textproto.NewConn(secure)
		case "NOOP":
			text.PrintfLine("250 %s", said(seen))
		default:
			text.PrintfLine("%s", said(seen))
		}
	}
}

// said is what was seen, for an answer.
func said(seen Seen) []byte {
	text, _ := json.Marshal(seen) //nolint:errchkjson // it is plain data
	return text
}

var (
	// SSLRequest is what a client of PostgreSQL says first.
	// https://www.postgresql.org/docs/current/protocol-message-formats.html
	SSLRequest = []byte{0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f}
	// SSLAccepted is the answer.
	SSLAccepted = []byte("S")
	// ExtendedRequest is what a client of LDAP says to open TLS, as its first message.
	// https://www.rfc-editor.org/rfc/rfc4511#section-4.14
	ExtendedRequest = append([]byte{0x30, 29, 0x02, 1, 1, 0x77, 24, 0x80, 22}, "1.3.6.1.4.1.1466.20037"...)
	// ExtendedResponse is the answer: success.
	ExtendedResponse = []byte{0x30, 12, 0x02, 1, 1, 0x78, 7, 0x0a, 1, 0, 0x04, 0, 0x04, 0}
)

// startsTLS answers a client that asks for TLS in one of these ways, and reports whether it did.
func (c *bufferedConn) startsTLS() bool {
	first, err := c.reader.Peek(1)
	if err != nil {
		return false
	}
	for request, answer := range map[string][]byte{string(SSLRequest): SSLAccepted, string(ExtendedRequest): ExtendedResponse} {
		if request[0] != first[0] {
			continue
		}
		if said, err := c.reader.Peek(len(request)); err == nil && string(said) == request {
			c.reader.Discard(len(request))
			_, err := c.Write(answer)
			return err == nil
		}
	}
	return false
}
