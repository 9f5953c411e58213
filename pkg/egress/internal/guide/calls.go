// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package guide

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/explain"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/follow"
	"github.com/egressbundle/egressbundle/pkg/egress/runbook"
)

// pods are those that the calls of the runbook are made from: in each namespace one for each identity that is named and
// one that is not, and one without a sidecar.
func (g guide) pods() []runbook.Pod {
	var all []runbook.Pod
	for _, namespace := range g.clientNamespaces() {
		accounts := append(g.accounts(namespace), defaultAccount)
		slices.Sort(accounts)
		for _, account := range slices.Compact(accounts) {
			all = append(all, runbook.Pod{Namespace: namespace, Name: podOf(account), ServiceAccount: account})
		}
		all = append(all, runbook.Pod{Namespace: namespace, Name: barePod, ServiceAccount: defaultAccount, Bare: true})
	}
	return all
}

// logs are commands that show the logs of the Pods that calls are made from, and of the gateways.
func (g guide) logs() []string {
	var all []string
	for _, pod := range g.pods() {
		if !pod.Bare {
			all = append(all, place{pod.Namespace, pod.Name, pod.Name}.lastLog())
		}
	}
	for _, gateway := range g.gateways() {
		all = append(all, gatewayPlace(gateway).lastLog())
	}
	return all
}

// pathOf describes paths that are alike by the first of them.
func pathOf(alike []path) runbook.Path {
	p := alike[0]
	r := runbook.Path{
		Title:   p.way(),
		Of:      p.name(),
		Call:    p.call(),
		Logs:    []runbook.Check{logged(p.sidecarPlace(), "sidecar", p.sidecar())},
		Counts:  []runbook.Check{counted(p.sidecarPlace(), "sidecar", p.sidecar())},
		Control: p.control(),
		Proxies: p.proxies(),
		Objects: p.objects(),
	}
	if g := p.gateway(); g != nil {
		r.Logs = append(r.Logs, logged(gatewayPlace(g), "gateway", p.last()))
		r.Counts = append(r.Counts, counted(gatewayPlace(g), "gateway", p.last()))
	}
	for _, other := range alike[1:] {
		o := runbook.Other{Of: other.name(), Pod: other.Call.Namespace + "/" + other.pod(), URL: other.Call.URL}
		for _, h := range other.Hops {
			o.Clusters = append(o.Clusters, h.Log.Cluster)
		}
		r.Others = append(r.Others, o)
	}
	return r
}

// call is the call of the path.
func (p path) call() runbook.Check {
	c := runbook.Check{Command: curl(p.pod(), p.Call, p.version()...), Prints: runbook.Any}
	switch {
	case p.route.IsTCP():
		c.What = fmt.Sprintf("%s. The connection stands until curl gives up; where it is broken it ends at once. "+
			"If the server speaks first, that is printed before:", p.name())
		c.Prints = "exit status 28"
	case p.route.IsTLS():
		c.What = p.name() + ". Prints the status of the host's answer; where it speaks no HTTP, 000, with an exit status other than 35:"
	default:
		c.What = p.name() + ". Prints the status of the host's answer, whatever that is:"
	}
	return c
}

// version is the option for the version of HTTP.
func (p path) version() []string {
	if p.route.IsHTTP2() {
		return []string{"--http2-prior-knowledge"}
	}
	return nil
}

// logged is the line that a proxy logs of the call.
func logged(at place, what string, h explain.Hop) runbook.Check {
	return runbook.Check{
		What:    fmt.Sprintf("The %s logs, a second after the call, or after it ended:", what),
		Command: at.log(h.Log.Cluster),
		Prints:  h.Log.String(),
	}
}

// counted is the statistics that every Envoy of Istio has of a cluster. Those of its name in Prometheus need more than a
// default installation.
func counted(at place, what string, h explain.Hop) runbook.Check {
	cluster := h.Log.Cluster
	return runbook.Check{
		What: fmt.Sprintf("The %s counts: rq_total grows by one with each call, cx_connect_fail with each connection that failed. "+
			"Each Pod counts its own:", what),
		Command: at.clusters(cluster, "::(cx_connect_fail|rq_total)::"),
		Prints:  cluster + "::*::cx_connect_fail::0\n" + cluster + "::*::rq_total::*",
	}
}

