// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package fn

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/yaml"

	"github.com/egressbundle/egressbundle/fn/internal/fntest"
)

// resourceList wraps a functionConfig and items as the hosts of KRM functions do.
func resourceList(functionConfig string, items ...string) string {
	var text strings.Builder
	text.WriteString("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n")
	if len(items) == 0 {
		text.WriteString("items: []\n")
	} else {
		text.WriteString("items:\n")
	}
	for _, item := range items {
		text.WriteString("- " + fntest.Indent(item))
	}
	if functionConfig != "" {
		text.WriteString("functionConfig:\n  " + fntest.Indent(functionConfig))
	}
	return text.String()
}

// readList reads a ResourceList: its items as text, and its results.
func readList(t *testing.T, text string) (items []string, results string) {
	t.Helper()
	list := &kio.ByteReadWriter{Reader: strings.NewReader(text), OmitReaderAnnotations: true, KeepReaderAnnotations: true}
	nodes, err := list.Read()
	if err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	for _, node := range nodes {
		items = append(items, node.MustString())
	}
	if list.Results != nil {
		results = list.Results.MustString()
	}
	return items, results
}

// TestFunctionGoldens: what hosts get for what they send. What kustomize build, kustomize
// fn run and kpt send was recorded from them, and holds what they note for themselves.
func TestFunctionGoldens(t *testing.T) {
	for _, in := range fntest.Glob(t, "testdata/function/*/in.yaml") {
		text := fntest.ReadText(t, in)
		got := fntest.Execute(t, "", text, fntest.Program)
		if failed := strings.Contains(got.Stdout, "severity: error"); failed != (got.Status != 0) {
			t.Errorf("%s: status %d, standard error:\n%s", in, got.Status, got.Stderr)
		}
		fntest.CompareGolden(t, strings.Replace(in, "in.yaml", "out.yaml", 1), got.Stdout)
		if again := fntest.Execute(t, "", text, fntest.Program); again != got {
			t.Errorf("%s: a second call differs", in)
		}
	}
}

// TestFunctionStrings: what looks like another type, or like another document, comes
// out as the text that it is.
func TestFunctionStrings(t *testing.T) {
	for _, want := range []string{
		"on", "y", "no", "1.10", "0755", "null", "~", "1e3", "0o14", "1_000", "0x1f", "true", ".5", "+1", "2024-01-01", "12:30:45", "=",
		"a: b", "# no comment", "{{ .Values }}", "---\nkind: Secret", "'", "\"", "- item", "ü\t",
		"*alias", "!!int 1", "%TAG", "a\nb\n", "\ta\nb",
	} {
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		bundle := strings.Replace(fntest.Smallest, "{hosts: ", "{description: "+string(text)+", hosts: ", 1)
		bundle = strings.Replace(bundle, "name: news", `name: "null"`, 1)
		items, _ := readList(t, fntest.Succeed(t, "", resourceList(bundle), fntest.Program))
		found := 0
		for _, item := range items {
			var object metav1.PartialObjectMetadata
			if err := yaml.Unmarshal([]byte(item), &object); err != nil {
				t.Fatalf("%q: %v", want, err)
			}
			if got, ok := object.Annotations["egressbundle.io/description"]; ok {
				found++
				if got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			}
		}
		if found == 0 || len(items) != 7 {
			t.Errorf("%q: %d of %d objects have a description", want, found, len(items))
		}
	}
}

// TestFunction: the objects are those that render prints, the functionConfig is
// not among the items, and other items are left alone.
func TestFunction(t *testing.T) {
	bundle := fntest.Smallest + "  mesh: {outboundTrafficPolicy: REGISTRY_ONLY}\n"
	got, results := readList(t, fntest.Succeed(t, "", resourceList(bundle, fntest.ConfigMap, bundle), fntest.Program))
	if results != "" {
		t.Errorf("results:\n%s", results)
	}
	rendered := fntest.Succeed(t, "", bundle, fntest.Program, "render", "-")
	want := append([]string{fntest.ConfigMap}, strings.Split(rendered, "---\n")...)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
}

