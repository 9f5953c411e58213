// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// istiodPort is where proxies get their configuration and their certificates.
const istiodPort = 15012

// networkPolicies drop the packets that the bundle does not need, on both sides
// of the gateways. They add to one another: each opens what its bundle needs, and
// every Pod that one of them selects is closed for the rest.
// https://kubernetes.io/docs/concepts/services-networking/network-policies/
func (p *planner) networkPolicies() []Object {
	var objects []Object
	for _, client := range p.clients.namespaces {
		objects = append(objects, p.clientPolicies(client)...)
	}
	for _, g := range p.gateways() {
		objects = append(objects, p.gatewayPolicies(g)...)
	}
	return objects
}

// clientPolicies are for every Pod of a client namespace.
func (p *planner) clientPolicies(client string) []Object {
	if !p.enforce.NetworkPolicy {
		return nil
	}
	name := func(parts ...string) string {
		return objectName(slices.Concat([]string{p.bundle.Namespace, p.bundle.Name}, parts)...)
	}
	spec := networkingv1.NetworkPolicySpec{Egress: p.clientEgress(client)}
	return p.split(client, name, spec, p.leavings(func(d *destination) bool {
		return d.gateway == nil && slices.Contains(d.clients, client)
	}))
}

// gatewayPolicies are for the Pods of a gateway.
func (p *planner) gatewayPolicies(g *gateway) []Object {
	if !p.enforce.NetworkPolicy {
		return nil
	}
	spec := networkingv1.NetworkPolicySpec{
		PodSelector: metav1.LabelSelector{MatchLabels: maps.Clone(g.selector)},
		Ingress:     p.gatewayIngress(g),
		Egress:      p.meshEgress(),
	}
	return p.split(g.namespace, p.hopTo(g).objectName, spec, p.leavings(func(d *destination) bool {
		return d.gateway != nil && d.gateway.name == g.name
	}))
}

// leavings returns where some destinations lead, as NetworkPolicies can tell it,
// each once: of names the port, and of Services of the cluster the namespace.
func (p *planner) leavings(of func(*destination) bool) []leaving {
	all := map[leaving]bool{}
	for _, d := range p.planned {
		if !of(d) {
			continue
		}
		for _, l := range d.leavings() {
			if namespace := p.namespaceOf(l.address); namespace != "" {
				l = leaving{namespace: namespace}
			} else if !isIP(l.address) && !isRange(l.address) {
				l = leaving{port: l.port}
			}
			all[l] = true
		}
	}
	return slices.Collect(maps.Keys(all))
}

// split adds what is left to a NetworkPolicy, and to others if it is more than one
// object should hold.
func (p *planner) split(
	namespace string, name func(parts ...string) string, common networkingv1.NetworkPolicySpec, leavings []leaving,
) []Object {
	parts := shards(leavings, leaving.key, maxItems)
	if len(parts) > 1 {
		parts = append(parts, shard[leaving]{}) // for what they have in common
	}
	var objects []Object
	for _, part := range parts {
		spec := &networkingv1.NetworkPolicySpec{
			PodSelector: *common.PodSelector.DeepCopy(),
			PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeEgress},
			Egress:      egressFor(part.items),
		}
		if len(part.name) == 0 {
			spec.Egress = slices.Concat(common.Egress, spec.Egress)
			spec.Ingress = common.Ingress
		}
		if len(spec.Ingress) > 0 {
			spec.PolicyTypes = append(spec.PolicyTypes, networkingv1.PolicyTypeIngress)
		}
		objects = append(objects, newObject(kindNetworkPolicy, namespace, name(part.name...), p.id(), spec))
	}
	return objects
}

// clientEgress is where the Pods of a client may send packets, but for what its
// destinations lead to straight from the sidecar.
func (p *planner) clientEgress(client string) []networkingv1.NetworkPolicyEgressRule {
	rules := p.meshEgress()
	ports := grouping[string, int]{}
	for _, d := range p.planned {
		if d.gateway != nil && slices.Contains(d.clients, client) {
			ports.add(d.gateway.name, d.gatewayPorts()...)
		}
	}
	for _, g := range p.gateways() {
		if numbers := ports.of(g.name); len(numbers) > 0 {
			rules = append(rules, egressTo(numbers, podsOf(g.namespace, g.selector)))
		}
	}
	if len(p.bypass.prefixes) > 0 {
		rules = append(rules, egressTo(nil, blocks(p.bypass.prefixes)...))
	}
	if p.enforce.ClusterTraffic == ClusterTrafficAllow {
		everyPod := networkingv1.NetworkPolicyPeer{NamespaceSelector: &metav1.LabelSelector{}}
		rules = append(rules, egressTo(nil, append(blocks(p.mesh.APIServer), everyPod)...))
	}
	return rules
}

