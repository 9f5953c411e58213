// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package outside

import (
	"net"
	"net/netip"
	"strings"
	"sync"

	"github.com/miekg/dns"
)

// A Cluster answers for the names below the domain of a cluster: with addresses, or
// with another name. A name that does not exist has neither.
type Cluster func(host string) (addresses []netip.Addr, alias string)

// Names gives every name an address of its own.
type Names struct {
	domain  string
	cluster Cluster

	mu        sync.Mutex
	addresses map[string]netip.Addr
	hosts     map[netip.Addr]string
	absent    map[string]bool
	next      netip.Addr
}

// firstAddress begins the range for tests of networks (RFC 2544), which no manifest
// of ours uses.
var firstAddress = netip.MustParseAddr("198.18.0.1")

// NewNames returns names without addresses. Below domain, cluster answers.
func NewNames(domain string, cluster Cluster) *Names {
	return &Names{
		domain:    domain,
		cluster:   cluster,
		addresses: map[string]netip.Addr{},
		hosts:     map[netip.Addr]string{},
		absent:    map[string]bool{},
		next:      firstAddress,
	}
}

// Address returns the address of a host. From now on that is what DNS answers, also
// for a name of the cluster.
func (n *Names) Address(host string) netip.Addr {
	n.mu.Lock()
	defer n.mu.Unlock()
	address, ok := n.addresses[host]
	if !ok {
		address, n.next = n.next, n.next.Next()
		n.addresses[host], n.hosts[address] = address, host
	}
	return address
}

// Deny lets there be no such host until resume is called.
func (n *Names) Deny(host string) (resume func()) {
	deny := func(absent bool) {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.absent[host] = absent
	}
	deny(true)
	return func() { deny(false) }
}

func (n *Names) denies(host string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.absent[host]
}

func (n *Names) knows(host string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	_, ok := n.addresses[host]
	return ok
}

// Assign gives a host an address that is not of the range.
func (n *Names) Assign(host string, address netip.Addr) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.addresses[host] = address
}

// Host returns the host that an address was given to, or the address.
func (n *Names) Host(address netip.Addr) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if host, ok := n.hosts[address]; ok {
		return host
	}
	return address.String()
}

// Serve answers queries.
func (n *Names) Serve(conn net.PacketConn) error {
	server := &dns.Server{PacketConn: conn, Handler: dns.HandlerFunc(n.answer)}
	return server.ActivateAndServe()
}

func (n *Names) answer(w dns.ResponseWriter, query *dns.Msg) {
	reply := new(dns.Msg).SetReply(query)
	for _, question := range query.Question {
		records, exists := n.lookUp(question)
		if !exists {
			reply.Rcode = dns.RcodeNameError
		}
		reply.Answer = append(reply.Answer, records...)
	}
	w.WriteMsg(reply)
}

// lookUp returns the records of a name, and whether the name exists.
func (n *Names) lookUp(q dns.Question) (records []dns.RR, exists bool) {
	host := strings.ToLower(strings.TrimSuffix(q.Name, "."))
	if n.denies(host) {
		return nil, false
	}
	if n.knows(host) || !dns.IsSubDomain(dns.Fqdn(n.domain), q.Name) {
		return addressRecords(q, lasting, n.Address(host)), true
	}
	addresses, alias := n.cluster(host)
	if alias != "" {
		name := &dns.CNAME{Hdr: header(q.Name, dns.TypeCNAME, brief), Target: dns.Fqdn(alias)}
		q.Name = name.Target
		records, exists = n.lookUp(q)
		return append([]dns.RR{name}, records...), exists
	}
	return addressRecords(q, brief, addresses...), len(addresses) > 0
}

// addressRecords are those of IPv4. There is no other.
func addressRecords(q dns.Question, ttl uint32, addresses ...netip.Addr) []dns.RR {
	var records []dns.RR
	for _, address := range addresses {
		if q.Qtype == dns.TypeA {
			records = append(records, &dns.A{Hdr: header(q.Name, dns.TypeA, ttl), A: address.AsSlice()})
		}
	}
	return records
}

// How many seconds a record holds. An address that was given to a host stays with it, and
// Envoys ask for each host again when its time is up. The cluster changes.
const (
	lasting = 60
	brief   = 1
)

func header(name string, kind uint16, ttl uint32) dns.RR_Header {
	return dns.RR_Header{Name: name, Rrtype: kind, Class: dns.ClassINET, Ttl: ttl}
}