// TestFunctionWarns: warnings are results, and the function succeeds.
func TestFunctionWarns(t *testing.T) {
	items, results := readList(t, fntest.Succeed(t, "", resourceList(fntest.Smallest), fntest.Program))
	want := `- message: 'is ALLOW_ANY: workloads reach every host, declared or not, so bundles restrict nobody; ` +
		`set it to REGISTRY_ONLY in the configuration of the mesh, and here, or set spec.enforce.registryOnly of the bundle'
  severity: warning
  resourceRef:
    apiVersion: egressbundle.io/v1alpha1
    kind: EgressBundle
    name: news
    namespace: payments
  field:
    path: spec.mesh.outboundTrafficPolicy
  tags:
    code: AllowAny
`
	if diff := cmp.Diff(want, results); diff != "" || len(items) == 0 {
		t.Errorf("%d items, results (-want +got):\n%s", len(items), diff)
	}
}

// TestFunctionFails: the input items unchanged, the problems as results and on
// standard error, and status 1.
func TestFunctionFails(t *testing.T) {
	broken := strings.Replace(fntest.Smallest, "{hosts: [edition.cnn.com]}", "{hosts: [localhost], port: 443}", 1)
	got := fntest.Execute(t, "", resourceList(broken, fntest.ConfigMap), fntest.Program)
	const message = `spec.destinations.cnn.hosts[0]: must be a fully qualified domain name in lower case, ` +
		`such as "api.example.com", or "*.example.com" for every name below it, without address, port or path, ` +
		`of at most 63 characters between two dots and 253 in all, got "localhost" [InvalidValue]`
	if got.Status != 1 || !strings.Contains(got.Stderr, "EgressBundle payments/news: "+message+"\n") {
		t.Errorf("status %d, standard error:\n%s", got.Status, got.Stderr)
	}
	items, results := readList(t, got.Stdout)
	if diff := cmp.Diff([]string{fntest.ConfigMap}, items); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
	want := `- message: must be a fully qualified domain name in lower case, such as "api.example.com", ` +
		`or "*.example.com" for every name below it, without address, port or path, ` +
		`of at most 63 characters between two dots and 253 in all, got "localhost"
  severity: error
  resourceRef:
    apiVersion: egressbundle.io/v1alpha1
    kind: EgressBundle
    name: news
    namespace: payments
  field:
    path: spec.destinations.cnn.hosts[0]
  tags:
    code: InvalidValue
- message: 'is not a field here; ports is a list, and each of them has a pattern: ports: [{port: 443, pattern: TLSPassthrough}]'
  severity: error
  resourceRef:
    apiVersion: egressbundle.io/v1alpha1
    kind: EgressBundle
    name: news
    namespace: payments
  field:
    path: spec.destinations.cnn.port
  tags:
    code: UnknownField
`
	if diff := cmp.Diff(want, results); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
}

// TestFunctionSeesSidecars: a Sidecar among the items that would take the workloads
// of a bundle is reported.
func TestFunctionSeesSidecars(t *testing.T) {
	const sidecar = `apiVersion: networking.istio.io/v1
kind: Sidecar
metadata:
  name: default
  namespace: payments
`
	bundle := fntest.Smallest + "  enforce: {registryOnly: true}\n"
	got := fntest.Execute(t, "", resourceList(bundle, fntest.ConfigMap, sidecar), fntest.Program)
	const want = "EgressBundle payments/news: spec.enforce.registryOnly: must not be set for namespace payments, " +
		"whose workloads Sidecar payments/default selects: "
	if got.Status != 1 || !strings.HasPrefix(got.Stderr, want) {
		t.Errorf("status %d, standard error:\n%s", got.Status, got.Stderr)
	}
	items, _ := readList(t, got.Stdout)
	if diff := cmp.Diff([]string{fntest.ConfigMap, sidecar}, items); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
}

