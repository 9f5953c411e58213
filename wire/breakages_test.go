// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/egressbundle/egressbundle/conformance/cluster"
	"github.com/egressbundle/egressbundle/wire/rig"
	"github.com/egressbundle/egressbundle/wire/world"
)

// A breakage breaks one thing, and returns what mends it, and options of curl by which calls meet it.
type breakage func(t *testing.T, o *operator) (mend func(), options string)

// breakages produce the failures of runbooks, by their names.
var breakages = map[string]breakage{
	"virtualservice": removing(isMeshRoute),
	"sidecar-scope":  adding(handWritten("networking", "Sidecar", "payments", "egress: [{hosts: ['./*']}]")),
	"not-declared": adding(handWritten("networking", "Sidecar", "payments",
		"outboundTrafficPolicy: {mode: REGISTRY_ONLY}, egress: [{hosts: [istio-system/istio-egressgateway.istio-system.svc.cluster.local]}]")),
	"past-the-gateway":        removing(is("ServiceEntry", "payments")),
	"destinationrule":         removing(is("DestinationRule", "payments")),
	"gateway-pods":            removingNamed("endpointslices.discovery.k8s.io", "istio-egressgateway-0"),
	"gateway":                 removing(is("Gateway", "istio-system")),
	"packets-to-gateway":      closeClients,
	"gateway-virtualservice":  removing(isGatewayRoute),
	"gateway-serviceentry":    removing(is("ServiceEntry", "istio-system")),
	"gateway-destinationrule": removing(is("DestinationRule", "istio-system")),
	"secret":                  removingSecret,
	"host-dns":                denying("backend.example.com", "cdn.example.com", "db.example.com"),
	"ejected":                 failOnce,
	"host-refuses":            outsideHosts((*world.Host).Refuse),
	"host-silent":             outsideHosts((*world.Host).Drop),
	"certificate-authority":   showing("attacker", ""),
	"certificate-name":        showing("", "other.example.net"),
	"timeout":                 calling("-H 'Test-Delay: 2s'"),
	"reset":                   calling("-H 'Test-Hang-Up: 1'"),
	"overflow":                callOften,
	"identity": adding(handWritten("security", "AuthorizationPolicy", "istio-system",
		"selector: {matchLabels: {istio: egressgateway}}, action: DENY, rules: [{}]")),
	"handshake":               changing("sa/default", "sa/other"),
	"request":                 calling("-X POST"),
	"host-answers":            calling("-H 'Test-Status: 503'"),
	"application-dns":         denying("api.example.com", "news.example.com", "api.bank.example.com"),
	"application-certificate": showing("attacker", ""),
	"no-sidecar":              calling(fromBarePod),
}

// fromBarePod stands for another Pod that the call is made from.
const fromBarePod = "from the Pod without a sidecar"

// closedClients lets the clients send packets to DNS and to the control plane, and to nothing else.
const closedClients = `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: other, namespace: payments}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
  - ports: [{port: 53, protocol: UDP}, {port: 53}, {port: 15012}]
`

// closeClients closes clients that have no connection to the gateway yet: those that are open stay.
func closeClients(t *testing.T, o *operator) (func(), string) {
	t.Helper()
	mend, _ := adding(closedClients)(t, o)
	if err := mesh.Stop(t.Context(), "payments"); err != nil {
		t.Fatal(err)
	}
	o.start(t)
	return mend, ""
}

func isMeshRoute(m cluster.Manifest) bool {
	gateways, _, _ := unstructured.NestedStringSlice(m.Object.Object, "spec", "gateways")
	return m.Object.GetKind() == "VirtualService" && (len(gateways) == 0 || gateways[0] == "mesh")
}

func isGatewayRoute(m cluster.Manifest) bool {
	return m.Object.GetKind() == "VirtualService" && !isMeshRoute(m)
}

func is(kind, namespace string) func(cluster.Manifest) bool {
	return func(m cluster.Manifest) bool {
		return m.Object.GetKind() == kind && m.Object.GetNamespace() == namespace
	}
}

// removing takes objects away.
func removing(which func(cluster.Manifest) bool) breakage {
	return func(t *testing.T, o *operator) (func(), string) {
		t.Helper()
		var gone []string
		for _, m := range o.manifests {
			if which(m) {
				gone = append(gone, m.YAML)
			}
		}
		if len(gone) == 0 {
			t.Fatal("there is no such object")
		}
		objects := cluster.Join(gone...)
		kubectl(t, objects, "delete", "--wait=false", "-f", "-")
		return func() { reapply(t, objects) }, ""
	}
}

