// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package trace

import (
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/egressbundle/egressbundle/conformance/packet"
)

// pod is the end of packets that a workload sends.
func (c Call) pod() packet.End {
	return packet.End{Namespace: c.Namespace, Labels: c.Labels, Address: sourceAddress}
}

// pod is the end of packets that a gateway sends and receives.
func (gw *gateway) pod() packet.End {
	return packet.End{Namespace: gw.workload.Namespace, Labels: gw.workload.Labels, Address: netip.MustParseAddr(gw.ip)}
}

// send asks the NetworkPolicies whether connections to some addresses, as host:port, are let through. A name may be
// anywhere outside.
func (m *Mesh) send(from packet.End, addresses []string) error {
	for _, address := range addresses {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			return err
		}
		number, err := strconv.ParseInt(port, 10, 32)
		if err != nil {
			return err
		}
		err = m.policies.Check(packet.Packet{From: from, To: m.endAt(host, uint16(number)), Port: int32(number)})
		if dropped, ok := errors.AsType[*packet.DroppedError](err); ok {
			return blockedf("%v", dropped)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// endAt is what is at an address: a gateway, a Pod behind a Service, or something outside.
func (m *Mesh) endAt(host string, port uint16) packet.End {
	if strings.HasSuffix(strings.TrimSuffix(host, "."+clusterDomain), ".svc") {
		namespace, _, _ := strings.Cut(serviceName(host, ""), "/")
		return packet.End{Namespace: namespace}
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		ip = netip.MustParseAddr(unknownAddress)
	}
	if gw := m.gateways[netip.AddrPortFrom(ip, port)]; gw != nil {
		return gw.pod()
	}
	return packet.End{Address: ip}
}
