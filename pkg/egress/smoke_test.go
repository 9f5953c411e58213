// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// many is why what stands for many is not tried.
const many = "it is one of those that a wildcard or a range stands for; bundles do not name it"

// late is why what is refused late is not.
const late = "decides when the client speaks, and it does not"

// smokeHead is how the bundles of these tests begin.
const smokeHead = "apiVersion: egressbundle.io/v1alpha1\nkind: EgressBundle\nmetadata: {name: news, namespace: payments}\nspec:"

// TestSmokeLines: each call of each client has a line, which says what must become of it, or
// why it is not tried.
func TestSmokeLines(t *testing.T) {
	for _, c := range []struct{ name, spec, want string }{
		{
			name: "what passes, and what another client may call",
			spec: `
  mesh: {outboundTrafficPolicy: REGISTRY_ONLY}
  clients: [{namespace: payments}, {namespace: search}]
  destinations:
    cnn: {hosts: [edition.cnn.com], clients: [{namespace: search}]}`,
			want: `payments/egressbundle-smoke--default
stopped https://edition.cnn.com ConfigMap istio-system/istio
search/egressbundle-smoke--default
passes https://edition.cnn.com`,
		},
		{
			name: "an open mesh",
			spec: `
  clients: [{namespace: payments}, {namespace: search}]
  destinations:
    cnn: {hosts: [edition.cnn.com], clients: [{namespace: search}]}`,
			want: `payments/egressbundle-smoke--default
untried https://edition.cnn.com no bundle lets it pass, and nothing stops it
search/egressbundle-smoke--default
passes https://edition.cnn.com`,
		},
		{
			name: "identities",
			spec: `
  clients: [{namespace: payments, serviceAccounts: [checkout, ledger]}]
  destinations:
    bank:
      hosts: [api.bank.example.com]
      clients: [{namespace: payments, serviceAccounts: [ledger]}]`,
			want: `payments/egressbundle-smoke--checkout
stopped https://api.bank.example.com AuthorizationPolicy istio-system/payments--news--istio-egressgateway
payments/egressbundle-smoke--ledger
passes https://api.bank.example.com`,
		},
		{
			name: "methods and paths",
			spec: `
  destinations:
    a: {hosts: [a.example.com], ports: [{port: 80, pattern: HTTP, allow: [{methods: [POST], paths: [/v1/charges]}]}]}
    b: {hosts: [b.example.com], ports: [{port: 80, pattern: HTTP, allow: [{methods: [GET, HEAD], paths: [/v1/*]}]}]}
    c: {hosts: [c.example.com], ports: [{port: 80, pattern: HTTP, allow: [{methods: [DELETE]}]}]}`,
			want: `payments/egressbundle-smoke--default
stopped http://a.example.com/.not-allowed VirtualService istio-system/payments--news--a--http-80
untried http://a.example.com/v1/charges only HEAD is sent, and another method is allowed
stopped http://b.example.com/.not-allowed VirtualService istio-system/payments--news--b--http-80
passes http://b.example.com/v1/
untried http://c.example.com/ only HEAD is sent, and another method is allowed
stopped http://c.example.com/.not-allowed VirtualService istio-system/payments--news--c--http-80`,
		},
		{
			name: "wildcards",
			spec: `
  destinations:
    wikipedia: {via: Sidecar, hosts: ["*.wikipedia.org"]}`,
			want: `payments/egressbundle-smoke--default
untried https://any.wikipedia.org ` + many,
		},
		{
			name: "ranges, and what a gateway refuses in the handshake",
			spec: `
  clients: [{namespace: payments, serviceAccounts: [checkout, ledger]}]
  destinations:
    data:
      hosts: [db.example.com]
      addresses: [203.0.113.0/24, 198.51.100.7]
      clients: [{namespace: payments, serviceAccounts: [ledger]}]
      ports: [{port: 5432, pattern: TCP}]`,
			want: `payments/egressbundle-smoke--checkout
stopped tcp://198.51.100.7:5432 Gateway istio-system/payments--news--istio-egressgateway
untried tcp://203.0.113.1:5432 ` + many + `
payments/egressbundle-smoke--ledger
passes tcp://198.51.100.7:5432
untried tcp://203.0.113.1:5432 ` + many,
		},
		{
			name: "TCP that a policy refuses when it is too late",
			spec: `
  clients: [{namespace: payments, serviceAccounts: [checkout, ledger]}, {namespace: search}]
  destinations:
    data:
      hosts: [db.example.com]
      addresses: [198.51.100.7]
      clients: [{namespace: payments, serviceAccounts: [ledger]}, {namespace: search}]
      ports: [{port: 5432, pattern: TCP}]`,
			want: `payments/egressbundle-smoke--checkout
untried tcp://198.51.100.7:5432 AuthorizationPolicy istio-system/payments--news--istio-egressgateway ` + late + `
payments/egressbundle-smoke--ledger
passes tcp://198.51.100.7:5432
search/egressbundle-smoke--default
passes tcp://198.51.100.7:5432`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, linesOf(smokeJobs(t, smokeHead+c.spec+"\n"))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func smokeJobs(t *testing.T, bundle string) []object.Object {
	t.Helper()
	output, err := parse(t, bundle).Render()
	if err != nil {
		t.Fatal(err)
	}
	objects, err := output.SmokeJobs("curl", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// linesOf returns what Jobs read, without the objects that lead what passes.
func linesOf(objects []object.Object) string {
	var lines []string
	for _, o := range objects {
		if c, ok := o.Spec.(*corev1.ConfigMap); ok {
			lines = append(lines, o.Namespace+"/"+o.Name)
			for line := range strings.Lines(c.Data["calls"]) {
				fields := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 3)
				if fields[0] == "passes" {
					fields = fields[:2]
				}
				lines = append(lines, strings.Join(fields, " "))
			}
		}
	}
	return strings.Join(lines, "\n")
}

// TestSmokeTextIsData: whatever text a bundle may hold, a call has one line of three parts, and
// whoever reads the YAML reads that line.
func TestSmokeTextIsData(t *testing.T) {
	const path = "/$(reboot);&'!~@,=:"
	objects := smokeJobs(t, smokeHead+`
  destinations:
    cnn:
      description: "a\npasses https://evil.example.com x\n$(reboot)"
      owner: "`+"`reboot`"+`"
      hosts: [edition.cnn.com]
      ports: [{port: 80, pattern: HTTP, allow: [{methods: [HEAD], paths: ["`+path+`"]}]}]
`)
	want := "payments/egressbundle-smoke--default\n" +
		"passes http://edition.cnn.com" + path + "\n" +
		"stopped http://edition.cnn.com/.not-allowed VirtualService istio-system/payments--news--cnn--http-80"
	if diff := cmp.Diff(want, linesOf(objects)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	made, ok := objects[0].Spec.(*corev1.ConfigMap)
	if !ok {
		t.Fatalf("the first object is %s", objects[0].Ref())
	}
	for reader, read := range map[string]func([]byte) ([][]byte, error){"YAML 1.2": readYAML12, "YAML 1.1": readYAML11} {
		documents, err := read(encode(t, objects))
		if err != nil {
			t.Fatalf("%s: %v", reader, err)
		}
		var got corev1.ConfigMap
		if err := json.Unmarshal(documents[0], &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(made.Data, got.Data); diff != "" {
			t.Errorf("%s (-made +read):\n%s", reader, diff)
		}
	}
}

// TestSmokeManyCalls: no ConfigMap is larger than Kubernetes takes.
func TestSmokeManyCalls(t *testing.T) {
	const hosts = 501
	var bundle strings.Builder
	bundle.WriteString(smokeHead + "\n  destinations:\n    all:\n      hosts:\n")
	label := strings.Repeat("x", 60)
	for i := range hosts {
		fmt.Fprintf(&bundle, "      - h%d.%s.%s.%s.example.com\n", i, label, label, label)
	}
	objects := smokeJobs(t, bundle.String())
	calls := 0
	for _, o := range objects {
		switch spec := o.Spec.(type) {
		case *corev1.ConfigMap:
			calls += strings.Count(spec.Data["calls"], "\n")
			if size := len(spec.Data["calls"]) + len(spec.Data["smoke.sh"]); size > 1<<20 {
				t.Errorf("%s has %d bytes", o.Ref(), size)
			}
		case *batchv1.JobSpec:
			if volume := spec.Template.Spec.Volumes[0]; volume.ConfigMap.Name != o.Name {
				t.Errorf("%s reads %s", o.Ref(), volume.ConfigMap.Name)
			}
		}
	}
	if calls != hosts || len(objects) != 2*2 {
		t.Errorf("%d calls in %d objects", calls, len(objects))
	}
}
