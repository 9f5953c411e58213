// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package packet says which packets the NetworkPolicies of a cluster let through, as the API documents them:
// https://kubernetes.io/docs/concepts/services-networking/network-policies/
package packet

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"

	"github.com/egressbundle/egressbundle/conformance/cluster"
)

// An End is one end of a packet: a Pod, or if it has no namespace an address outside the cluster.
type End struct {
	Namespace string
	Labels    map[string]string // of the Pod
	Address   netip.Addr
	// Ports are the container ports of the Pod, by name.
	Ports map[string]int32
}

func (e End) isPod() bool { return e.Namespace != "" }

func (e End) String() string {
	if e.isPod() {
		return fmt.Sprintf("Pod %v in %s", e.Labels, e.Namespace)
	}
	return e.Address.String()
}

// A Packet opens a connection.
type Packet struct {
	From, To End
	Protocol corev1.Protocol // default: TCP
	Port     int32           // of To
}

// Policies are the NetworkPolicies of a cluster.
type Policies struct {
	policies   []networkingv1.NetworkPolicy
	namespaces map[string]map[string]string // labels, by name
}

// New reads the NetworkPolicies among manifests. Labels of namespaces are read too, and each has the one that the API
// server gives it.
func New(manifests string) (Policies, error) {
	all, err := cluster.Read(manifests)
	if err != nil {
		return Policies{}, err
	}
	p := Policies{namespaces: map[string]map[string]string{}}
	for _, m := range all {
		switch m.Object.GetKind() {
		case "Namespace":
			p.namespaces[m.Object.GetName()] = m.Object.GetLabels()
		case "NetworkPolicy":
			var policy networkingv1.NetworkPolicy
			if err := yaml.UnmarshalStrict([]byte(m.YAML), &policy); err != nil {
				return Policies{}, fmt.Errorf("%s: %w", m, err)
			}
			p.policies = append(p.policies, policy)
		}
	}
	return p, nil
}

// A DroppedError says which policies are for a Pod, and none of them for the packet.
type DroppedError struct {
	Direction networkingv1.PolicyType
	Policies  []string // NAMESPACE/NAME, sorted
}

func (e *DroppedError) Error() string {
	return fmt.Sprintf("%s dropped by NetworkPolicy %s", e.Direction, strings.Join(e.Policies, ", "))
}

// Check returns a *DroppedError if a packet is dropped where it leaves its Pod, or where it arrives at one. Answers to a
// packet always come back. Other errors are policies that the API server would refuse.
func (p Policies) Check(packet Packet) error {
	if packet.Protocol == "" {
		packet.Protocol = corev1.ProtocolTCP
	}
	leaves := func(spec networkingv1.NetworkPolicySpec, namespace string) (bool, error) {
		return anyOf(spec.Egress, func(r networkingv1.NetworkPolicyEgressRule) (bool, error) {
			return p.opens(r.To, r.Ports, packet.To, packet, namespace)
		})
	}
	arrives := func(spec networkingv1.NetworkPolicySpec, namespace string) (bool, error) {
		return anyOf(spec.Ingress, func(r networkingv1.NetworkPolicyIngressRule) (bool, error) {
			return p.opens(r.From, r.Ports, packet.From, packet, namespace)
		})
	}
	if err := p.check(packet.From, networkingv1.PolicyTypeEgress, leaves); err != nil {
		return err
	}
	return p.check(packet.To, networkingv1.PolicyTypeIngress, arrives)
}

