// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package facts

import (
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/diagnose"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

// Gateway returns a gateway as it is planned with. The mesh has defaults; stated is what
// somebody wrote of the gateway.
func Gateway(mesh api.Mesh, name string, stated api.Gateway) *ir.Gateway {
	from := mesh.Gateways[name]
	return &ir.Gateway{
		Name:       name,
		Namespace:  from.Namespace,
		Service:    from.Service,
		Host:       fmt.Sprintf("%s.%s.svc.%s", from.Service, from.Namespace, mesh.ClusterDomain),
		Selector:   from.Selector,
		HTTPPort:   from.Ports.HTTP,
		TLSPort:    from.Ports.TLS,
		TCPPorts:   from.Ports.TCP,
		Targets:    targetsOf(from, stated),
		HidesLanes: from.ProxyHeaders == api.ProxyHeadersDisabled,
		Deployed:   from.Deploy != nil && from.Deploy.Installer == api.InstallerManifests,
	}
}

// targetsOf returns the container ports behind each port of a gateway with defaults.
func targetsOf(from, stated api.Gateway) map[int][]int {
	targets := map[int][]int{
		from.Ports.HTTP: targetsOfPort(from, from.TargetPorts.HTTP, stated.TargetPorts.HTTP),
		from.Ports.TLS:  targetsOfPort(from, from.TargetPorts.TLS, stated.TargetPorts.TLS),
	}
	for i, port := range from.Ports.TCP[:min(len(from.Ports.TCP), len(from.TargetPorts.TCP))] {
		targets[port] = []int{from.TargetPorts.TCP[i]}
	}
	return targets
}

// Where nobody states a container port, it depends on who installed the gateway: Istio's Helm
// chart has that of the Service, and istioctl 8080 for 80 and 8443 for 443, which need no
// privileges.
// https://github.com/istio/istio/blob/1.29.0/manifests/charts/gateways/istio-egress/values.yaml
const (
	firstUnprivileged = 1024
	ofIstioctl        = 8000
)

func targetsOfPort(from api.Gateway, target, stated int) []int {
	if stated != 0 || from.Deploy != nil || target >= firstUnprivileged {
		return []int{target}
	}
	return []int{target, ofIstioctl + target}
}

// Check finds what is wrong with the gateways of a mesh. The path leads to the mesh.
func Check(r *diagnose.Reporter, path field.Path, mesh api.Mesh) {
	gateways := WithDefaults(mesh).Gateways
	before := map[string][]string{} // by namespace
	for _, name := range slices.Sorted(maps.Keys(gateways)) {
		g := gatewayJudge{Reporter: r, path: path.Child("gateways").Child(name), Gateway: gateways[name]}
		g.checkPorts()
		if g.Deploy != nil {
			g.checkDeploy()
		}
		g.checkApart(before[g.Namespace], gateways)
		before[g.Namespace] = append(before[g.Namespace], name)
	}
}

// A gatewayJudge looks at one gateway, with defaults.
type gatewayJudge struct {
	*diagnose.Reporter
	api.Gateway

	path field.Path
}

// checkApart finds what the gateway shares with one before it in its namespace that each must
// have alone. One of these stands for all, so that n gateways have n errors at most of each.
func (g gatewayJudge) checkApart(before []string, gateways map[string]api.Gateway) {
	first := func(matches func(other api.Gateway) bool) string {
		i := slices.IndexFunc(before, func(name string) bool { return matches(gateways[name]) })
		if i < 0 {
			return ""
		}
		return before[i]
	}
	if name := first(func(other api.Gateway) bool { return other.Service == g.Service }); name != "" {
		g.Report(g.path.Child("service"), sameService(g.Service, name, g.Namespace))
	}
	if name := first(g.sharesPods); name != "" {
		g.Report(g.path.Child("selector"), sameSelector(name, g.Namespace))
	}
}

// sharesPods reports whether a gateway that is deployed would have Pods of another.
func (g gatewayJudge) sharesPods(other api.Gateway) bool {
	overlap := ir.Selects(g.Selector, other.Selector) || ir.Selects(other.Selector, g.Selector)
	return overlap && (g.Deploy != nil || other.Deploy != nil)
}

func (g gatewayJudge) checkPorts() {
	path, ports := g.path.Child("ports"), g.Ports
	if ports.HTTP == ports.TLS {
		g.Report(path, samePortForHTTPAndTLS(ports.HTTP))
	}
	seen := map[int]bool{ports.HTTP: true, ports.TLS: true}
	for _, port := range ports.TCP {
		if seen[port] {
			g.Report(path, samePortTwice(port))
		}
		seen[port] = true
	}
	g.checkTargetPorts(g.path.Child("targetPorts"))
}

func (g gatewayJudge) checkTargetPorts(path field.Path) {
	if len(g.TargetPorts.TCP) != len(g.Ports.TCP) {
		g.Report(path, unevenTargetPorts(len(g.TargetPorts.TCP), len(g.Ports.TCP)))
	}
	targets := slices.Concat([]int{g.TargetPorts.HTTP, g.TargetPorts.TLS}, g.TargetPorts.TCP)
	seen := map[int]bool{}
	for i, port := range targets {
		switch {
		case seen[port] && (i > 1 || g.Ports.HTTP != g.Ports.TLS):
			g.Report(path, samePortTwice(port))
		case port >= firstProxyPort && port <= lastProxyPort:
			g.Report(path, portOfProxy(port))
		}
		seen[port] = true
	}
}

// The ports that Istio's proxy has for itself.
// https://istio.io/latest/docs/ops/deployment/application-requirements/#ports-used-by-istio
const (
	firstProxyPort = 15000
	lastProxyPort  = 15090
)

// checkDeploy finds what Kubernetes would refuse of a gateway that is deployed.
func (g gatewayJudge) checkDeploy() {
	if g.Service[0] >= '0' && g.Service[0] <= '9' {
		g.Report(g.path.Child("service"), serviceStartsWithDigit(g.Service))
	}
	for _, key := range []string{LabelDataplane, LabelInject} {
		if _, ok := g.Selector[key]; ok {
			g.Report(g.path.Child("selector"), labelOfProxy(key))
		}
	}
	path := g.path.Child("deploy")
	if r := g.Deploy.Replicas; r.Min > r.Max {
		g.Report(path.Child("replicas"), minAboveMax(r.Min, r.Max))
	}
	requests, limits := g.Deploy.Resources.Requests, g.Deploy.Resources.Limits
	g.checkResource(path, "cpu", requests.CPU, limits.CPU)
	g.checkResource(path, "memory", requests.Memory, limits.Memory)
	for i, t := range g.Deploy.Tolerations {
		g.checkToleration(path.Child("tolerations").Item(i), t)
	}
}

func (g gatewayJudge) checkResource(path field.Path, name, request, limit string) {
	requested, most := resource.MustParse(request), resource.MustParse(limit)
	if requested.Cmp(most) > 0 {
		g.Report(path.Child("resources"), requestAboveLimit(name, requested.String(), most.String()))
	}
}

func (g gatewayJudge) checkToleration(path field.Path, t api.Toleration) {
	exists := t.Operator == "Exists"
	switch {
	case t.Key == "" && !exists:
		g.Report(path, tolerationWithoutKey())
	case exists && t.Value != "":
		g.Report(path, tolerationWithValue(t.Value))
	}
}

// Labels of Pods that Istio reads.
// https://istio.io/latest/docs/reference/config/labels/
const (
	LabelDataplane = "istio.io/dataplane-mode"
	LabelInject    = "sidecar.istio.io/inject"
)
