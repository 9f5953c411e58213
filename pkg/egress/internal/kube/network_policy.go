// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/draft"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/shard"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// istiodPort is where proxies get their configuration and their certificates.
const istiodPort = 15012

// networkPolicies drop the packets that the bundle does not need, on both sides
// of the gateways. They add to one another: each opens what its bundle needs, and
// every Pod that one of them selects is closed for the rest.
// https://kubernetes.io/docs/concepts/services-networking/network-policies/
func networkPolicies(p *ir.Plan) []draft.Draft {
	if !p.Enforce.NetworkPolicy {
		return nil
	}
	var drafts []draft.Draft
	for _, client := range p.Clients.Namespaces {
		drafts = append(drafts, clientPolicies(p, client)...)
	}
	for _, g := range p.Gateways() {
		drafts = append(drafts, gatewayPolicies(p, g)...)
	}
	return drafts
}

// A policy is a NetworkPolicy that may be split.
type policy struct {
	bundle    ir.BundleID
	namespace string
	nameParts []string                              // beside those of the bundle
	common    func() networkingv1.NetworkPolicySpec // what all parts of it hold together
	leavings  []leaving
	stops     []object.Stop
}

// clientPolicies are for every Pod of a client namespace.
func clientPolicies(p *ir.Plan, client string) []draft.Draft {
	return policy{
		bundle:    p.Bundle,
		namespace: client,
		common: func() networkingv1.NetworkPolicySpec {
			return networkingv1.NetworkPolicySpec{Egress: clientEgress(p, client)}
		},
		leavings: leavingsOf(p, p.FromSidecarsOf(client)),
		stops:    []object.Stop{{Attempt: object.NoSidecar, From: client}, {Attempt: object.DirectIP, From: client}},
	}.drafts()
}

// gatewayPolicies are for the Pods of a gateway.
func gatewayPolicies(p *ir.Plan, g *ir.Gateway) []draft.Draft {
	return policy{
		bundle:    p.Bundle,
		namespace: g.Namespace,
		nameParts: []string{g.Name},
		common: func() networkingv1.NetworkPolicySpec {
			return networkingv1.NetworkPolicySpec{
				PodSelector: podSelector(g.Selector),
				Ingress:     gatewayIngress(p, g),
				Egress:      meshEgress(p.Mesh),
			}
		},
		leavings: leavingsOf(p, p.Through(g)),
		stops:    []object.Stop{{Attempt: object.OtherNamespace, Gateway: g.Name}},
	}.drafts()
}

// drafts adds what is left to a NetworkPolicy, and to others if it is more than one
// object should hold.
func (c policy) drafts() []draft.Draft {
	parts := shard.SplitInto(shard.Size, c.leavings, leaving.key)
	if len(parts) > 1 {
		parts = append(parts, shard.Shard[leaving]{}) // for what they have in common
	}
	var drafts []draft.Draft
	for _, part := range parts {
		name := draft.NameOfBundle(c.bundle, slices.Concat(c.nameParts, part.Name)...)
		ref := diag.ObjectRef{Kind: kind.NetworkPolicy, Namespace: c.namespace, Name: name}
		spec := func() any { return c.spec(part) }
		drafts = append(drafts, draft.OfBundle(c.bundle, field.Enforce.Child("networkPolicy"), ref, spec).Stopping(c.stops...))
	}
	return drafts
}

func (c policy) spec(part shard.Shard[leaving]) *networkingv1.NetworkPolicySpec {
	common := c.common()
	spec := &networkingv1.NetworkPolicySpec{
		PodSelector: common.PodSelector,
		PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeEgress},
		Egress:      egressFor(part.Items),
	}
	if len(part.Name) == 0 {
		spec.Egress = slices.Concat(common.Egress, spec.Egress)
		spec.Ingress = common.Ingress
	}
	if len(spec.Ingress) > 0 {
		spec.PolicyTypes = append(spec.PolicyTypes, networkingv1.PolicyTypeIngress)
	}
	return spec
}

// A leaving is where traffic leaves to, as NetworkPolicies can tell it: a namespace for a
// Service of the cluster, an address and its port, or of another name the port alone.
type leaving struct {
	namespace string
	address   string
	port      int
}

func (l leaving) key() string { return fmt.Sprint(l.namespace, " ", l.address, " ", l.port) }

