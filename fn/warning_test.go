// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

const bypassBundle = `apiVersion: egressbundle.io/v1alpha1
kind: EgressBundle
metadata: {name: news, namespace: payments}
spec:
  destinations:
    cnn: {hosts: [edition.cnn.com]}
    bank:
      hosts: [api.bank.example.com]
      ports:
      - port: 80
        pattern: TLSOrigination
        clientCertificate: {files: {certificate: /etc/istio/bank-certs/tls.crt, privateKey: /etc/istio/bank-certs/tls.key}}
  bypass: {cidrs: [10.0.0.1/24], ports: [9000]}
`

// TestWarnings: what the user should know stands on standard error, once for all
// bundles, and does not keep the objects from being written.
func TestWarnings(t *testing.T) {
	dir := t.TempDir()
	writeText(t, filepath.Join(dir, "a.yaml"), bypassBundle)
	writeText(t, filepath.Join(dir, "b.yaml"), strings.ReplaceAll(bypassBundle, "payments", "search"))
	var stdout, stderr bytes.Buffer
	t.Chdir(dir)
	if status := run([]string{"render", "a.yaml", "b.yaml"}, strings.NewReader(""), &stdout, &stderr); status != 0 || stdout.Len() == 0 {
		t.Errorf("status %d and %d bytes of objects", status, stdout.Len())
	}
	want := `a.yaml:4:1: warning: spec.mesh.outboundTrafficPolicy: is ALLOW_ANY: workloads reach every host, declared or not, so bundles restrict nobody; set it to REGISTRY_ONLY in the configuration of the mesh, and here, or set spec.enforce.registryOnly of the bundle [AllowAny]
warning: the Deployment istio-egressgateway in namespace istio-system needs a patch, which no object is; see egressbundle patch --help [NeedsPatch]
warning: the workloads in namespace payments need a patch, which no object is; see egressbundle patch --help [NeedsPatch]
warning: the workloads in namespace search need a patch, which no object is; see egressbundle patch --help [NeedsPatch]
`
	if diff := cmp.Diff(want, stderr.String()); diff != "" {
		t.Errorf("standard error (-want +got):\n%s", diff)
	}
}

// TestHelmGateway: a gateway that is left to Helm is not forgotten.
func TestHelmGateway(t *testing.T) {
	bundle := smallest + "  mesh: {outboundTrafficPolicy: REGISTRY_ONLY, gateways: {partners: {namespace: egress, deploy: {installer: Helm}}}}\n"
	var stdout, stderr bytes.Buffer
	if status := run([]string{"render", "-"}, strings.NewReader(bundle), &stdout, &stderr); status != 0 {
		t.Errorf("status %d", status)
	}
	const want = "warning: the gateway partners in namespace egress is left to Helm; egressbundle patch --helm prints its values [NeedsPatch]\n"
	if diff := cmp.Diff(want, stderr.String()); diff != "" {
		t.Errorf("standard error (-want +got):\n%s", diff)
	}
	if strings.Contains(stdout.String(), "kind: Deployment") {
		t.Error("a Deployment is rendered all the same")
	}
	values := succeed(t, "", bundle, binary, "patch", "--helm", "-")
	if !strings.HasPrefix(values, "# Chart gateway, release partners in namespace egress.\naffinity:\n") {
		t.Errorf("values:\n%s", values)
	}
}

const workloads = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: istio-egressgateway
  namespace: istio-system
spec:
  template:
    spec:
      containers:
      - name: istio-proxy
        volumeMounts:
        - name: own # stays
          mountPath: /etc/own
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: app, namespace: payments}
spec:
  template:
    metadata:
      annotations:
        own: stays
        traffic.sidecar.istio.io/excludeOutboundPorts: "3306, 9000"
    spec:
      containers: [{name: app, image: app}]
---
apiVersion: batch/v1
kind: CronJob
metadata:
  name: nightly
  namespace: payments
