// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package world

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
)

// Where the hosts of a network are. The rest of the Internet is behind the host
// that NewOutside adds.
var (
	// Control is the address of the process itself: it is the node.
	Control = netip.MustParseAddr("10.244.0.1")
	// Outside is the address of the host that answers for every other address.
	Outside = netip.MustParseAddr("10.243.0.2")
)

// A Network is a star of hosts, whose router is the process itself: it forwards every
// packet between them, so that rules there are for all.
type Network struct {
	next netip.Addr
}

// NewNetwork makes the network of the world. There is one.
func NewNetwork() (*Network, error) {
	loopback, err := netlink.LinkByName("lo")
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		setAddress(loopback, Control),
		os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0),
	)
	if err != nil {
		return nil, fmt.Errorf("make the network: %w", err)
	}
	return &Network{next: Control}, nil
}

// NewHost adds a host with the next address.
func (n *Network) NewHost() (*Host, error) {
	n.next = n.next.Next()
	return newHost(n.next)
}

// NewOutside adds the host behind which all addresses are that no other host has.
func (n *Network) NewOutside() (*Host, error) {
	host, err := newHost(Outside)
	if err != nil {
		return nil, err
	}
	link, err := netlink.LinkByName(Outside.String())
	if err != nil {
		return nil, err
	}
	return host, addDefaultRoute(link, Outside)
}

// Queue lets whoever listens on a queue of netfilter decide about the first packet of
// each connection between hosts. If nobody listens, there are no connections.
func (n *Network) Queue(number string) error {
	return iptables("-A", "FORWARD", "-m", "conntrack", "--ctstate", "NEW", "-j", "NFQUEUE", "--queue-num", number)
}

// Translate lets a UDP port of an address stand for another, as a Service does, and no
// other port any more.
func (n *Network) Translate(address netip.Addr, port, target uint16) error {
	return errors.Join(
		iptables("-t", "nat", "-F", "PREROUTING"),
		iptables("-t", "nat", "-A", "PREROUTING", "-d", address.String(), "-p", "udp", "--dport", strconv.Itoa(int(port)),
			"-j", "DNAT", "--to-destination", netip.AddrPortFrom(address, target).String()),
	)
}

// setAddress gives a link its only address, and sets it up.
func setAddress(link netlink.Link, address netip.Addr) error {
	return errors.Join(netlink.AddrAdd(link, &netlink.Addr{IPNet: only(address)}), netlink.LinkSetUp(link))
}

// only returns the prefix of one address.
func only(address netip.Addr) *net.IPNet {
	return &net.IPNet{IP: address.AsSlice(), Mask: net.CIDRMask(address.BitLen(), address.BitLen())}
}

// addRoute leads to what is at the other end of a link.
func addRoute(link netlink.Link, to netip.Addr) error {
	return netlink.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Dst: only(to), Scope: netlink.SCOPE_LINK})
}

func addDefaultRoute(link netlink.Link, via netip.Addr) error {
	return netlink.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Gw: via.AsSlice()})
}

// newHost makes a namespace, and a link to it that is called by its address.
func newHost(address netip.Addr) (*Host, error) {
	link := &netlink.Veth{LinkAttrs: netlink.NewLinkAttrs(), PeerName: "eth0"}
	link.Name = address.String()
	h := &Host{Address: address, stop: func() error { return netlink.LinkDel(link) }}
	err := homeAgain(func() (err error) {
		h.namespace, err = netns.New()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("make a namespace: %w", err)
	}
	link.PeerNamespace = netlink.NsFd(int(h.namespace))
	if err := netlink.LinkAdd(link); err != nil {
		return nil, fmt.Errorf("connect %s: %w", address, err)
	}
	if err := errors.Join(netlink.LinkSetUp(link), addRoute(link, address), h.Do(func() error { return setUp(address) })); err != nil {
		return nil, fmt.Errorf("set up %s: %w", address, err)
	}
	return h, nil
}

// setUp sets up the far end of a link, from within.
func setUp(address netip.Addr) error {
	loopback, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	link, err := netlink.LinkByName("eth0")
	if err != nil {
		return err
	}
	return errors.Join(
		netlink.LinkSetUp(loopback), setAddress(link, address), addRoute(link, Control), addDefaultRoute(link, Control),
	)
}
