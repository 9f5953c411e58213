// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package fn

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egressbundle/egressbundle/fn/code"
	"github.com/egressbundle/egressbundle/fn/internal/fntest"
)

const (
	listHead    = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n"
	named       = "apiVersion: v1\nkind: ConfigMap\n"
	deployment  = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x, namespace: payments, annotations: {" + pathNote + "}}\n"
	pathNote    = "internal.config.kubernetes.io/path: x.yaml"
	atX         = "x.yaml: Deployment payments/x: "
	threeLevels = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\na1: &a1 [*a0,*a0,*a0,*a0,*a0,*a0,*a0,*a0,*a0,*a0]\n" +
		"a2: &a2 [*a1,*a1,*a1,*a1,*a1,*a1,*a1,*a1,*a1,*a1]\n"
	bomb = threeLevels + "a3: &a3 [*a2,*a2,*a2,*a2,*a2,*a2,*a2,*a2,*a2,*a2]\na4: [*a3,*a3,*a3,*a3,*a3,*a3,*a3,*a3,*a3,*a3]\n"
)

// A wrongList is one that the function refuses, and what it says.
type wrongList struct{ list, want string }

func wrongLists() map[string]wrongList {
	bypass, _, _ := strings.Cut(fntest.BypassBundle, "  destinations:")
	return map[string]wrongList{
		"metadata a list": {
			list: resourceList(meshDocument, named+"metadata: [a]\n"),
			want: "ConfigMap: items[0].metadata: must be a map, got a list [InvalidValue]\n",
		},
		"metadata text": {
			list: resourceList(meshDocument, named+"metadata: a\n"),
			want: "ConfigMap: items[0].metadata: must be a map, got \"a\" [InvalidValue]\n",
		},
		"metadata an alias": {
			list: resourceList(meshDocument, named+"data: &m {name: x}\nmetadata: *m\n"),
			want: "ConfigMap: items[0].metadata: must be written out, for hosts do not follow it there, got an alias [InvalidValue]\n",
		},
		"annotations and labels lists": {
			list: resourceList(meshDocument, fntest.ConfigMap, deployment, named+"metadata: {name: x, annotations: [a], labels: [a]}\n"),
			want: "ConfigMap x: items[2].metadata.annotations: must be a map of text to text, got a list [InvalidValue]\n" +
				"ConfigMap x: items[2].metadata.labels: must be a map of text to text, got a list [InvalidValue]\n",
		},
		"kind and name lists": {
			list: resourceList(meshDocument, "apiVersion: v1\nkind: [ConfigMap]\nmetadata: {name: [x]}\n"),
			want: "items[0].kind: must be text, got a list [InvalidValue]\nitems[0].metadata.name: must be text, got a list [InvalidValue]\n",
		},
		"merged": {
			list: resourceList(meshDocument, "data: &d {kind: EgressBundle}\n<<: *d\n"),
			want: "items[0].<<: must be written out, for hosts do not follow it there, got an alias [InvalidValue]\n",
		},
		"pods a list": {
			list: resourceList(meshDocument, deployment+"spec: {template: [a]}\n"),
			want: atX + "items[0].spec.template: must be a map, got a list [InvalidValue]\n",
		},
		"annotations of pods a list": {
			list: resourceList(bypass, deployment+"spec: {template: {metadata: {annotations: [a]}}}\n"),
			want: atX + "items[0].spec.template.metadata.annotations: must be a map of text to text, got a list [InvalidValue]\n",
		},
		"functionConfig a list": {
			list: listHead + "items: []\nfunctionConfig: [a]\n",
			want: "functionConfig: must be an object, which is a map with apiVersion, kind and metadata, got a list [InvalidValue]\n",
		},
		"functionConfig long text": {
			list: listHead + "functionConfig: " + strings.Repeat("x", 100) + "\n",
			want: "functionConfig: must be an object, which is a map with apiVersion, kind and metadata, got \"" +
				strings.Repeat("x", 80) + "\"... [InvalidValue]\n",
		},
		"items a map": {
			list: listHead + "items: {a: b}\n",
			want: "items: must be a list of objects, got a map [InvalidValue]\n",
		},
		"bundle in a List": {
			list: resourceList(meshDocument, fntest.ConfigMap, "apiVersion: v1\nkind: List\nmetadata: {annotations: {"+pathNote+"}}\n"+
				"items: [{kind: List, items: [{kind: EgressBundle, metadata: {name: a}}, {apiVersion: egressbundle.io/v2}]}]\n"),
			want: "x.yaml: items[1].items[0].items[1]: " + mustNotBeListed + " [InvalidValue]\n" +
				"x.yaml: EgressBundle a: items[1].items[0].items[0]: " + mustNotBeListed + " [InvalidValue]\n",
		},
		"own object in a List": {
			list: resourceList(meshDocument,
				"kind: List\nitems: [{kind: Service, metadata: {name: a, annotations: {egressbundle.io/bundle: a/b}}}]\n"),
			want: "Service a: items[0].items[0]: " + mustNotBeListed + " [InvalidValue]\n",
		},
		"misspelt kind beside a functionConfig": {
			list: resourceList(bypass+"  destinations: {cnn: {gateway: partners, hosts: [edition.cnn.com]}}\n",
				"apiVersion: egressbundle.io/v1alpha1\nkind: EgressMsh\nmetadata: {name: m}\n"),
			want: "kind: must be \"EgressBundle\" or \"EgressMesh\", got \"EgressMsh\" [UnknownKind]\n",
		},
		"neighbor in a List": {
			list: resourceList(bypass+"  destinations: {cnn: {hosts: [edition.cnn.com]}}\n  enforce: {registryOnly: true}\n",
				"kind: List\nitems:\n- apiVersion: networking.istio.io/v1\n  kind: Sidecar\n  metadata: {name: a, namespace: payments}\n"),
			want: "EgressBundle payments/news: spec.enforce.registryOnly: must not be set for namespace payments, " +
				"whose workloads Sidecar payments/a selects: Istio follows one of the two, the older; remove that one, " +
				"or set its outboundTrafficPolicy to REGISTRY_ONLY and this to false [SidecarConflict]\n",
		},
		"list merged": {
			list: listHead + "x: &x {items: []}\n<<: *x\n",
			want: "<<: must be written out, for hosts do not follow it there, got an alias [InvalidValue]\n",
		},
		"item an alias": {
			list: listHead + "items: [&a {kind: ConfigMap}, *a]\n",
			want: "items[1]: must be an object, which is a map with apiVersion, kind and metadata, got an alias [InvalidValue]\n",
		},
		"alias in itself": {
			list: listHead + "items:\n- &a\n  " + fntest.Indent(deployment+"self: *a\n"),
			want: atX + "items[0]: must be YAML: anchor 'a' value contains itself; write the values out [InvalidYAML]\n",
		},
		"aliases of aliases": {
			list: resourceList(meshDocument, deployment+bomb),
			want: atX + "items[0]: must be YAML: document contains excessive aliasing; write the values out [InvalidYAML]\n",
		},
	}
}