spec:
  jobTemplate:
    spec:
      template:
        spec:
          containers:
          - name: job
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app
  namespace: other # is no client
spec:
  template: {}
`

// TestFunctionPatchesWorkloads: the workloads among the items get what they
// need, everything else in them stays, and other items stay as they are. A
// second run changes nothing.
func TestFunctionPatchesWorkloads(t *testing.T) {
	items := strings.Split(workloads, "---\n")
	once := patchedItems(t, items)
	compareGolden(t, "testdata/patch/workloads.yaml", strings.Join(once, "---\n"))
	if diff := cmp.Diff(once, patchedItems(t, once)); diff != "" {
		t.Errorf("a second run (-first +second):\n%s", diff)
	}
}

// TestUnitedText: annotations keep what others wrote.
func TestUnitedText(t *testing.T) {
	for _, c := range []struct{ ours, theirs, want string }{
		{"81,9000", "3306, 9000", "3306,81,9000"},
		{"10.0.0.0/8", "", "10.0.0.0/8"},
		{`{"a":{"x":1}}`, `{"b":{"y":2}}`, `{"a":{"x":1},"b":{"y":2}}`},
	} {
		if got, err := unitedText(c.ours, c.theirs); err != nil || got != c.want {
			t.Errorf("%s and %s: got %s, %v", c.ours, c.theirs, got, err)
		}
	}
	if _, err := unitedText(`{"a":{}}`, "no JSON"); err == nil {
		t.Error("what is no JSON is accepted")
	}
}

// patchedItems runs the function and returns the items that it was given.
func patchedItems(t *testing.T, items []string) []string {
	t.Helper()
	list := resourceList(bypassBundle, items...)
	out := yaml.MustParse(succeed(t, "", list, binary))
	elements, err := out.Pipe(yaml.Lookup("items"))
	if err != nil {
		t.Fatal(err)
	}
	nodes, err := elements.Elements()
	if err != nil {
		t.Fatal(err)
	}
	var patched []string
	for _, node := range nodes[:len(items)] {
		patched = append(patched, node.MustString())
	}
	return patched
}

// TestPatch builds workloads with the real kustomize and the Component that the
// command prints.
func TestPatch(t *testing.T) {
	dir := t.TempDir()
	writeText(t, filepath.Join(dir, "bundle.yaml"), bypassBundle)
	component := succeed(t, dir, "", binary, "patch", "bundle.yaml")
	writeText(t, filepath.Join(dir, "patches/kustomization.yaml"), component)
	writeText(t, filepath.Join(dir, "workloads.yaml"), workloads)
	writeText(t, filepath.Join(dir, "kustomization.yaml"), "resources: [workloads.yaml]\ncomponents: [patches]\n")
	built := kustomizeBuild(t, dir)
	if built.Status != 0 || built.Stderr != "" {
		t.Fatalf("status %d, standard error:\n%s", built.Status, built.Stderr)
	}
	compareGolden(t, "testdata/patch/kustomize.yaml", built.Stdout)
	compareGolden(t, "testdata/patch/values.yaml", succeed(t, dir, "", binary, "patch", "--helm", "bundle.yaml"))
}

// TestPatchesOfExamples: the Components of the examples are what patch prints,
// and the folders that use them build.
func TestPatchesOfExamples(t *testing.T) {
	for _, path := range glob(t, "../examples/*/patches/kustomization.yaml") {
		example := filepath.Dir(filepath.Dir(path))
		compareGolden(t, path, succeed(t, "", "", binary, "patch", filepath.Join(example, "bundle.yaml")))
		for _, kustomization := range glob(t, filepath.Join(example, "*/kustomization.yaml")) {
			if !strings.Contains(readText(t, kustomization), "../patches") {
				continue
			}
			if built := kustomizeBuild(t, filepath.Dir(kustomization)); built.Status != 0 || built.Stdout == "" {
				t.Errorf("%s: %+v", kustomization, built)
			}
		}
	}
}
