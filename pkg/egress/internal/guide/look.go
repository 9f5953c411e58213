// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package guide

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/egressbundle/egressbundle/pkg/egress/explain"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
	"github.com/egressbundle/egressbundle/pkg/egress/runbook"
)

// looksFor looks whether objects of a proxy are there.
func looksFor(hop func(path) explain.Hop, kinds ...string) func(guide, path) []runbook.Check {
	return func(_ guide, p path) []runbook.Check {
		var checks []runbook.Check
		for _, k := range kinds {
			if ref, ok := objectAt(hop(p), k); ok {
				checks = append(checks, runbook.Check{
					What:    fmt.Sprintf("The %s is there:", k),
					Command: fmt.Sprintf("kubectl get -n %s -o name %s", ref.Namespace, resource(ref)),
					Prints:  resource(ref),
				})
			}
		}
		return checks
	}
}

// looksForSidecars looks for Sidecars of others that the clients may have.
func looksForSidecars(_ guide, p path) []runbook.Check {
	show := func(namespace string) string {
		return "kubectl get sidecars.networking.istio.io -n " + namespace +
			` -o jsonpath='{range .items[*]}{.metadata.name}: {.spec.egress[*].hosts}{"\n"}{end}'`
	}
	own := runbook.Check{What: "No Sidecar of somebody else is there:", Command: show(p.Call.Namespace)}
	if p.plan.Enforce.RegistryOnly {
		own.Prints = "egressbundle: *"
	}
	return []runbook.Check{own, {
		What: "Nor is one for the whole mesh:", Command: show(p.plan.Mesh.RootNamespace),
	}}
}

// looksForPods looks at the Pods of the gateway.
func looksForPods(g guide, p path) []runbook.Check {
	return gatewayNeeds(p.gateway(), g.entryPorts(p.gateway()))
}

// looksAtStatistic looks at a statistic that every proxy of Istio has.
func looksAtStatistic(what, name, prints string) func(guide, path) []runbook.Check {
	return func(_ guide, p path) []runbook.Check {
		return []runbook.Check{{
			What: what, Command: p.exitPlace().exec("pilot-agent request GET stats") + " | grep -F " + quote(name), Prints: name + prints,
		}}
	}
}

// looksAtCluster looks at what the last proxy knows of where calls leave to.
func looksAtCluster(what, line string) func(guide, path) []runbook.Check {
	return func(_ guide, p path) []runbook.Check {
		return []runbook.Check{{
			What: what, Command: p.exitPlace().clusters(onward(p), "::"+line), Prints: onward(p) + "::*::" + line + "*",
		}}
	}
}

// exitPlace is the last proxy.
func (p path) exitPlace() place {
	if g := p.gateway(); g != nil {
		return gatewayPlace(g)
	}
	return p.sidecarPlace()
}

// both looks at two things.
func both(a, b func(guide, path) []runbook.Check) func(guide, path) []runbook.Check {
	return func(g guide, p path) []runbook.Check { return append(a(g, p), b(g, p)...) }
}

// looksAtControl makes the call past all proxies.
func looksAtControl(_ guide, p path) []runbook.Check { return []runbook.Check{p.past()} }

// looksAtTime makes it with no more time than the route has.
func looksAtTime(_ guide, p path) []runbook.Check {
	return []runbook.Check{p.past(fmt.Sprintf("--max-time %g", time.Duration(p.timeout()).Seconds()))}
}

// looksAtName makes the very call from a Pod without a sidecar.
func looksAtName(_ guide, p path) []runbook.Check {
	return []runbook.Check{{
		What:    "Past all proxies it can be looked up, and answers:",
		Command: p.curlPast(p.Call, p.version()...),
		Prints:  runbook.Any,
	}}
}

// looksAtSecret looks at what the gateway opens TLS with.
func looksAtSecret(_ guide, p path) []runbook.Check { return certificates(p.gateway(), p.route) }

// looksAtRule looks at what a DestinationRule says of TLS.
func looksAtRule(_ guide, p path) []runbook.Check {
	ref, _ := objectAt(p.last(), kind.DestinationRule)
	return []runbook.Check{{
		What:    "What the proxy trusts, and the names of which the certificate must carry one:",
		Command: fmt.Sprintf("kubectl get -n %s %s -o jsonpath='{.spec..tls}'", ref.Namespace, resource(ref)),
		Prints:  "*" + trusted(p.Exit.TLS) + `*"subjectAltNames":["` + strings.Join(p.Exit.TLS.SubjectAltNames, `","`) + `"]*`,
	}}
}