// meshEgress is what every proxy needs: names, and the control plane.
func (p *planner) meshEgress() []networkingv1.NetworkPolicyEgressRule {
	servers := []networkingv1.NetworkPolicyPeer{podsOf(p.mesh.DNS.Namespace, p.mesh.DNS.Selector)}
	dns := egressTo([]int{p.mesh.DNS.Port}, append(servers, blocks(p.mesh.DNS.Addresses)...)...)
	dns.Ports = append([]networkingv1.NetworkPolicyPort{policyPort(corev1.ProtocolUDP, p.mesh.DNS.Port)}, dns.Ports...)
	istiod := egressTo([]int{istiodPort}, podsOf(p.mesh.RootNamespace, map[string]string{"app": "istiod"}))
	return []networkingv1.NetworkPolicyEgressRule{dns, istiod}
}

// gatewayPorts returns the container ports by which the destination enters its
// gateway.
func (d *destination) gatewayPorts() []int {
	var ports []int
	for _, l := range d.lanes() {
		ports = append(ports, d.gateway.containerPort(int(l.cross().server.Port.Number)))
	}
	return ports
}

// gatewayIngress is who may send packets to a gateway.
func (p *planner) gatewayIngress(g *gateway) []networkingv1.NetworkPolicyIngressRule {
	ports := grouping[string, int]{}
	for _, d := range p.planned {
		if d.gateway == nil || d.gateway.name != g.name {
			continue
		}
		for _, client := range d.clients {
			ports.add(client, d.gatewayPorts()...)
		}
	}
	var rules []networkingv1.NetworkPolicyIngressRule
	for _, client := range ports.keys() {
		rules = append(rules, networkingv1.NetworkPolicyIngressRule{
			From:  []networkingv1.NetworkPolicyPeer{{NamespaceSelector: namespaceSelector(client)}},
			Ports: tcpPorts(ports.of(client)),
		})
	}
	return rules
}

// egressFor opens what proxies lead to: names and addresses on their ports, and
// Services of the cluster on every port, because that of their Pods is not known.
// A name may be anywhere but on the link, where nodes keep their secrets.
func egressFor(leavings []leaving) []networkingv1.NetworkPolicyEgressRule {
	addresses := grouping[int, string]{}
	var named []int
	var namespaces []networkingv1.NetworkPolicyPeer
	for _, l := range leavings { // sorted
		switch {
		case l.namespace != "":
			namespaces = append(namespaces, networkingv1.NetworkPolicyPeer{NamespaceSelector: namespaceSelector(l.namespace)})
		case l.address != "":
			addresses.add(l.port, l.address)
		default:
			named = append(named, l.port)
		}
	}
	var rules []networkingv1.NetworkPolicyEgressRule
	if len(named) > 0 {
		slices.Sort(named)
		rules = append(rules, egressTo(named, everywhere()...))
	}
	for _, port := range addresses.keys() {
		rules = append(rules, egressTo([]int{port}, blocks(addresses.of(port))...))
	}
	if len(namespaces) > 0 {
		rules = append(rules, egressTo(nil, namespaces...))
	}
	return rules
}

// namespaceOf returns the namespace of a Service that an address names, if it
// does.
func (p *planner) namespaceOf(address string) string {
	service, ok := strings.CutSuffix(strings.TrimSuffix(address, "."+p.mesh.ClusterDomain), ".svc")
	if !ok {
		return ""
	}
	return service[strings.LastIndex(service, ".")+1:]
}

// everywhere is every address of another host.
func everywhere() []networkingv1.NetworkPolicyPeer {
	return []networkingv1.NetworkPolicyPeer{
		{IPBlock: &networkingv1.IPBlock{CIDR: "0.0.0.0/0", Except: []string{"169.254.0.0/16"}}},
		{IPBlock: &networkingv1.IPBlock{CIDR: "::/0", Except: []string{"fe80::/10"}}},
	}
}

// blocks returns addresses and ranges as NetworkPolicies name them.
func blocks(addresses []string) []networkingv1.NetworkPolicyPeer {
	var peers []networkingv1.NetworkPolicyPeer
	for _, address := range addresses {
		peers = append(peers, networkingv1.NetworkPolicyPeer{IPBlock: &networkingv1.IPBlock{CIDR: asRange(address)}})
	}
	return peers
}

// podsOf selects Pods of a namespace.
func podsOf(namespace string, labels map[string]string) networkingv1.NetworkPolicyPeer {
	return networkingv1.NetworkPolicyPeer{
		NamespaceSelector: namespaceSelector(namespace),
		PodSelector:       &metav1.LabelSelector{MatchLabels: maps.Clone(labels)},
	}
}

// namespaceSelector selects a namespace by the label that the API server itself
// gives it.
func namespaceSelector(name string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: name}}
}

// egressTo opens TCP ports of peers, and everything if there are none.
func egressTo(ports []int, peers ...networkingv1.NetworkPolicyPeer) networkingv1.NetworkPolicyEgressRule {
	return networkingv1.NetworkPolicyEgressRule{Ports: tcpPorts(ports), To: peers}
}

func tcpPorts(numbers []int) []networkingv1.NetworkPolicyPort {
	var ports []networkingv1.NetworkPolicyPort
	for _, n := range numbers {
		ports = append(ports, policyPort(corev1.ProtocolTCP, n))
	}
	return ports
}

func policyPort(protocol corev1.Protocol, number int) networkingv1.NetworkPolicyPort {
	return networkingv1.NetworkPolicyPort{Protocol: &protocol, Port: new(intstr.FromInt32(int32(number)))}
}