// check looks at the policies that are for an end, in one direction. If there are none, it is open.
func (p Policies) check(
	end End, direction networkingv1.PolicyType, lets func(networkingv1.NetworkPolicySpec, string) (bool, error),
) error {
	var names []string
	for _, policy := range p.policies {
		selected, err := p.selects(policy, end, direction)
		if err != nil {
			return err
		}
		if !selected {
			continue
		}
		ok, err := lets(policy.Spec, policy.Namespace)
		if ok || err != nil {
			return err
		}
		names = append(names, policy.Namespace+"/"+policy.Name)
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	return &DroppedError{direction, names}
}

// selects reports whether a policy is for an end. Without policyTypes it is for what arrives, and for what leaves if it
// says something of it.
func (p Policies) selects(policy networkingv1.NetworkPolicy, end End, direction networkingv1.PolicyType) (bool, error) {
	types := policy.Spec.PolicyTypes
	if len(types) == 0 {
		types = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
		if len(policy.Spec.Egress) > 0 {
			types = append(types, networkingv1.PolicyTypeEgress)
		}
	}
	if !end.isPod() || end.Namespace != policy.Namespace || !slices.Contains(types, direction) {
		return false, nil
	}
	return matches(&policy.Spec.PodSelector, end.Labels)
}

// opens reports whether a rule lets a packet through. Peers and ports both have to match, and none means every one.
func (p Policies) opens(
	peers []networkingv1.NetworkPolicyPeer, ports []networkingv1.NetworkPolicyPort, end End, packet Packet, namespace string,
) (bool, error) {
	peer, err := anyOf(peers, func(peer networkingv1.NetworkPolicyPeer) (bool, error) { return p.isPeer(peer, end, namespace) })
	if err != nil {
		return false, err
	}
	port, err := anyOf(ports, func(port networkingv1.NetworkPolicyPort) (bool, error) { return isPort(port, packet) })
	return (peer || len(peers) == 0) && (port || len(ports) == 0), err
}

func (p Policies) isPeer(peer networkingv1.NetworkPolicyPeer, end End, namespace string) (bool, error) {
	switch {
	case peer.IPBlock != nil:
		if peer.PodSelector != nil || peer.NamespaceSelector != nil {
			return false, errors.New("a peer has an ipBlock or selectors")
		}
		return inBlock(*peer.IPBlock, end.Address)
	case peer.PodSelector == nil && peer.NamespaceSelector == nil:
		return false, errors.New("a peer has nothing")
	case !end.isPod():
		return false, nil
	}
	if peer.NamespaceSelector == nil {
		if end.Namespace != namespace {
			return false, nil
		}
	} else if ok, err := matches(peer.NamespaceSelector, p.namespaceLabels(end.Namespace)); !ok || err != nil {
		return false, err
	}
	if peer.PodSelector == nil {
		return true, nil
	}
	return matches(peer.PodSelector, end.Labels)
}

// namespaceLabels returns the labels of a namespace, among them its name.
func (p Policies) namespaceLabels(name string) map[string]string {
	all := map[string]string{corev1.LabelMetadataName: name}
	maps.Copy(all, p.namespaces[name])
	return all
}

func inBlock(block networkingv1.IPBlock, address netip.Addr) (bool, error) {
	in := func(cidr string) (bool, error) {
		prefix, err := netip.ParsePrefix(cidr)
		return err == nil && address.IsValid() && prefix.Contains(address), err
	}
	within, err := in(block.CIDR)
	if err != nil {
		return false, err
	}
	excepted, err := anyOf(block.Except, in)
	return within && !excepted, err
}

func isPort(port networkingv1.NetworkPolicyPort, packet Packet) (bool, error) {
	protocol := corev1.ProtocolTCP
	if port.Protocol != nil {
		protocol = *port.Protocol
	}
	switch {
	case protocol != packet.Protocol:
		return false, nil
	case port.Port == nil:
		return true, nil
	case port.Port.Type == intstr.String:
		number, named := packet.To.Ports[port.Port.StrVal]
		return named && number == packet.Port, nil
	case port.EndPort != nil:
		return packet.Port >= port.Port.IntVal && packet.Port <= *port.EndPort, nil
	default:
		return packet.Port == port.Port.IntVal, nil
	}
}

func matches(selector *metav1.LabelSelector, of map[string]string) (bool, error) {
	s, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && s.Matches(labels.Set(of)), err
}

// anyOf looks at every item, so that one which is not valid is always found.
func anyOf[T any](items []T, match func(T) (bool, error)) (bool, error) {
	found := false
	for _, item := range items {
		ok, err := match(item)
		if err != nil {
			return false, err
		}
		found = found || ok
	}
	return found, nil
}
