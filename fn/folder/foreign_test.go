// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package folder

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/fn/internal/fntest"
)

const (
	newsEntry = "out/payments/serviceentry_payments--news--cnn.yaml"
	label     = "app.kubernetes.io/managed-by: "
)

// TestRenderDirKeepsOthers: what others wrote stays, whatever it looks like, and does no harm.
func TestRenderDirKeepsOthers(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in.yaml")
	fntest.WriteText(t, in, fntest.Smallest)
	fntest.Succeed(t, dir, "", fntest.Program, "render", "-o", "out", "in.yaml")
	entry := fntest.ReadText(t, filepath.Join(dir, newsEntry))
	others := map[string]string{
		"out/apps/deployment_web.yaml": "apiVersion: apps/v1\nkind: Deployment\n" +
			"metadata: {name: web, namespace: apps, labels: {" + label + "egressbundle}}\nspec: {replicas: 1}\n",
		"out/payments/serviceentry_mine.yaml": strings.Replace(entry, "name: payments--news--cnn", "name: mine", 1),
		"out/lists.yaml":                      "apiVersion: v1\nkind: Service\nmetadata: {labels: [a], annotations: [b]}\n---\nmetadata: [c]\n---\n- d\n",
		"out/bomb.yaml":                       "a: &a [p, q, r, s, t, u, v, w, x]\nmetadata: {annotations: &b {c: *a, d: *b}}\nitems: &i [*i, *a]\n",
		"out/chart.yaml":                      "{{ if .Values.egress }}\n" + entry,
		"out/payments/.hidden.yaml":           entry,
	}
	for path, text := range others {
		fntest.WriteText(t, filepath.Join(dir, path), text)
	}
	fntest.WriteText(t, in, strings.Replace(fntest.Smallest, "news", "newx", 1))
	fntest.Succeed(t, dir, "", fntest.Program, "render", "-o", "out", "in.yaml")
	after := fntest.Contents(t, dir)
	for path, text := range others {
		if diff := cmp.Diff(text, after[path]); diff != "" {
			t.Errorf("%s (-before +after):\n%s", path, diff)
		}
	}
	if after[newsEntry] != "" {
		t.Errorf("%s stayed", newsEntry)
	}
}

// TestRenderDirRelabeled: the label may be anybody's; what was made is still known.
func TestRenderDirRelabeled(t *testing.T) {
	dir := t.TempDir()
	fntest.WriteText(t, filepath.Join(dir, "in.yaml"), fntest.Smallest+"  enforce: {registryOnly: true}\n")
	fntest.Succeed(t, dir, "", fntest.Program, "render", "-o", "out", "in.yaml")
	want := fntest.Contents(t, dir)
	const sidecar = "out/payments/sidecar_egressbundle.yaml"
	ofEarlierVersion := strings.Replace(want[sidecar], "  annotations:\n    egressbundle.io/namespace: payments\n", "", 1)
	fntest.WriteText(t, filepath.Join(dir, sidecar), ofEarlierVersion)
	fntest.WriteText(t, filepath.Join(dir, newsEntry), strings.Replace(want[newsEntry], label+"egressbundle", label+"kustomize", 1))
	fntest.Succeed(t, dir, "", fntest.Program, "render", "-o", "out", "in.yaml")
	if diff := cmp.Diff(want, fntest.Contents(t, dir)); diff != "" || ofEarlierVersion == want[sidecar] {
		t.Errorf("(-before +after):\n%s", diff)
	}
}

// TestRenderDirMoreDocuments: a file with anything beside our object stays, however the next
// document begins, also if the object is not wanted any more.
func TestRenderDirMoreDocuments(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in.yaml")
	fntest.WriteText(t, in, fntest.Smallest)
	fntest.Succeed(t, dir, "", fntest.Program, "render", "-o", "out", "in.yaml")
	entry := fntest.ReadText(t, filepath.Join(dir, newsEntry))
	want := fntest.Outcome{Status: 1, Stderr: newsEntry + ": must hold the one document that egressbundle writes, " +
		"and nothing beside it; move the rest to another file, or remove it\n"}
	for _, bundle := range []string{fntest.Smallest, strings.Replace(fntest.Smallest, "news", "newx", 1)} {
		fntest.WriteText(t, in, bundle)
		for name, text := range map[string]string{
			"end marker":            entry + "...\n" + fntest.ConfigMap,
			"carriage return":       entry + "...\r" + fntest.ConfigMap,
			"carriage returns":      strings.ReplaceAll(entry+"---\n"+fntest.ConfigMap, "\n", "\r"),
			"no YAML":               entry + "...\n{{ if }}\n",
			"before it":             fntest.ConfigMap + "...\r---\r" + entry,
			"a list that has it":    "apiVersion: v1\nkind: List\nitems:\n- " + fntest.Indent(entry),
			"nothing after it":      entry + "---\n",
			"a document of no kind": entry + "...\n--- text\n",
		} {
			fntest.WriteText(t, filepath.Join(dir, newsEntry), text)
			before := fntest.Contents(t, dir)
			if diff := cmp.Diff(want, fntest.Execute(t, dir, "", fntest.Program, "render", "-o", "out", "in.yaml")); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
			if diff := cmp.Diff(before, fntest.Contents(t, dir)); diff != "" {
				t.Errorf("%s: files (-before +after):\n%s", name, diff)
			}
		}
	}
}