func reapply(t *testing.T, objects string) {
	t.Helper()
	if err := mesh.API.Apply(context.WithoutCancel(t.Context()), objects); err != nil {
		t.Fatal(err)
	}
}

// removingNamed takes an object away that is of no bundle.
func removingNamed(resource, name string) breakage {
	return func(t *testing.T, _ *operator) (func(), string) {
		t.Helper()
		object := kubectl(t, "", "get", resource, "-n", "istio-system", name, "-o", "yaml")
		kubectl(t, "", "delete", resource, "-n", "istio-system", name)
		return func() { kubectl(t, object, "create", "-f", "-") }, ""
	}
}

// adding adds an object of somebody else.
func adding(object string) breakage {
	return func(t *testing.T, _ *operator) (func(), string) {
		t.Helper()
		reapply(t, object)
		return func() { kubectl(t, object, "delete", "-f", "-") }, ""
	}
}

// changing changes what objects say.
func changing(old, by string) breakage {
	return func(t *testing.T, o *operator) (func(), string) {
		t.Helper()
		var before, after []string
		for _, m := range o.manifests {
			if changed := strings.ReplaceAll(m.YAML, old, by); changed != m.YAML {
				before, after = append(before, m.YAML), append(after, changed)
			}
		}
		reapply(t, cluster.Join(after...))
		return func() { reapply(t, cluster.Join(before...)) }, ""
	}
}

// removingSecret takes a Secret away from a gateway that starts: one that has it keeps it.
func removingSecret(t *testing.T, o *operator) (func(), string) {
	t.Helper()
	addRules, _ := removing(is("DestinationRule", "istio-system"))(t, o)
	addSecret, _ := removingNamed("secrets", "bank-certs")(t, o)
	awaitGone(t, o.last(), "|tls|")
	addRules()
	return addSecret, ""
}

// denying lets there be no such hosts. Proxies that know them learn of it when they start.
func denying(hosts ...string) breakage {
	return func(t *testing.T, o *operator) (func(), string) {
		t.Helper()
		var resume []func()
		for _, host := range hosts {
			resume = append(resume, mesh.Names.Deny(host))
		}
		renew(t, o)
		return func() {
			for _, f := range resume {
				f()
			}
			renew(t, o)
		}, ""
	}
}

// renew has proxies look up all hosts again.
func renew(t *testing.T, o *operator) {
	t.Helper()
	add, _ := removing(func(m cluster.Manifest) bool { return m.Object.GetKind() == "ServiceEntry" })(t, o)
	awaitGone(t, o.last(), "news.example.com")
	add()
}

// awaitGone waits until an Envoy knows nothing any more of what the name of a cluster has.
func awaitGone(t *testing.T, w *rig.Workload, name string) {
	t.Helper()
	for end := time.Now().Add(wellTime); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		answer, err := w.Ask(t.Context(), "/clusters")
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(answer), name) {
			return
		}
	}
	t.Fatalf("%s still knows %s", w, name)
}

// outsideHosts does something to the hosts that calls leave to.
func outsideHosts(change func(*world.Host, netip.Addr) (func() error, error)) breakage {
	return func(t *testing.T, _ *operator) (func(), string) {
		t.Helper()
		var all []func() error
		for _, host := range []string{"backend.example.com", "cdn.example.com", "db.example.com"} {
			resume, err := change(mesh.Internet, mesh.Names.Address(host))
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, resume)
		}
		mesh.Outside.End()
		return func() {
			for _, resume := range all {
				if err := resume(); err != nil {
					t.Error(err)
				}
			}
		}, ""
	}
}

// showing lets hosts show others.
func showing(signer, name string) breakage {
	return func(t *testing.T, o *operator) (func(), string) {
		t.Helper()
		o.showCertificates(t, signer, name)
		return func() { o.showCertificates(t, "", "") }, ""
	}
}

// calling makes calls with other options.
func calling(options string) breakage {
	return func(*testing.T, *operator) (func(), string) { return func() {}, options }
}

// failOnce lets a host fail until it is left out.
func failOnce(t *testing.T, o *operator) (func(), string) {
	t.Helper()
	go o.shell.Run(t.Context(), "kubectl exec -n payments egress-check -c curl -- curl -s -H 'Test-Status: 503' http://flaky.example.com")
	return func() {}, ""
}

// callOften lets requests wait, more than may wait at a time, until it is mended.
func callOften(t *testing.T, o *operator) (func(), string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	slow := "kubectl exec -n payments egress-check -c curl -- curl -s --max-time 5 -H 'Test-Delay: 1s' http://api.example.com"
	for range 4 {
		go o.shell.Run(ctx, "while "+slow+"; do sleep 0.1; done")
	}
	return cancel, ""
}
