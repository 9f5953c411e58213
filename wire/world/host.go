// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package world

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strconv"

	"github.com/vishvananda/netns"
)

// A Host is a network namespace with an address.
type Host struct {
	Address netip.Addr

	namespace netns.NsHandle
	stop      func() error
}

// Close takes the host away. Processes that it still has lose their network.
func (h *Host) Close() error {
	return errors.Join(h.stop(), h.namespace.Close())
}

// Path is the file by which other programs of the world enter the namespace.
func (h *Host) Path() string { return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), h.namespace) }

// Do calls f in the namespace of the host. What f starts in other goroutines runs
// elsewhere.
func (h *Host) Do(f func() error) error {
	return homeAgain(func() error {
		if err := netns.Set(h.namespace); err != nil {
			return err
		}
		return f()
	})
}

// Start starts a program on the host.
func (h *Host) Start(cmd *exec.Cmd) error {
	return h.Do(cmd.Start)
}

// Dial connects from the host to an IP address and a port.
func (h *Host) Dial(ctx context.Context, network, address string) (conn net.Conn, err error) {
	return conn, h.Do(func() error {
		conn, err = new(net.Dialer).DialContext(ctx, network, address)
		return err
	})
}

// ListenEverywhere listens on all TCP ports of the host, and of the addresses behind
// it. SO_ORIGINAL_DST tells where a connection led.
func (h *Host) ListenEverywhere() (listener net.Listener, err error) {
	return listener, h.Do(func() error {
		listener, err = new(net.ListenConfig).Listen(context.Background(), "tcp4", ":0")
		if err != nil {
			return err
		}
		return redirect("-A", "tcp", listener.Addr().(*net.TCPAddr).Port)
	})
}

// ListenPackets listens on all UDP ports of the host.
func (h *Host) ListenPackets() (conn net.PacketConn, err error) {
	return conn, h.Do(func() error {
		conn, err = new(net.ListenConfig).ListenPacket(context.Background(), "udp4", ":0")
		if err != nil {
			return err
		}
		return redirect("-A", "udp", conn.LocalAddr().(*net.UDPAddr).Port)
	})
}

// closedPort is one that nobody listens on.
const closedPort = 1

// Refuse lets an address behind the host refuse connections until resume is called.
func (h *Host) Refuse(address netip.Addr) (resume func() error, err error) {
	change := func(how string) error {
		return h.Do(func() error { return redirect(how, "tcp", closedPort, "-d", address.String()) })
	}
	return func() error { return change("-D") }, change("-I")
}

// Drop lets packets to an address behind the host get lost until resume is called.
func (h *Host) Drop(address netip.Addr) (resume func() error, err error) {
	change := func(how string) error {
		return h.Do(func() error { return iptables("-t", "mangle", how, "PREROUTING", "-d", address.String(), "-j", "DROP") })
	}
	return func() error { return change("-D") }, change("-I")
}

// Bar refuses what a user of the host sends to one of its own ports.
func (h *Host) Bar(user uint32, port int) error {
	rule := []string{
		"-A", "OUTPUT", "-o", "lo", "-p", "tcp", "--dport", strconv.Itoa(port),
		"-m", "owner", "--uid-owner", strconv.FormatUint(uint64(user), 10), "-j", "REJECT",
	}
	return h.Do(func() error { return errors.Join(filter("iptables", rule...), filter("ip6tables", rule...)) })
}

// redirect changes whether what arrives where it is called is led to one port.
func redirect(change, protocol string, port int, matches ...string) error {
	rule := []string{"-t", "nat", change, "PREROUTING", "-p", protocol}
	rule = append(rule, matches...)
	return iptables(append(rule, "-j", "REDIRECT", "--to-ports", strconv.Itoa(port))...)
}

// iptables changes a rule where it is called.
func iptables(args ...string) error { return filter("iptables", args...) }

// filter changes a rule of IPv4 or of IPv6, for which there are two programs.
func filter(program string, args ...string) error {
	out, err := exec.Command(program, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", program, err, out)
	}
	return nil
}

// homeAgain calls f, which may change the network namespace of its thread. A thread
// that does not get back ends with its goroutine.
func homeAgain(f func() error) error {
	runtime.LockOSThread()
	home, err := netns.Get()
	if err != nil {
		return err
	}
	defer home.Close()
	err = f()
	if lost := netns.Set(home); lost != nil {
		return errors.Join(err, lost)
	}
	runtime.UnlockOSThread()
	return err
}
