// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package guide

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/runbook"
)

// needs are what must be there before the bundles work.
func (g guide) needs() []runbook.Check {
	if len(g.plans) == 0 {
		return nil
	}
	mesh := g.plans[0].Mesh
	checks := []runbook.Check{
		{
			What:    fmt.Sprintf("The control plane and the proxies are Istio %s or newer:", mesh.IstioVersion),
			Command: "istioctl version",
			Prints:  "client version: *\ncontrol plane version: *\ndata plane version: *",
		},
		{
			What:    "The cluster has Istio's API in the version that the objects have:",
			Command: "kubectl api-versions | grep -x networking.istio.io/v1",
			Prints:  "networking.istio.io/v1",
		},
		outbound(mesh),
	}
	checks = append(checks, g.clientNeeds()...)
	for _, gateway := range g.gateways() {
		checks = append(checks, gatewayNeeds(gateway, g.entryPorts(gateway))...)
	}
	return slices.Concat(checks, g.certificateNeeds(), g.policyNeeds())
}

// outbound is whether sidecars let out what nothing declares.
func outbound(mesh api.Mesh) runbook.Check {
	says, prints := "lets out what nothing declares, as the bundles take it to", "0"
	if mesh.OutboundTrafficPolicy != ir.AllowAny {
		says, prints = "lets out nothing that is not declared", "1"
	}
	return runbook.Check{
		What: fmt.Sprintf("The mesh %s (outboundTrafficPolicy %s):", says, mesh.OutboundTrafficPolicy),
		Command: fmt.Sprintf("kubectl get configmap -n %s istio -o jsonpath='{.data.mesh}' | grep -c 'mode: REGISTRY_ONLY'",
			mesh.RootNamespace),
		Prints: prints,
	}
}

// clientNeeds are the namespaces and service accounts of the clients.
func (g guide) clientNeeds() []runbook.Check {
	namespaces := g.clientNamespaces()
	checks := []runbook.Check{{
		What:    "The namespaces of the clients are there:",
		Command: "kubectl get namespace -o name " + strings.Join(namespaces, " "),
		Prints:  times(namespaces, "namespace/$n"),
	}}
	for _, namespace := range namespaces {
		accounts := g.accounts(namespace)
		if len(accounts) == 0 {
			continue
		}
		checks = append(checks, runbook.Check{
			What:    "The service accounts that are named are there:",
			Command: fmt.Sprintf("kubectl get serviceaccount -n %s -o name %s", namespace, strings.Join(accounts, " ")),
			Prints:  times(accounts, "serviceaccount/$n"),
		})
	}
	return checks
}