// trusted is what stands in a DestinationRule of who must have signed a certificate.
func trusted(tls *explain.TLS) string {
	secret := cmp.Or(tls.ClientCertificate.Secret, tls.CACertificates.Secret)
	switch {
	case secret != "":
		return `"credentialName":"` + secret + `"`
	case tls.CACertificates.ConfigMap != "":
		return "/" + tls.CACertificates.ConfigMap + `"`
	default:
		return `"caCertificates":"` + cmp.Or(tls.CACertificates.File, "system") + `"`
	}
}

// looksAtHost makes the call past all proxies, and has curl judge the certificate of the host as the last proxy does.
func looksAtHost(_ guide, p path) []runbook.Check {
	call := explain.Call{Namespace: p.Call.Namespace, URL: p.Call.URL}
	var options []string
	authority := ""
	if tls := p.Exit.TLS; tls != nil {
		call.URL = "https://" + tls.SNI + "/"
		options = append(options, "--connect-to ::"+p.Exit.To[0])
		if authority = authorityOf(p); authority != "" {
			options = append(options, "--cacert /dev/stdin")
		}
	}
	command := p.curlPast(call, options...)
	if authority != "" {
		command = authority + " | " + strings.Replace(command, "kubectl exec ", "kubectl exec -i ", 1)
	}
	return []runbook.Check{{
		What:    "The host shows the right certificate, past all proxies; curl says what is wrong with it:",
		Command: command,
		Prints:  runbook.Any,
	}}
}

// authorityOf prints who must have signed the certificate of the host, if an object of the cluster says so.
func authorityOf(p path) string {
	tls := p.Exit.TLS
	secret := cmp.Or(tls.ClientCertificate.Secret, tls.CACertificates.Secret)
	namespace := p.Call.Namespace
	if g := p.gateway(); g != nil {
		namespace = g.Namespace
	}
	switch {
	case secret != "":
		return fmt.Sprintf(`kubectl get secret -n %s %s -o jsonpath='{.data.ca\.crt}{.data.cacert}' | base64 -d`, namespace, secret)
	case tls.CACertificates.ConfigMap != "":
		configMap := fmt.Sprintf("kubectl get configmap -n %s %s", namespace, tls.CACertificates.ConfigMap)
		return configMap + ` -o jsonpath='{.data.ca\.crt}{.data.cacert}'`
	default:
		return ""
	}
}

// looksForPolicies shows the policies at the gateway.
func looksForPolicies(g guide, p path) []runbook.Check {
	namespace := p.gateway().Namespace
	var own []string
	for _, o := range g.heads {
		if o.Kind == kind.AuthorizationPolicy && o.Namespace == namespace {
			own = append(own, resource(o.Ref()))
		}
	}
	slices.Sort(own)
	return []runbook.Check{{
		What:    "The line names the policy that refused. These are of bundles, and no other is there:",
		Command: fmt.Sprintf("kubectl get authorizationpolicies.security.istio.io -n %s -o name", namespace),
		Prints:  strings.Join(own, "\n"),
	}}
}

// looksForNetworkPolicies shows what may drop packets on the way to the gateway.
func looksForNetworkPolicies(g guide, p path) []runbook.Check {
	show := func(who, namespace string) runbook.Check {
		return runbook.Check{
			What:    fmt.Sprintf("NetworkPolicies of the %s that no bundle made. There are none:", who),
			Command: fmt.Sprintf("kubectl get networkpolicies -n %s -l 'app.kubernetes.io/managed-by!=egressbundle' -o name", namespace),
		}
	}
	return []runbook.Check{show("clients", p.Call.Namespace), show("gateway", p.gateway().Namespace)}
}

// looksAtIdentities shows whom the gateway lets finish the handshake.
func looksAtIdentities(_ guide, p path) []runbook.Check {
	ref, _ := objectAt(p.last(), kind.Gateway)
	account := fmt.Sprintf("spiffe://%s/ns/%s/sa/%s", p.plan.Mesh.TrustDomain, p.Call.Namespace, p.of.Clients.Accounts[p.Call.Namespace][0])
	return []runbook.Check{{
		What:    "Whom it lets finish the handshake:",
		Command: fmt.Sprintf("kubectl get -n %s %s -o jsonpath='{.spec.servers[*].tls.subjectAltNames}'", ref.Namespace, resource(ref)),
		Prints:  "*" + account + "*",
	}}
}

// looksForInjection shows whether a namespace gets sidecars.
func looksForInjection(_ guide, p path) []runbook.Check {
	return []runbook.Check{{
		What:    "The namespace has the label `istio-injection` or `istio.io/rev`:",
		Command: "kubectl get namespace " + p.Call.Namespace + " -o jsonpath='{.metadata.labels}' | grep -oE 'istio-injection|istio.io/rev'",
		Prints:  runbook.Any,
	}}
}
