// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package guide

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/explain"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
)

// quote writes a word for a shell, as it is where nothing in it has a meaning there.
func quote(word string) string {
	if strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,@") == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// A place is a proxy, for kubectl and istioctl.
type place struct{ namespace, resource, logs string }

func (p path) sidecarPlace() place {
	return place{p.Call.Namespace, p.pod(), p.pod()}
}

// gatewayPlace is any Pod of the gateway, and all of them for logs.
func gatewayPlace(g *ir.Gateway) place {
	return place{g.Namespace, "svc/" + g.Service, "-l " + labels(g.Selector)}
}

func labels(selector map[string]string) string {
	var each []string
	for _, key := range slices.Sorted(maps.Keys(selector)) {
		each = append(each, key+"="+selector[key])
	}
	return quote(strings.Join(each, ","))
}

// exec runs a command in the container of a proxy.
func (p place) exec(command string) string {
	return fmt.Sprintf("kubectl exec -n %s %s -c istio-proxy -- %s", p.namespace, p.resource, command)
}

// clusters shows what a proxy knows of a cluster.
func (p place) clusters(cluster, what string) string {
	return p.exec("pilot-agent request GET clusters") + " | grep -F " + quote(cluster+"::") + " | grep -E " + quote(what)
}

// log shows the last line of the log of a proxy that has a text.
func (p place) log(text string) string {
	return fmt.Sprintf("kubectl logs -n %s %s -c istio-proxy --tail=20 | grep -F %s | tail -n 1", p.namespace, p.logs, quote(text))
}

// lastLog shows the end of the log of a proxy.
func (p place) lastLog() string {
	return fmt.Sprintf("kubectl logs -n %s %s -c istio-proxy --tail=5", p.namespace, p.logs)
}

// proxyConfig asks what a proxy knows.
func (p place) proxyConfig(what string) string {
	command, flags, _ := strings.Cut(what, " ")
	return strings.TrimSpace(fmt.Sprintf("istioctl proxy-config %s %s.%s %s", command, p.resource, p.namespace, flags))
}

// methodHead is that of requests without an answer but headers, for which curl does not wait if it is told by an option.
const methodHead = "HEAD"

// curl makes a call from a Pod. It waits longer than proxies do that try to connect three times.
func curl(pod string, call explain.Call, options ...string) string {
	scheme, rest, _ := strings.Cut(call.URL, "://")
	flags := []string{"-sS", "--max-time 35", "-o /dev/null", `-w '%{http_code}\n'`}
	switch scheme {
	case "tls":
		scheme = "https"
	case "tcp":
		scheme, flags = "telnet", []string{"-sS", "--max-time 15"}
	}
	switch call.Method {
	case "":
	case methodHead:
		flags = append(flags, "-I")
	default:
		flags = append(flags, "-X "+quote(call.Method))
	}
	flags = append(flags, options...)
	return fmt.Sprintf(`kubectl exec -n %s %s -c curl -- curl %s %s || echo "exit status $?"`,
		call.Namespace, pod, strings.Join(flags, " "), quote(scheme+"://"+rest))
}

// resource names an object for kubectl, as -o name does.
func resource(ref diag.ObjectRef) string {
	name := strings.ToLower(ref.Kind)
	if group, _, isNamed := strings.Cut(kind.APIVersion(ref.Kind), "/"); isNamed {
		name += "." + group
	}
	return name + "/" + ref.Name
}

// forEach writes a command once for each namespace, which it has as $n.
func forEach(namespaces []string, command string) string {
	if len(namespaces) == 1 {
		return strings.ReplaceAll(command, "$n", namespaces[0])
	}
	return fmt.Sprintf("for n in %s; do %s; done", strings.Join(namespaces, " "), command)
}

// times repeats what a command prints for each namespace.
func times(namespaces []string, prints string) string {
	var lines []string
	for _, n := range namespaces {
		lines = append(lines, strings.ReplaceAll(prints, "$n", n))
	}
	return strings.Join(lines, "\n")
}
