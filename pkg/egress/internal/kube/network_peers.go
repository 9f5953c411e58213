// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/address"
)

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
	for _, text := range addresses {
		peers = append(peers, networkingv1.NetworkPolicyPeer{IPBlock: &networkingv1.IPBlock{CIDR: address.AsRange(text)}})
	}
	return peers
}

// podsWith selects Pods of a namespace.
func podsWith(namespace string, labels map[string]string) networkingv1.NetworkPolicyPeer {
	return networkingv1.NetworkPolicyPeer{
		NamespaceSelector: namespaceSelector(namespace),
		PodSelector:       new(podSelector(labels)),
	}
}

// podSelector selects Pods by expressions. kustomize writes the labels of a kustomization into
// each matchLabels for Pods, also where they are those of a DNS server.
// https://github.com/kubernetes-sigs/kustomize/issues/5912
func podSelector(labels map[string]string) metav1.LabelSelector {
	var selector metav1.LabelSelector
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		selector.MatchExpressions = append(selector.MatchExpressions, metav1.LabelSelectorRequirement{
			Key: key, Operator: metav1.LabelSelectorOpIn, Values: []string{labels[key]},
		})
	}
	return selector
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
