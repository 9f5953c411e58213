// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

// startsTLS are the protocols that begin in plain text and turn to TLS later, by the ports that
// are registered for them: what openssl s_client has in its option -starttls.
// https://docs.openssl.org/3.5/man1/openssl-s_client/
// https://www.iana.org/assignments/service-names-port-numbers/
var startsTLS = map[int]string{
	21:   "FTP",
	24:   "LMTP",
	25:   "SMTP",
	110:  "POP3",
	119:  "NNTP",
	143:  "IMAP",
	389:  "LDAP",
	587:  "SMTP",
	3306: "MySQL",
	4190: "ManageSieve",
	5222: "XMPP",
	5269: "XMPP",
	5432: "PostgreSQL",
	6667: "IRC",
}

func (p port) tlsPassthrough() ir.Route {
	p.checkWildcardTLS()
	p.checkAlias()
	if protocol := startsTLS[p.number]; protocol != "" {
		p.reportField("pattern", tlsAfterPlainText(p.number, protocol))
	}
	return ir.Route{Protocol: ir.TLS, Exit: ir.Exit{Port: p.number}}
}

// checkWildcardTLS judges wildcards where traffic names its host by SNI.
func (p port) checkWildcardTLS() {
	_, throughGateway := p.way.(ir.ThroughGateway)
	switch {
	case !hasWildcard(p.from):
	case p.onward.Proxy != nil && p.from.WildcardServer == "":
		p.reportField("pattern", tlsWildcardThroughProxy())
	case hasTarget(p.from):
	case throughGateway:
		p.reportField("pattern", tlsWildcardThroughGateway())
	case !p.onward.DynamicDNS:
		p.reportField("pattern", openWildcard(p.number))
	}
}

// checkAlias refuses an alias where only the name that TLS is opened to tells the
// gateway where a connection goes: that is the host's own.
func (p port) checkAlias() {
	_, throughGateway := p.way.(ir.ThroughGateway)
	s := p.from.Service
	if throughGateway && s != nil && s.Type == api.ServiceExternalName && s.ExternalName != "" {
		p.reportField("pattern", aliasThroughGateway(s.ExternalName))
	}
}
