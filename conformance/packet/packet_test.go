// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package packet

import (
	"net/netip"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// What the documentation of Kubernetes says of its examples, and of the combinations of selectors that it explains:
// https://kubernetes.io/docs/concepts/services-networking/network-policies/
const (
	namespaces = `
apiVersion: v1
kind: Namespace
metadata: {name: mine, labels: {project: mine}}
---
apiVersion: v1
kind: Namespace
metadata: {name: default, labels: {project: default}}
`
	// The example: Pods of role db take TCP 6379 from three kinds of peers, and call TCP 5978 of one range.
	database = `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: database, namespace: default}
spec:
  podSelector: {matchLabels: {role: db}}
  policyTypes: [Ingress, Egress]
  ingress:
  - from:
    - ipBlock: {cidr: 172.17.0.0/16, except: [172.17.1.0/24]}
    - namespaceSelector: {matchLabels: {project: mine}}
    - podSelector: {matchLabels: {role: frontend}}
    ports: [{protocol: TCP, port: 6379}]
  egress:
  - to: [{ipBlock: {cidr: 10.0.0.0/24}}]
    ports: [{protocol: TCP, port: 5978}]
`
)

// policy is a NetworkPolicy in the namespace default.
func policy(name, spec string) string {
	return "\n---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: " + name + ", namespace: default}\nspec: " + spec + "\n"
}

func pod(namespace, role, address string) End {
	return End{
		Namespace: namespace,
		Labels:    map[string]string{"role": role},
		Address:   netip.MustParseAddr(address),
		Ports:     map[string]int32{"web": 8080},
	}
}

func outside(address string) End { return End{Address: netip.MustParseAddr(address)} }

func TestDocumentedExamples(t *testing.T) {
	db, frontend := pod("default", "db", "10.1.0.1"), pod("default", "frontend", "10.1.0.2")
	backend, foreign := pod("default", "backend", "10.1.0.3"), pod("mine", "frontend", "10.1.0.4")
	other := pod("other", "frontend", "10.1.0.5")
	for _, c := range []struct {
		name     string
		policies string
		packet   Packet
		dropped  string // by; empty: it passes
	}{
		{"no policy", "", Packet{From: other, To: db, Port: 1}, ""},

		{"frontend of the namespace", database, Packet{From: frontend, To: db, Port: 6379}, ""},
		{"another port", database, Packet{From: frontend, To: db, Port: 6380}, "Ingress"},
		{"another protocol", database, Packet{From: frontend, To: db, Port: 6379, Protocol: corev1.ProtocolUDP}, "Ingress"},
		{"another Pod of the namespace", database, Packet{From: backend, To: db, Port: 6379}, "Ingress"},
		{"any Pod of the project", database, Packet{From: pod("mine", "x", "10.1.0.9"), To: db, Port: 6379}, ""},
		{"frontend of another namespace", database, Packet{From: other, To: db, Port: 6379}, "Ingress"},
		{"the start of the range", database, Packet{From: outside("172.17.0.0"), To: db, Port: 6379}, ""},
		{"the end of its first part", database, Packet{From: outside("172.17.0.255"), To: db, Port: 6379}, ""},
		{"the exception", database, Packet{From: outside("172.17.1.7"), To: db, Port: 6379}, "Ingress"},
		{"behind the exception", database, Packet{From: outside("172.17.2.0"), To: db, Port: 6379}, ""},
		{"the end of the range", database, Packet{From: outside("172.17.255.255"), To: db, Port: 6379}, ""},
		{"out to the range", database, Packet{From: db, To: outside("10.0.0.9"), Port: 5978}, ""},
		{"out to another port", database, Packet{From: db, To: outside("10.0.0.9"), Port: 5979}, "Egress"},
		{"out of the range", database, Packet{From: db, To: outside("10.0.1.9"), Port: 5978}, "Egress"},
		{"a Pod that is not selected", database, Packet{From: backend, To: frontend, Port: 1}, ""},

		{"both selectors, both match", policy("both", "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {project: mine}}, podSelector: {matchLabels: {role: frontend}}}]}]}"), Packet{From: foreign, To: db, Port: 1}, ""},
		{"both selectors, one matches", policy("both", "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {project: mine}}, podSelector: {matchLabels: {role: backend}}}]}]}"), Packet{From: foreign, To: db, Port: 1}, "Ingress"},
		{"either selector", policy("either", "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {project: mine}}}, {podSelector: {matchLabels: {role: backend}}}]}]}"), Packet{From: backend, To: db, Port: 1}, ""},

		{"deny all that arrives", policy("deny", "{podSelector: {}, policyTypes: [Ingress]}"), Packet{From: frontend, To: db, Port: 1}, "Ingress"},
		{"deny all that arrives says nothing of what leaves", policy("deny", "{podSelector: {}, policyTypes: [Ingress]}"), Packet{From: db, To: outside("192.0.2.1"), Port: 1}, ""},
		{"allow all that arrives", policy("allow", "{podSelector: {}, policyTypes: [Ingress], ingress: [{}]}"), Packet{From: other, To: db, Port: 1}, ""},
		{"deny all that leaves", policy("deny", "{podSelector: {}, policyTypes: [Egress]}"), Packet{From: db, To: frontend, Port: 1}, "Egress"},
		{"allow all that leaves", policy("allow", "{podSelector: {}, policyTypes: [Egress], egress: [{}]}"), Packet{From: db, To: outside("192.0.2.1"), Port: 1}, ""},
		{"deny everything", policy("deny", "{podSelector: {}, policyTypes: [Ingress, Egress]}"), Packet{From: other, To: db, Port: 1}, "Ingress"},
		{"without types, egress is not restricted", policy("deny", "{podSelector: {}}"), Packet{From: db, To: outside("192.0.2.1"), Port: 1}, ""},
		{"without types, rules of egress restrict it", policy("some", "{podSelector: {}, egress: [{ports: [{port: 443}]}]}"), Packet{From: db, To: outside("192.0.2.1"), Port: 80}, "Egress"},

		{"policies add up", database + policy("more", "{podSelector: {matchLabels: {role: db}}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 192.0.2.0/24}}]}]}"), Packet{From: db, To: outside("192.0.2.1"), Port: 1}, ""},
		{"both ends must agree", database + policy("deny", "{podSelector: {matchLabels: {role: frontend}}, policyTypes: [Egress]}"), Packet{From: frontend, To: db, Port: 6379}, "Egress"},
		{"a range of ports", policy("range", "{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 32000, endPort: 32768}]}]}"), Packet{From: db, To: outside("192.0.2.1"), Port: 32768}, ""},
		{"beside a range of ports", policy("range", "{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 32000, endPort: 32768}]}]}"), Packet{From: db, To: outside("192.0.2.1"), Port: 32769}, "Egress"},
		{"a named port", policy("named", "{podSelector: {}, ingress: [{ports: [{port: web}]}]}"), Packet{From: other, To: db, Port: 8080}, ""},
		{"beside a named port", policy("named", "{podSelector: {}, ingress: [{ports: [{port: web}]}]}"), Packet{From: other, To: db, Port: 8081}, "Ingress"},
		{"a namespace by its name", policy("name", "{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: other}}}]}]}"), Packet{From: other, To: db, Port: 1}, ""},
		{"every namespace is no address outside", policy("name", "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {}}]}]}"), Packet{From: db, To: outside("192.0.2.1"), Port: 1}, "Egress"},
		{"IPv6", policy("six", "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: '::/0', except: ['fe80::/10']}}]}]}"), Packet{From: db, To: outside("2001:db8::1"), Port: 1}, ""},
		{"IPv6 on the link", policy("six", "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: '::/0', except: ['fe80::/10']}}]}]}"), Packet{From: db, To: outside("fe80::1"), Port: 1}, "Egress"},
	} {
		t.Run(c.name, func(t *testing.T) {
			policies, err := New(namespaces + "\n---\n" + c.policies)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if err := policies.Check(c.packet); err != nil {
				got = err.Error()
			}
			if c.dropped == "" && got != "" || !strings.HasPrefix(got, c.dropped) {
				t.Errorf("got %q, want %q", got, c.dropped)
			}
		})
	}
}

func TestInvalidPolicies(t *testing.T) {
	for name, spec := range map[string]string{
		"a peer without anything": "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{}]}]}",
		"a block and a selector":  "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}, podSelector: {}}]}]}",
		"no range":                "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.0.0.1}}]}]}",
	} {
		t.Run(name, func(t *testing.T) {
			policies, err := New(policy("invalid", spec))
			if err != nil {
				t.Fatal(err)
			}
			if err := policies.Check(Packet{From: pod("default", "db", "10.1.0.1"), To: outside("192.0.2.1"), Port: 1}); err == nil {
				t.Error("it passes")
			}
		})
	}
	if _, err := New(policy("unknown", "{podSelectors: {}}")); err == nil {
		t.Error("an unknown field passes")
	}
}