// TestFunctionMountsIntoItsGateway: files of certificates are mounted into the
// Deployment of a gateway that is made in the same call.
func TestFunctionMountsIntoItsGateway(t *testing.T) {
	bundle, _, _ := strings.Cut(fntest.BypassBundle, "  bypass:")
	bundle += `  mesh:
    outboundTrafficPolicy: REGISTRY_ONLY
    gateways: {istio-egressgateway: {deploy: {}}}
`
	items, results := readList(t, fntest.Succeed(t, "", resourceList(bundle), fntest.Program))
	if results != "" {
		t.Errorf("results:\n%s", results)
	}
	for _, item := range items {
		if strings.HasPrefix(item, "apiVersion: apps/v1\nkind: Deployment") && strings.Contains(item, "mountPath: /etc/istio/bank-certs") {
			return
		}
	}
	t.Errorf("nothing mounts the files:\n%s", strings.Join(items, "---\n"))
}

// kptfile is that of a package as kpt gives it: whoever gets it gets the whole package.
const kptfile = `apiVersion: kpt.dev/v1
kind: Kptfile
metadata:
  name: team
  annotations:
    internal.config.kubernetes.io/path: 'Kptfile'
`

// TestFunctionInPlace: what bundles make is put right where it was changed by hand or
// copied, and what is right keeps how it is written.
func TestFunctionInPlace(t *testing.T) {
	bundle, _, _ := strings.Cut(fntest.BypassBundle, "  bypass:")
	bundle = strings.Replace(bundle, "metadata: {", "metadata: {annotations: {internal.config.kubernetes.io/path: news.yaml}, ", 1)
	mesh := func(gateway string) string {
		return "  mesh:\n    outboundTrafficPolicy: REGISTRY_ONLY\n    gateways: {istio-egressgateway: " + gateway + "}\n"
	}
	first := fntest.Succeed(t, "", resourceList("", kptfile, bundle+mesh("{deploy: {}}")), fntest.Program)
	const image = "        - image: auto\n"
	commented := strings.Replace(first, image, "        - image: auto # by the injection\n", 1)
	if commented == first {
		t.Fatalf("no %q in:\n%s", image, first)
	}
	if diff := cmp.Diff(commented, fntest.Succeed(t, "", commented, fntest.Program)); diff != "" {
		t.Errorf("a comment (-before +after):\n%s", diff)
	}
	for name, changed := range map[string]string{
		"changed by hand":  strings.Replace(first, image, "        - image: other\n", 1),
		"without a volume": strings.Replace(first, "mountPath: /etc/istio/bank-certs", "mountPath: /elsewhere", 1),
		"copied":           first + first[strings.Index(first, "\n- apiVersion: v1\n")+1:],
	} {
		if diff := cmp.Diff(first, fntest.Succeed(t, "", changed, fntest.Program)); diff != "" || changed == first {
			t.Errorf("%s (-before +after):\n%s", name, diff)
		}
	}

	// The Deployment that the patch was for goes, and nobody else's has come.
	items, results := readList(t, fntest.Succeed(t, "", strings.Replace(first, "deploy: {}", "", 1), fntest.Program))
	const want = "the Deployment istio-egressgateway in namespace istio-system needs a patch"
	if got := strings.Join(items, "---\n"); strings.Contains(got, "kind: Deployment") || !strings.Contains(results, want) {
		t.Errorf("after the Deployment went:\n%s\nresults:\n%s", got, results)
	}
}

