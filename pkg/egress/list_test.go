// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/egressbundle/egressbundle/pkg/egress"
)

// TestFormsOfInput: a bundle and a mesh are read however YAML and kubectl let them be written.
func TestFormsOfInput(t *testing.T) {
	const (
		mesh   = `{"apiVersion": "egressbundle.io/v1alpha1", "kind": "EgressMesh", "metadata": {"name": "m"}, "spec": {"mutualTLS": false}}`
		spec   = `{"destinations": {"cnn": {"hosts": ["edition.cnn.com"]}}}`
		names  = `"metadata": {"name": "news", "namespace": "payments"}`
		bundle = `{"apiVersion": "egressbundle.io/v1alpha1", "kind": "EgressBundle", ` + names + `, "spec": ` + spec + `}`
		config = `{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "labels": {"kind": "EgressBundle"}}}`
	)
	want := renderText(t, mesh+"\n---\n"+bundle)
	for name, src := range map[string]string{
		"end markers":      mesh + "\n...\n# of the first\n---\n" + bundle + "\n...\n",
		"carriage returns": mesh + "\r---\r" + bundle + "\r",
		"List":             `{"apiVersion": "v1", "kind": "List", "items": [` + config + "," + mesh + "," + bundle + "]}",
		"List in a List":   `{"kind": "List", "items": [` + bundle + `, {"kind": "List", "items": [` + mesh + "]}]}",
		"List of aliases":  `{kind: List, x: [&m ` + mesh + `, &b ` + bundle + `], items: [*m, *b, *m]}`,
		"ResourceList":     `{"kind": "ResourceList", "functionConfig": ` + mesh + `, "items": [` + bundle + "]}",
		"alias": mesh + "\n---\n{metadata: {namespace: payments, name: news, labels: {kind: &k EgressBundle}}, " +
			"kind: *k, apiVersion: egressbundle.io/v1alpha1, spec: " + spec + "}",
		"merge keys": mesh + "\n---\n{<<: [{<<: {apiVersion: egressbundle.io/v1alpha1, kind: Other}, kind: EgressBundle}], " +
			names + ", spec: " + spec + "}",
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(want, renderText(t, src)); diff != "" {
				t.Errorf("(-documents +%s):\n%s", name, diff)
			}
		})
	}
}

// TestJSONEscapes: JSON has escapes that the YAML library does not take.
func TestJSONEscapes(t *testing.T) {
	bundle := func(description string) string {
		return `{"apiVersion": "egressbundle.io/v1alpha1", "kind": "EgressBundle", "metadata": {"name": "news", "namespace": "payments"},` +
			`"spec": {"destinations": {"cnn": {"hosts": ["edition.cnn.com"], "description": "` + description + `"}}}}`
	}
	want := renderText(t, bundle(`😀 \\ud83d / é`))
	if diff := cmp.Diff(want, renderText(t, bundle(`\uD83D\ude00 \\ud83d \/ \u00e9`))); diff != "" {
		t.Errorf("(-written +escaped):\n%s", diff)
	}
}

// TestParseItem: the lines of an item are not those of its file, so that its name says where a
// problem is.
func TestParseItem(t *testing.T) {
	const news = "apiVersion: egressbundle.io/v1alpha1\nkind: EgressBundle\nmetadata: {name: news, namespace: payments}\n"
	for name, c := range map[string]struct{ src, want string }{
		"two keys": {news + "spec: {}\nspec: {}\n", "f.yaml: EgressBundle payments/news: spec: " +
			"must stand only once; remove one of the two [DuplicateKey]\n"},
		"wrong tag": {news + "spec: !!int a\n", "f.yaml: EgressBundle payments/news: must be YAML: " +
			"cannot decode !!str `a` as a !!int; remove the tag, which starts with !!, or change the value [InvalidYAML]\n"},
		"no kind": {"apiVersion: egressbundle.io/v1alpha1\n", "f.yaml: kind: is missing; " +
			"it must be \"EgressBundle\" or \"EgressMesh\" [MissingField]\n"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := egress.ParseItem("f.yaml", nodeOf(t, c.src), nil)
			if diff := cmp.Diff(c.want, string(format(diagnosticsOf(t, err)))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestParseItemWithOriginal: a field that is as it stands in the file has the line that it has
// there, and one that was changed or added since has none.
func TestParseItemWithOriginal(t *testing.T) {
	const head = "apiVersion: egressbundle.io/v1alpha1\nkind: EgressBundle\nmetadata: {name: news, namespace: payments}\n"
	original := "\n\n" + head + "spec:\n  destinations:\n    a: {hosts: [localhost]}\n    b: {hosts: [b.example.com]}\n"
	item := head + "spec: {destinations: {a: {hosts: [localhost]}, b: {hosts: [b]}, d: {hosts: [d]}}, enforce: {}, what: 1}\n"
	_, err := egress.ParseItem("f.yaml", nodeOf(t, item), []byte(original))
	var got []string
	for _, d := range diagnosticsOf(t, err) {
		got = append(got, d.Position.String()+" "+d.Path)
	}
	want := []string{
		"f.yaml spec.destinations.b.hosts[0]", "f.yaml spec.destinations.d.hosts[0]", "f.yaml spec.what",
		"f.yaml:8:17 spec.destinations.a.hosts[0]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func nodeOf(t *testing.T, src string) *yaml.Node {
	t.Helper()
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(src), &document); err != nil {
		t.Fatal(err)
	}
	return document.Content[0]
}

func renderText(t *testing.T, src string) string {
	t.Helper()
	found, err := egress.Parse("team.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	output, err := found.Render()
	if err != nil {
		t.Fatal(err)
	}
	return string(encode(t, slices.Collect(output.Objects())))
}
