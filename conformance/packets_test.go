// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/conformance/cluster"
	"github.com/egressbundle/egressbundle/conformance/golden"
	"github.com/egressbundle/egressbundle/conformance/packet"
	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/report"
)

// Ends of packets that every cluster has.
var (
	kubeDNS  = podOf("kube-system", map[string]string{"k8s-app": "kube-dns"}, "10.1.0.1")
	kubelet  = podOf("kube-system", map[string]string{"app": "other"}, "10.1.0.2")
	istiod   = podOf("istio-system", map[string]string{"app": "istiod", "istio.io/rev": "default"}, "10.1.0.3")
	stranger = podOf("strangers", map[string]string{"app": "other"}, "10.1.0.4")
	resolver = packet.End{Address: netip.MustParseAddr("203.0.113.53")} // outside
	metadata = packet.End{Address: netip.MustParseAddr("169.254.169.254")}
	internet = packet.End{Address: netip.MustParseAddr("203.0.113.200")}
	sixth    = packet.End{Address: netip.MustParseAddr("2001:db8:200::1")}
)

func podOf(namespace string, labels map[string]string, address string) packet.End {
	return packet.End{Namespace: namespace, Labels: labels, Address: netip.MustParseAddr(address)}
}

// TestPackets: for every golden with NetworkPolicies, the packets that its paths need pass, and the others are dropped.
func TestPackets(t *testing.T) {
	tested := 0
	for name, g := range goldensByName(t) {
		bundles := g.Found.Bundles()
		if len(bundles) != 1 || bundles[0].Enforce == nil || !bundles[0].Enforce.NetworkPolicy {
			continue
		}
		tested++
		t.Run(name, func(t *testing.T) {
			policies, err := packet.New(g.Rendered)
			if err != nil {
				t.Fatal(err)
			}
			p := packets{t, policies, bundles[0], egress.WithDefaults(golden.MeshOf(g.Found))}
			output, err := g.Found.Render()
			if err != nil {
				t.Fatal(err)
			}
			gateways := cluster.GatewaysOf(golden.MeshOf(g.Found))
			for _, client := range clientsOf(p.bundle) {
				p.client(podOf(client, map[string]string{"app": "any"}, "10.1.1.1"), gateways, output.Report())
			}
			for _, gw := range gateways {
				p.gateway(gw, output.Report())
			}
		})
	}
	if tested < 4 {
		t.Errorf("%d goldens have NetworkPolicies, want 4 or more", tested)
	}
}

func clientsOf(bundle api.Bundle) []string {
	if len(bundle.Clients) == 0 {
		return []string{bundle.Namespace}
	}
	var clients []string
	for _, c := range bundle.Clients {
		clients = append(clients, c.Namespace)
	}
	return clients
}

type packets struct {
	t        *testing.T
	policies packet.Policies
	bundle   api.Bundle
	mesh     api.Mesh
}

func (p packets) expect(passes bool, from, to packet.End, port int32, protocol corev1.Protocol) {
	p.t.Helper()
	err := p.policies.Check(packet.Packet{From: from, To: to, Port: port, Protocol: protocol})
	if (err == nil) != passes {
		p.t.Errorf("%s to %s, %s %d: passes is %v, want %v (%v)", from, to, protocol, port, err == nil, passes, err)
	}
}

// dns returns a DNS server of the cluster, and another Pod of its namespace.
func (p packets) dns() (server, other packet.End) {
	if m := p.bundle.Mesh; m != nil && m.DNS.Namespace != "" {
		return podOf(m.DNS.Namespace, m.DNS.Selector, "10.1.0.1"), podOf(m.DNS.Namespace, map[string]string{"app": "other"}, "10.1.0.2")
	}
	return kubeDNS, kubelet
}

// proxied is what every Pod with a proxy needs, and what is like it and is not needed.
func (p packets) proxied(from packet.End, cluster bool) {
	server, other := p.dns()
	for _, protocol := range []corev1.Protocol{corev1.ProtocolTCP, corev1.ProtocolUDP} {
		p.expect(true, from, server, int32(p.mesh.DNS.Port), protocol)
		p.expect(cluster, from, other, int32(p.mesh.DNS.Port), protocol)
		p.expect(cluster, from, server, 9153, protocol)
		p.expect(false, from, resolver, 53, protocol)
	}
	p.expect(true, from, istiod, 15012, corev1.ProtocolTCP)
	p.expect(cluster, from, istiod, 15010, corev1.ProtocolTCP)
	p.expect(cluster, from, stranger, 8080, corev1.ProtocolTCP)
	p.expect(false, from, metadata, 80, corev1.ProtocolTCP)
}