// leavingsOf returns where some destinations lead, each once.
func leavingsOf(p *ir.Plan, destinations []*ir.Destination) []leaving {
	all := map[leaving]bool{}
	for _, d := range destinations {
		for _, l := range d.Leavings() {
			switch namespace := p.NamespaceOf(l.Address); {
			case namespace != "":
				all[leaving{namespace: namespace}] = true
			case p.IsUnknown(l):
				all[leaving{port: l.Port}] = true
			default:
				all[leaving{address: l.Address, port: l.Port}] = true
			}
		}
	}
	return slices.Collect(maps.Keys(all))
}

// clientEgress is where the Pods of a client may send packets, but for what its
// destinations lead to straight from the sidecar.
func clientEgress(p *ir.Plan, client string) []networkingv1.NetworkPolicyEgressRule {
	rules := meshEgress(p.Mesh)
	for _, g := range p.Gateways() {
		var ports []int
		for _, d := range p.Through(g) {
			if slices.Contains(d.Clients.Namespaces, client) {
				ports = union(ports, entryPorts(d))
			}
		}
		if len(ports) > 0 {
			rules = append(rules, egressTo(ports, podsWith(g.Namespace, g.Selector)))
		}
	}
	if p.Bypass != nil && len(p.Bypass.Prefixes) > 0 {
		rules = append(rules, egressTo(nil, blocks(p.Bypass.Prefixes)...))
	}
	if p.Enforce.ClusterTraffic == api.ClusterTrafficAllow {
		everyPod := networkingv1.NetworkPolicyPeer{NamespaceSelector: &metav1.LabelSelector{}}
		rules = append(rules, egressTo(nil, append(blocks(p.Mesh.APIServer), everyPod)...))
	}
	return rules
}

// meshEgress is what every proxy needs: names, and the control plane.
func meshEgress(mesh api.Mesh) []networkingv1.NetworkPolicyEgressRule {
	servers := []networkingv1.NetworkPolicyPeer{podsWith(mesh.DNS.Namespace, mesh.DNS.Selector)}
	dns := egressTo([]int{mesh.DNS.Port}, append(servers, blocks(mesh.DNS.Addresses)...)...)
	dns.Ports = append([]networkingv1.NetworkPolicyPort{policyPort(corev1.ProtocolUDP, mesh.DNS.Port)}, dns.Ports...)
	istiod := egressTo([]int{istiodPort}, podsWith(mesh.RootNamespace, map[string]string{"app": "istiod"}))
	return []networkingv1.NetworkPolicyEgressRule{dns, istiod}
}

// entryPorts returns the container ports by which a destination enters its gateway.
func entryPorts(d *ir.Destination) []int {
	way, ok := d.Way.(ir.ThroughGateway)
	if !ok {
		return nil
	}
	var ports []int
	for _, r := range d.Routes {
		ports = append(ports, way.Gateway.Targets[way.EntryPort(r)]...)
	}
	return ports
}

// gatewayIngress is who may send packets to a gateway.
func gatewayIngress(p *ir.Plan, g *ir.Gateway) []networkingv1.NetworkPolicyIngressRule {
	ports := shard.Grouping[string, int]{}
	for _, d := range p.Through(g) {
		for _, client := range d.Clients.Namespaces {
			ports.Add(client, entryPorts(d)...)
		}
	}
	var rules []networkingv1.NetworkPolicyIngressRule
	for _, client := range ports.Keys() {
		rules = append(rules, networkingv1.NetworkPolicyIngressRule{
			From:  []networkingv1.NetworkPolicyPeer{{NamespaceSelector: namespaceSelector(client)}},
			Ports: tcpPorts(ports.Of(client)),
		})
	}
	return rules
}

// egressFor opens what proxies lead to: names and addresses on their ports, and
// Services of the cluster on every port, because that of their Pods is not known.
// A name may be anywhere but on the link, where nodes keep their secrets.
func egressFor(leavings []leaving) []networkingv1.NetworkPolicyEgressRule {
	addresses := shard.Grouping[int, string]{}
	var named []int
	var namespaces []networkingv1.NetworkPolicyPeer
	for _, l := range leavings { // sorted
		switch {
		case l.namespace != "":
			namespaces = append(namespaces, networkingv1.NetworkPolicyPeer{NamespaceSelector: namespaceSelector(l.namespace)})
		case l.address != "":
			addresses.Add(l.port, l.address)
		default:
			named = append(named, l.port)
		}
	}
	var rules []networkingv1.NetworkPolicyEgressRule
	if len(named) > 0 {
		slices.Sort(named)
		rules = append(rules, egressTo(named, everywhere()...))
	}
	for _, port := range addresses.Keys() {
		rules = append(rules, egressTo([]int{port}, blocks(addresses.Of(port))...))
	}
	if len(namespaces) > 0 {
		rules = append(rules, egressTo(nil, namespaces...))
	}
	return rules
}