// accounts returns the service accounts of a namespace that any destination names, sorted.
func (g guide) accounts(namespace string) []string {
	var all []string
	for _, p := range g.plans {
		for _, d := range p.Destinations {
			all = append(all, d.Clients.Accounts[namespace]...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// gateways returns those that the plans use, sorted by name.
func (g guide) gateways() []*ir.Gateway {
	used := map[string]*ir.Gateway{}
	for _, p := range g.plans {
		for _, gateway := range p.Gateways() {
			used[gateway.Name] = gateway
		}
	}
	var all []*ir.Gateway
	for _, name := range slices.Sorted(maps.Keys(used)) {
		all = append(all, used[name])
	}
	return all
}

// entryPorts returns the ports of a gateway's Service that the plans use, sorted.
func (g guide) entryPorts(gateway *ir.Gateway) []int {
	var ports []int
	for _, p := range g.plans {
		for _, d := range p.Through(gateway) {
			way, _ := d.Way.(ir.ThroughGateway)
			for _, r := range d.Routes {
				ports = append(ports, way.EntryPort(r))
			}
		}
	}
	slices.Sort(ports)
	return slices.Compact(ports)
}

func gatewayNeeds(g *ir.Gateway, ports []int) []runbook.Check {
	name := g.Namespace + "/" + g.Service
	checks := []runbook.Check{{
		What:    fmt.Sprintf("Gateway %s has Pods, and they are ready:", name),
		Command: podsOf(g) + ` -o jsonpath='{.items[*].status.conditions[?(@.type=="Ready")].status}'`,
		Prints:  "True*",
	}}
	for _, port := range ports {
		targets := make([]string, len(g.Targets[port]))
		for i, target := range g.Targets[port] {
			targets[i] = strconv.Itoa(target)
		}
		checks = append(checks, runbook.Check{
			What:    fmt.Sprintf("Its Service has port %d:", port),
			Command: fmt.Sprintf("kubectl get service -n %s %s -o jsonpath='{.spec.ports[?(@.port==%d)].port}'", g.Namespace, g.Service, port),
			Prints:  strconv.Itoa(port),
		}, runbook.Check{
			What: fmt.Sprintf("Behind it stand these Pods, with port %s:", strings.Join(targets, " or ")),
			Command: fmt.Sprintf("kubectl get endpointslices -n %s -l kubernetes.io/service-name=%s ", g.Namespace, g.Service) +
				"-o jsonpath='{.items[*].ports[*].port}' | grep -oE " + quote(strings.Join(targets, "|")),
			Prints: runbook.Any,
		})
	}
	return checks
}

// podsOf gets the Pods of a gateway.
func podsOf(g *ir.Gateway) string {
	return fmt.Sprintf("kubectl get pods -n %s -l %s", g.Namespace, labels(g.Selector))
}

// certificateNeeds are the Secrets, ConfigMaps and files that TLS is opened with, each once.
func (g guide) certificateNeeds() []runbook.Check {
	var all []runbook.Check
	for _, p := range g.plans {
		for _, d := range p.Destinations {
			for _, r := range d.Routes {
				if way, ok := d.Way.(ir.ThroughGateway); ok && r.Exit.TLS != nil {
					all = append(all, certificates(way.Gateway, r)...)
				}
			}
		}
	}
	seen := map[runbook.Check]bool{}
	return slices.DeleteFunc(all, func(c runbook.Check) bool {
		again := seen[c]
		seen[c] = true
		return again
	})
}

func certificates(g *ir.Gateway, r ir.Route) []runbook.Check {
	var all []runbook.Check
	tls := r.Exit.TLS
	holds := func(resource, name, keys string) {
		all = append(all, runbook.Check{
			What: fmt.Sprintf("%s %s is in the namespace of the gateway, and has the keys that are needed:", resource, name),
			Command: fmt.Sprintf(`kubectl get %s -n %s %s -o go-template='{{range $key, $value := .data}}{{$key}} {{end}}'`,
				strings.ToLower(resource), g.Namespace, name),
			Prints: keys,
		})
	}
	if secret := tls.ClientCertificate.Secret; secret != "" {
		holds("Secret", secret, "*tls.crt*tls.key*")
		all = append(all, runbook.Check{
			What: "Its certificate is good for a week or more:",
			Command: fmt.Sprintf(`kubectl get secret -n %s %s -o jsonpath='{.data.tls\.crt}'`, g.Namespace, secret) +
				" | base64 -d | openssl x509 -noout -checkend 604800",
			Prints: "Certificate will not expire",
		})
	}
	switch ca := tls.CACertificates; {
	case ca.Secret != "":
		holds("Secret", ca.Secret, "*ca*")
	case ca.ConfigMap != "":
		holds("ConfigMap", ca.ConfigMap, "*ca*")
	}
	if r.UsesSecret() {
		all = append(all, mayRead(g))
	}
	for _, file := range files(tls) {
		all = append(all, runbook.Check{
			What:    "The proxy of the gateway has a file:",
			Command: gatewayPlace(g).exec("ls " + quote(file)),
			Prints:  file,
		})
	}
	return all
}

// mayRead is that the control plane gives a gateway its Secrets, which it does if the service account may list them.
func mayRead(g *ir.Gateway) runbook.Check {
	account := "$(" + podsOf(g) + " -o jsonpath='{.items[0].spec.serviceAccountName}')"
	return runbook.Check{
		What:    "The service account of the gateway may list the Secrets of its namespace (a Role and a RoleBinding say so):",
		Command: fmt.Sprintf(`kubectl auth can-i list secrets -n %s --as="system:serviceaccount:%s:%s"`, g.Namespace, g.Namespace, account),
		Prints:  "yes",
	}
}

func files(tls *ir.UpstreamTLS) []string {
	var all []string
	for _, file := range []string{tls.CACertificates.File, tls.CRL} {
		if file != "" {
			all = append(all, file)
		}
	}
	if f := tls.ClientCertificate.Files; f != nil {
		all = append(all, f.Certificate, f.PrivateKey)
	}
	return all
}

// policyNeeds are the Pods that NetworkPolicies leave open to clients.
func (g guide) policyNeeds() []runbook.Check {
	i := slices.IndexFunc(g.plans, func(p *ir.Plan) bool { return p.Enforce.NetworkPolicy })
	if i < 0 {
		return nil
	}
	mesh := g.plans[i].Mesh
	return []runbook.Check{{
		What:    "The DNS servers that NetworkPolicies leave open are there:",
		Command: fmt.Sprintf("kubectl get pods -n %s -l %s -o name", mesh.DNS.Namespace, labels(mesh.DNS.Selector)),
		Prints:  "pod/*",
	}, {
		What:    "So is the control plane:",
		Command: fmt.Sprintf("kubectl get pods -n %s -l app=istiod -o name", mesh.RootNamespace),
		Prints:  "pod/*",
	}}
}

// openShift is what Istio's CNI plugin needs on OpenShift.
// https://istio.io/latest/docs/setup/platform-setup/openshift/
func (g guide) openShift() []runbook.Check {
	namespaces := g.clientNamespaces()
	if len(namespaces) == 0 {
		return nil
	}
	return []runbook.Check{{
		What: "With the CNI plugin each namespace of clients has a NetworkAttachmentDefinition, or Pods there start without a way out " +
			"through their sidecars. It has no spec; create one of this name where it is missing:",
		Command: forEach(namespaces, "kubectl get network-attachment-definitions.k8s.cni.cncf.io -n $n istio-cni -o name"),
		Prints:  times(namespaces, "networkattachmentdefinition.k8s.cni.cncf.io/istio-cni"),
	}, {
		What: "Sidecars run as user 1337, which the security context constraint `anyuid` allows there. Where this says no, " +
			"`oc adm policy add-scc-to-group anyuid system:serviceaccounts:NAMESPACE`:",
		Command: forEach(namespaces, "kubectl auth can-i use securitycontextconstraints.security.openshift.io/anyuid -n $n "+
			"--as=system:serviceaccount:$n:default --as-group=system:serviceaccounts:$n"),
		Prints: times(namespaces, "yes"),
	}}
}