// TestMisshapenLists: whatever is a ResourceList comes back as one, with its items as they
// came, and with an error that names the item and the field.
func TestMisshapenLists(t *testing.T) {
	for name, c := range wrongLists() {
		t.Run(name, func(t *testing.T) {
			got := fntest.Execute(t, "", c.list, fntest.Program)
			if diff := cmp.Diff(c.want, got.Stderr); diff != "" || got.Status != 1 {
				t.Errorf("status %d (-want +got):\n%s", got.Status, diff)
			}
			if diff := cmp.Diff(withoutResults(t, c.list), withoutResults(t, got.Stdout)); diff != "" {
				t.Errorf("(-before +after):\n%s", diff)
			}
			if !strings.Contains(got.Stdout, "\nresults:\n- message: ") {
				t.Errorf("no results:\n%s", got.Stdout)
			}
		})
	}
}

// withoutResults returns a ResourceList as this program writes it, without results.
func withoutResults(t *testing.T, text string) string {
	t.Helper()
	l, err := parseList([]byte(text))
	if err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	var written bytes.Buffer
	if err := l.write(&written, &answer{items: l.items}); err != nil {
		t.Fatal(err)
	}
	return written.String()
}

// TestAliasesAreFollowed: what aliases make a hundred times as long at most is taken.
func TestAliasesAreFollowed(t *testing.T) {
	list := resourceList(fntest.BypassBundle, deployment+threeLevels+"spec: {template: {}}\n")
	if got := fntest.Execute(t, "", list, fntest.Program); got.Status != 0 {
		t.Errorf("%+v", got)
	}
}

// TestDefectComesBack: if this program fails, its host gets the items back as they came, and
// an error that names the version and the item.
func TestDefectComesBack(t *testing.T) {
	var stdout, stderr bytes.Buffer
	list := resourceList(meshDocument, fntest.ConfigMap, deployment)
	err := answerTo([]byte(list), &stdout, &stderr, func(c *call) (*answer, error) {
		for item := range c.each() {
			if item.GetKind() == "Deployment" {
				item.YNode().Content = append(item.YNode().Content, yaml.NewStringRNode("half").YNode(), yaml.NewStringRNode("done").YNode())
				panic("index out of range")
			}
		}
		return &answer{}, nil
	})
	_, results := readList(t, stdout.String())
	want := atX + "egressbundle " + version() + " failed at Deployment payments/x, which is a defect of it; nothing was changed; " +
		"please report it: index out of range [" + string(code.Defect) + "]"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if diff := cmp.Diff(withoutResults(t, list), withoutResults(t, stdout.String())); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
	if !strings.Contains(results, "kind: Deployment\n    name: x\n") || !strings.Contains(results, "code: Defect\n") {
		t.Errorf("results:\n%s", results)
	}
}