// control is the same call from a Pod without a sidecar.
func (p path) control() runbook.Check {
	call, options := p.outside()
	c := runbook.Check{
		What: "A Pod without a sidecar gets an answer of the host too, past all proxies. " +
			"If it does not, the host is down, or the network between:",
		Command: curl(barePod, call, options...),
		Prints:  p.arrives(),
	}
	if p.plan.Enforce.NetworkPolicy {
		c.What = "A Pod without a sidecar gets no answer, and waits until the time is up, because of the NetworkPolicies:"
		c.Prints = "000\nexit status 28"
	}
	if p.route.IsTCP() {
		c.Prints = p.arrives()
	}
	return c
}

// past is the same call from where it leaves, past all proxies.
func (p path) past(options ...string) runbook.Check {
	call, more := p.outside()
	return runbook.Check{
		What:    "Past all proxies the host answers. If it does not, it is down, or the network between:",
		Command: p.curlPast(call, append(more, options...)...),
		Prints:  p.arrives(),
	}
}

// curlPast makes a call past all proxies: from the Pod without a sidecar or, where NetworkPolicies let that nowhere, from the
// container of the last proxy.
func (p path) curlPast(call explain.Call, options ...string) string {
	command := curl(barePod, call, options...)
	if !p.plan.Enforce.NetworkPolicy {
		return command
	}
	_, arguments, _ := strings.Cut(command, " -- ")
	return p.exitPlace().exec(arguments)
}

// outside is the call as it leaves.
func (p path) outside() (call explain.Call, options []string) {
	call, to := p.Call, p.Exit.To[0]
	switch {
	case p.Exit.Connect != "" && p.Exit.TLS != nil:
		return call, append(p.version(), "--proxytunnel", "--proxy-insecure", "-x https://"+to)
	case p.Exit.Connect != "":
		return call, append(p.version(), "--proxytunnel", "-x http://"+to)
	case p.route.IsTCP():
		call.URL = "tcp://" + to
		return call, nil
	case p.Exit.TLS != nil:
		call.URL = "https://" + p.Exit.TLS.SNI + cmp.Or(p.last().Path, p.requested())
		options = []string{"-k"}
		if rewrite := p.shape().Rewrite; rewrite != nil && rewrite.Authority != "" {
			options = append(options, "-H "+quote("Host: "+rewrite.Authority))
		}
	case p.shape().Rewrite != nil:
		call.URL = "http://" + p.last().Authority + cmp.Or(p.last().Path, p.requested())
	}
	return call, slices.Concat(p.version(), options, []string{"--connect-to ::" + to})
}

// arrives is what a call prints that arrives.
func (p path) arrives() string {
	if p.route.IsTCP() {
		return "exit status 28"
	}
	return runbook.Any
}

// proxies are what the proxies of the path know of it.
func (p path) proxies() []runbook.Check {
	checks := knows(p.sidecarPlace(), "The sidecar", p.sidecar())
	if p.route.IsHTTP() {
		checks = append(checks, runbook.Check{
			What:    "The sidecar has a route for the host:",
			Command: p.sidecarPlace().proxyConfig(fmt.Sprintf("routes --name %d", p.route.Port)) + " | grep -F " + quote(p.host.Name),
			Prints:  "*" + p.host.Name + "*",
		})
	}
	g := p.gateway()
	if g == nil {
		return checks
	}
	arrives := cmp.Or(strings.TrimPrefix(p.sidecar().SNI, "mesh"), p.sidecar().SNI)
	if arrives != "" {
		checks = append(checks, runbook.Check{
			What:    "The gateway has a filter chain for what arrives:",
			Command: gatewayPlace(g).proxyConfig("listeners") + " | grep -F " + quote(arrives),
			Prints:  "*" + arrives + "*",
		})
	}
	return append(checks, knows(gatewayPlace(g), "The gateway", p.last())...)
}

// knows is a cluster, with healthy endpoints.
func knows(at place, who string, h explain.Hop) []runbook.Check {
	c := partsOf(h.Log.Cluster)
	flags := fmt.Sprintf("clusters --fqdn %s --port %s", c.host, c.port)
	if c.subset != "" {
		flags += " --subset " + c.subset
	}
	return []runbook.Check{{
		What:    who + " knows where to send it:",
		Command: at.proxyConfig(flags),
		Prints:  fmt.Sprintf("SERVICE FQDN*\n%s*%s*outbound*", c.host, c.port),
	}, {
		What:    "There it has healthy endpoints:",
		Command: at.proxyConfig("endpoints --cluster " + quote(h.Log.Cluster)),
		Prints:  "ENDPOINT*\n*HEALTHY*OK*" + h.Log.Cluster,
	}}
}