// TestFunctionApart: what several bundles share is not changed by a call that does not
// see all of them.
func TestFunctionApart(t *testing.T) {
	enforced := func(traffic string) string {
		return strings.Replace(fntest.Smallest, "{name: news,", "{name: web,", 1) +
			"  enforce: {registryOnly: true, clusterTraffic: " + traffic + "}\n"
	}
	sidecar := func(traffic string) []string {
		return strings.Split(fntest.Succeed(t, "", enforced(traffic), fntest.Program, "render", "-"), "---\n")
	}
	withPath := strings.Replace(fntest.ConfigMap, "metadata:\n", "metadata:\n  annotations: {internal.config.kubernetes.io/path: a.yaml}\n", 1)
	for name, other := range map[string]string{"in place": withPath, "not in place": fntest.ConfigMap} {
		same := resourceList(enforced("Allow"), append(sidecar("Allow"), other)...)
		if got := fntest.Execute(t, "", same, fntest.Program); got.Status != 0 {
			t.Errorf("%s: the same Sidecar: %+v", name, got)
		}
		items := append(sidecar("Deny"), other)
		got := fntest.Execute(t, "", resourceList(enforced("Allow"), items...), fntest.Program)
		const want = "Sidecar payments/egressbundle: differs from what these bundles need, and other bundles may need it as it is; "
		if got.Status != 1 || !strings.HasPrefix(got.Stderr, want) {
			t.Errorf("%s: %+v", name, got)
		}
		after, results := readList(t, got.Stdout)
		if len(after) != len(items) || !strings.Contains(results, "  resourceRef:\n    kind: Sidecar\n") {
			t.Errorf("%s: got %d items of %d, results:\n%s", name, len(after), len(items), results)
		}
	}
}

// TestFunctionConfigAmongItems: hosts may give a functionConfig that is an item as well
// without saying where it stands. Messages name the file of the item.
func TestFunctionConfigAmongItems(t *testing.T) {
	at := func(bundle string) string {
		return strings.Replace(bundle, "{name:", "{annotations: {internal.config.kubernetes.io/path: news.yaml}, name:", 1)
	}
	items, _ := readList(t, fntest.Succeed(t, "", resourceList(fntest.Smallest, at(fntest.Smallest)), fntest.Program))
	if len(items) != 1+len(fntest.NewsFiles) {
		t.Errorf("got %d items", len(items))
	}
	wrong := strings.Replace(fntest.Smallest, "edition.cnn.com", "localhost", 1)
	got := fntest.Execute(t, "", resourceList(wrong, at(wrong)), fntest.Program)
	if got.Status != 1 || strings.Count(got.Stderr, "\n") != 1 || !strings.HasPrefix(got.Stderr, "news.yaml: EgressBundle payments/news: ") {
		t.Errorf("%+v", got)
	}
}

// TestFunctionRefusesInput: what is no ResourceList, or has no EgressBundle, fails
// with one line that says what to do.
func TestFunctionRefusesInput(t *testing.T) {
	for _, c := range []struct{ name, stdin, stderr string }{
		{name: "nothing", stdin: "", stderr: "egressbundle render"},
		{name: "no YAML", stdin: "{", stderr: "must be a ResourceList"},
		{name: "bundle alone", stdin: fntest.Smallest, stderr: "egressbundle render"},
		{name: "text for an item", stdin: "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n- " +
			fntest.Indent(fntest.ConfigMap) + "- text\n", stderr: `items[1]: must be an object, which is a map with apiVersion, kind and metadata, got "text" [InvalidValue]`},
		{name: "list for an item", stdin: "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: [[]]\n",
			stderr: "items[0]: must be an object, which is a map with apiVersion, kind and metadata, got a list [InvalidValue]"},
		{name: "no functionConfig", stdin: resourceList("", fntest.ConfigMap), stderr: "there must be an EgressBundle, and there is none"},
		{name: "no bundle beside a mesh", stdin: resourceList(meshDocument, fntest.ConfigMap),
			stderr: "there must be an EgressBundle, and there is none"},
		{name: "other functionConfig", stdin: resourceList(fntest.ConfigMap), stderr: `functionConfig must be an EgressBundle or an EgressMesh ` +
			`(apiVersion: egressbundle.io/v1alpha1), got "ConfigMap" of "v1"`},
		{name: "other version", stdin: resourceList(strings.Replace(fntest.Smallest, "v1alpha1", "v2", 1)),
			stderr: `apiVersion: must be "egressbundle.io/v1alpha1", got "egressbundle.io/v2"`},
	} {
		got := fntest.Execute(t, "", c.stdin, fntest.Program)
		if got.Status != 1 || strings.Count(got.Stderr, "\n") != 1 || !strings.Contains(got.Stderr, c.stderr) {
			t.Errorf("%s: got %+v", c.name, got)
		}
	}
}