func (p packets) client(from packet.End, gateways []cluster.Gateway, reported report.Report) {
	open := p.bundle.Enforce.ClusterTraffic != api.ClusterTrafficDeny
	p.proxied(from, open)
	for _, to := range []packet.End{internet, sixth} {
		for _, port := range []int32{80, 443, 5432, 8443} {
			p.expect(false, from, to, port, corev1.ProtocolTCP)
		}
	}
	for _, gw := range gateways {
		to := packet.End{Namespace: gw.Namespace, Labels: gw.Labels}
		openGateway := open && !isUsed(gw, reported) // as the rest of the cluster
		for _, port := range gw.Ports {
			used := slices.Contains(p.uses(gw, reported, from.Namespace), port.Port)
			p.expect(used || openGateway, from, to, port.TargetPort, corev1.ProtocolTCP)
		}
		p.expect(openGateway, from, to, 15021, corev1.ProtocolTCP)
	}
}

// uses returns the ports of the Service of a gateway that the workloads of a namespace send to.
func (p packets) uses(gw cluster.Gateway, reported report.Report, client string) []int32 {
	var ports []int32
	for _, a := range reported.Access {
		isClient := func(c api.Client) bool { return c.Namespace == client }
		if a.Exit != gw.String() || !slices.ContainsFunc(a.Clients, isClient) {
			continue
		}
		d := p.bundle.Destinations[a.Destination]
		mutual := *p.mesh.MutualTLS
		if d.MutualTLS != nil {
			mutual = *d.MutualTLS
		}
		if a.Protocol == "TLS" || mutual {
			ports = append(ports, 443)
		} else {
			ports = append(ports, 80)
		}
	}
	return ports
}

func isUsed(gw cluster.Gateway, reported report.Report) bool {
	return slices.ContainsFunc(reported.Access, func(a report.Access) bool { return a.Exit == gw.String() })
}

func (p packets) gateway(gw cluster.Gateway, reported report.Report) {
	if !isUsed(gw, reported) {
		return
	}
	from := packet.End{Namespace: gw.Namespace, Labels: gw.Labels, Address: netip.MustParseAddr("10.1.2.1")}
	p.proxied(from, false)
	for _, port := range gw.Ports {
		p.expect(false, stranger, from, port.TargetPort, corev1.ProtocolTCP)
		p.expect(false, istiod, from, port.TargetPort, corev1.ProtocolTCP)
	}
	p.expect(false, from, internet, 22, corev1.ProtocolTCP)
	p.expect(false, from, internet, 443, corev1.ProtocolUDP)
	p.expect(false, from, sixth, 22, corev1.ProtocolTCP)
	p.leaving(from, gw)
}

// leaving is where the promised calls leave the gateway to: names may be anywhere.
func (p packets) leaving(from packet.End, gw cluster.Gateway) {
	for _, o := range calls.Promised(p.bundle, p.mesh) {
		for address := range strings.FieldsSeq(o.Leaves) {
			host, port, err := net.SplitHostPort(address)
			if err != nil {
				p.t.Fatal(err)
			}
			number, err := strconv.ParseInt(port, 10, 32)
			if err != nil {
				p.t.Fatal(err)
			}
			if ip, err := netip.ParseAddr(host); err == nil && o.Through == gw.String() {
				p.expect(true, from, packet.End{Address: ip}, int32(number), corev1.ProtocolTCP)
				p.expect(false, from, packet.End{Address: ip.Next()}, int32(number), corev1.ProtocolTCP)
			} else if o.Through == gw.String() && !strings.Contains(host, ".svc") {
				p.expect(true, from, internet, int32(number), corev1.ProtocolTCP)
				p.expect(true, from, sixth, int32(number), corev1.ProtocolTCP)
			}
		}
	}
}