// objects are those that lead the path, by namespace.
func (p path) objects() []runbook.Check {
	var refs []diag.ObjectRef
	for _, h := range p.Hops {
		for _, o := range h.Objects {
			refs = append(refs, o.Ref)
		}
	}
	slices.SortStableFunc(refs, func(a, b diag.ObjectRef) int { return cmp.Compare(a.Namespace, b.Namespace) })
	var checks []runbook.Check
	for namespace, some := range byNamespace(refs) {
		checks = append(checks, runbook.Check{
			What:    "It needs all of these; kubectl says NotFound of those that are missing:",
			Command: fmt.Sprintf("kubectl get -n %s -o name \\\n  %s", namespace, strings.Join(some, " \\\n  ")),
			Prints:  strings.Join(some, "\n"),
		})
	}
	return checks
}

// objects are all that bundles become, by namespace.
func (g guide) objects() []runbook.Check {
	var refs []diag.ObjectRef
	for _, head := range g.heads {
		refs = append(refs, head.Ref())
	}
	slices.SortFunc(refs, func(a, b diag.ObjectRef) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(resource(a), resource(b)))
	})
	var checks []runbook.Check
	for namespace, some := range byNamespace(refs) {
		checks = append(checks, runbook.Check{
			What:    "Nothing is missing in " + namespace + "; kubectl says NotFound of what is:",
			Command: fmt.Sprintf("kubectl get -n %s -o name >/dev/null \\\n  %s", namespace, strings.Join(some, " \\\n  ")),
		})
	}
	return checks
}

// byNamespace yields the resources of each namespace, of objects that are sorted by theirs.
func byNamespace(refs []diag.ObjectRef) func(yield func(string, []string) bool) {
	return func(yield func(string, []string) bool) {
		for len(refs) > 0 {
			var some []string
			namespace := refs[0].Namespace
			for len(refs) > 0 && refs[0].Namespace == namespace {
				some, refs = append(some, resource(refs[0])), refs[1:]
			}
			if !yield(namespace, some) {
				return
			}
		}
	}
}

// refused are calls that must fail, one for each object that stops some.
func (g guide) refused() []runbook.Check {
	var checks []runbook.Check
	seen := map[string]bool{}
	for _, call := range g.attempts() {
		how, err := g.follower.Explain(call)
		if err != nil || how.Stop == nil || seen[how.Stop.By[0].Ref.String()] {
			continue
		}
		seen[how.Stop.By[0].Ref.String()] = true
		checks = append(checks, refusal(how))
	}
	return checks
}

// notListed is a host that no bundle has.
const notListed = "https://not-listed.example.com"

// attempts are calls that somebody may try who may not: the identities that other destinations are for, with requests that
// are not allowed, and to hosts that are not listed.
func (g guide) attempts() []explain.Call {
	var calls []explain.Call
	pods := slices.DeleteFunc(g.pods(), func(p runbook.Pod) bool { return p.Bare })
	for _, alike := range g.alike() {
		p := alike[0]
		for _, call := range follow.CallsOf(p.of, p.host, p.route) {
			for _, pod := range pods {
				call.Namespace, call.ServiceAccount = pod.Namespace, pod.ServiceAccount
				calls = append(calls, call)
			}
		}
	}
	for _, pod := range pods {
		calls = append(calls, explain.Call{Namespace: pod.Namespace, ServiceAccount: pod.ServiceAccount, URL: notListed})
	}
	return calls
}

func refusal(how explain.Explanation) runbook.Check {
	s := how.Stop
	c := runbook.Check{
		What:    fmt.Sprintf("%s %s stops it, at the %s:", s.Why, s.By[0].Ref, proxyWords(s.At)),
		Command: curl(podOf(how.Call.ServiceAccount), how.Call),
		Prints:  fmt.Sprintf("000\nexit status %d", s.Curl),
	}
	if s.Status != 0 {
		c.Prints = strconv.Itoa(s.Status)
	}
	if strings.HasPrefix(how.Call.URL, "tcp://") {
		c.Prints = ""
	}
	return c
}

func proxyWords(at string) string {
	if strings.Contains(at, "/") {
		return "gateway " + at
	}
	return at
}
