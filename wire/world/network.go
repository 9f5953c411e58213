// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package world

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
)

// Where the hosts of a network are. The rest of the Internet is behind the host
// that OpenGateway adds.
var (
	// Control is the address of the process itself.
	Control = netip.MustParseAddr("10.244.0.1")
	// Outside is the address of the host that answers for every other address.
	Outside = netip.MustParseAddr("10.243.0.2")

	outsideLink = netip.MustParsePrefix("10.243.0.1/30")
)

const (
	hostBits = 16 // hosts share 10.244.0.0/16
	bridge   = "hosts"
	uplink   = "uplink"
)

// A Network is a bridge of hosts, whose router is the process itself.
type Network struct {
	bridge *netlink.Bridge
	next   netip.Addr
}

// NewNetwork makes the network of the world. There is one.
func NewNetwork() (*Network, error) {
	n := &Network{
		bridge: &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: bridge}},
		next:   Control,
	}
	loopback, err := netlink.LinkByName("lo")
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		netlink.LinkSetUp(loopback),
		netlink.LinkAdd(n.bridge),
		setAddress(n.bridge, netip.PrefixFrom(Control, hostBits)),
		os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0),
	)
	if err != nil {
		return nil, fmt.Errorf("make the network: %w", err)
	}
	return n, nil
}

// NewHost adds a host with the next address.
func (n *Network) NewHost() (*Host, error) {
	n.next = n.next.Next()
	link := &netlink.Veth{LinkAttrs: netlink.NewLinkAttrs(), PeerName: "eth0"}
	link.Name = fmt.Sprintf("host%d", n.next.As4()[2]*255+n.next.As4()[3])
	link.MasterIndex = n.bridge.Index
	return newHost(link, netip.PrefixFrom(n.next, hostBits), Control, func() error { return nil })
}

// NewOutside adds the host behind which all addresses are that no other host has.
func (n *Network) NewOutside() (*Host, error) {
	link := &netlink.Veth{LinkAttrs: netlink.NewLinkAttrs(), PeerName: "eth0"}
	link.Name = uplink
	return newHost(link, netip.PrefixFrom(Outside, outsideLink.Bits()), outsideLink.Addr(), func() error {
		if err := setAddress(link, outsideLink); err != nil {
			return err
		}
		return addDefaultRoute(link, Outside)
	})
}

// setAddress gives a link its address, and sets it up.
func setAddress(link netlink.Link, prefix netip.Prefix) error {
	address := &netlink.Addr{IPNet: &net.IPNet{
		IP: prefix.Addr().AsSlice(), Mask: net.CIDRMask(prefix.Bits(), prefix.Addr().BitLen()),
	}}
	return errors.Join(netlink.AddrAdd(link, address), netlink.LinkSetUp(link))
}

func addDefaultRoute(link netlink.Link, via netip.Addr) error {
	return netlink.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Gw: via.AsSlice()})
}

// newHost makes a namespace with the far end of a link.
func newHost(link *netlink.Veth, prefix netip.Prefix, router netip.Addr, nearEnd func() error) (*Host, error) {
	h := &Host{Address: prefix.Addr(), stop: func() error { return netlink.LinkDel(link) }}
	err := homeAgain(func() (err error) {
		h.namespace, err = netns.New()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("make a namespace: %w", err)
	}
	link.PeerNamespace = netlink.NsFd(int(h.namespace))
	if err := netlink.LinkAdd(link); err != nil {
		return nil, fmt.Errorf("connect %s: %w", h.Address, err)
	}
	if err := errors.Join(netlink.LinkSetUp(link), nearEnd(), h.Do(func() error { return setUp(prefix, router) })); err != nil {
		return nil, fmt.Errorf("set up %s: %w", h.Address, err)
	}
	return h, nil
}

// setUp sets up the far end of a link, from within.
func setUp(prefix netip.Prefix, router netip.Addr) error {
	loopback, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	link, err := netlink.LinkByName("eth0")
	if err != nil {
		return err
	}
	return errors.Join(netlink.LinkSetUp(loopback), setAddress(link, prefix), addDefaultRoute(link, router))
}
