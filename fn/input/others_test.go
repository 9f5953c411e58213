// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package input

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/fn/internal/fntest"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

const (
	// alpha and beta are objects of others.
	alpha = "# Source: chart/a.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}   # as it is\n"
	beta  = "{apiVersion: v1, kind: Secret, metadata: {name: b}}\n"
	mesh  = "apiVersion: egressbundle.io/v1alpha1\nkind: EgressMesh\nmetadata: {name: m}\nspec: {}\n"
)

// listOf returns a List of objects that are written in flow style.
func listOf(objects ...string) string {
	return "apiVersion: v1\nkind: List\nitems:\n- " + strings.Join(objects, "- ")
}

const bundleInList = "{apiVersion: egressbundle.io/v1alpha1, kind: EgressBundle, metadata: {name: l, namespace: l}, " +
	"spec: {destinations: {a: {hosts: [a.example.com]}}}}\n"

// TestOthers: what is not of egressbundle stays as it is written, and nothing else stays.
func TestOthers(t *testing.T) {
	const crlf, divider = "a: 1 \r\n---\r\nb: |\r\n  --- no divider\r\n", "---\n"
	for name, c := range map[string]struct {
		stdin, want string
		objects     int
	}{
		"a bundle":         {stdin: fntest.Smallest},
		"and a mesh":       {stdin: fntest.Smallest + divider + mesh},
		"first":            {stdin: fntest.Smallest + divider + alpha + divider + beta, want: divider + alpha + divider + beta, objects: 2},
		"in the middle":    {stdin: alpha + divider + fntest.Smallest + divider + beta, want: alpha + divider + beta, objects: 2},
		"last":             {stdin: divider + alpha + "--- # b\n" + beta + divider + fntest.Smallest, want: divider + alpha + "--- # b\n" + beta, objects: 2},
		"empty documents":  {stdin: divider + divider + "# c\n" + divider + fntest.Smallest + divider, want: divider + divider + "# c\n" + divider},
		"CRLF":             {stdin: crlf + "---\r\n" + strings.ReplaceAll(fntest.Smallest, "\n", "\r\n"), want: crlf, objects: 2},
		"without an end":   {stdin: fntest.Smallest + divider + "a: 1", want: divider + "a: 1", objects: 1},
		"an end":           {stdin: "a: 1\n...\n" + divider + fntest.Smallest + "...\n", want: "a: 1\n...\n", objects: 1},
		"a byte order":     {stdin: "\ufeff" + alpha + divider + fntest.Smallest, want: alpha, objects: 1},
		"a List of others": {stdin: fntest.Smallest + divider + listOf(beta, beta), want: divider + listOf(beta, beta), objects: 2},
		"a List of ours":   {stdin: alpha + divider + listOf(bundleInList), want: alpha, objects: 1},
		"an empty List":    {stdin: fntest.Smallest + divider + "kind: List\nitems: []\n", want: divider + "kind: List\nitems: []\n", objects: 1},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := othersOf(t, c.stdin)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, string(got.Text)); diff != "" || got.Objects != c.objects {
				t.Errorf("%d objects, want %d; (-want +got):\n%s", got.Objects, c.objects, diff)
			}
			if joined := bytes.Join(split([]byte(c.stdin)), nil); string(joined) != strings.TrimPrefix(c.stdin, "\ufeff") {
				t.Errorf("the documents are not the stream:\n%s", joined)
			}
		})
	}
}

// othersOf returns what is of others in standard input.
func othersOf(t *testing.T, stdin string) (Others, error) {
	t.Helper()
	in := &Input{KeepOthers: true}
	if err := in.ReadPaths(strings.NewReader(stdin), []string{Stdin}); err != nil {
		t.Fatal(err)
	}
	output, err := in.Render()
	if err != nil {
		t.Fatal(err)
	}
	return in.Others(output.Objects())
}

// TestOthersRefused: what would have to be written anew is refused.
func TestOthersRefused(t *testing.T) {
	const inOne = "must not hold objects of egressbundle beside others"
	for name, c := range map[string]struct{ stdin, want string }{
		"a List of both":             {stdin: alpha + "---\n" + listOf(beta, bundleInList), want: "-:5:1: " + inOne},
		"after an odd end of a line": {stdin: "a: 1\u0085---\n" + fntest.Smallest, want: "-:1:1: " + inOne},
		"a directive":                {stdin: "%YAML 1.1\n---\n" + fntest.Smallest, want: "-:1:1: must be a document that stands for itself"},
		"UTF-16": {
			stdin: "\xff\xfe" + strings.Join(strings.Split(fntest.Smallest, ""), "\x00") + "\x00", want: "-:1:1: must be UTF-8",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := othersOf(t, c.stdin); err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// TestOthersMadeEarlier: objects that are made again, or in whose place others are made, do not
// stay beside these; those of bundles that are not there do.
func TestOthersMadeEarlier(t *testing.T) {
	const sidecar = "  enforce: {registryOnly: true}\n" // It is of no single bundle.
	now := fntest.Smallest + sidecar
	earlier := fntest.Succeed(t, "", fntest.Smallest+"    bbc: {hosts: [www.bbc.co.uk]}\n"+sidecar, fntest.Program, "render", "-")
	elsewhere := fntest.Succeed(t, "", strings.ReplaceAll(now, "payments", "search"), fntest.Program, "render", "-")
	got, err := othersOf(t, now+"---\n"+earlier+"---\n"+elsewhere)
	if diff := cmp.Diff("---\n"+elsewhere, string(got.Text)); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// TestOthersOfFiles: files are put together, and the objects behind them.
func TestOthersOfFiles(t *testing.T) {
	dir := t.TempDir()
	fntest.WriteText(t, filepath.Join(dir, "all/a.yaml"), strings.TrimSuffix(alpha, "\n"))
	fntest.WriteText(t, filepath.Join(dir, "all/b.json"), `{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "b"}}`)
	fntest.WriteText(t, filepath.Join(dir, "all/c.yaml"), fntest.Smallest)
	fntest.WriteText(t, filepath.Join(dir, "all/d.yaml"), "--- # d\n"+beta)
	objects := fntest.Succeed(t, dir, "", fntest.Program, "render", "all")
	want := alpha + "---\n" + fntest.ReadText(t, filepath.Join(dir, "all/b.json")) + "\n--- # d\n" + beta + "---\n" + objects
	if diff := cmp.Diff(want, fntest.Succeed(t, dir, "", fntest.Program, "render", "--keep-others", "all")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	in := &Input{}
	if err := in.ReadPaths(strings.NewReader(""), []string{filepath.Join(dir, "all")}); err != nil {
		t.Fatal(err)
	}
	if got, err := in.Others(func(func(object.Object) bool) {}); err != nil || got.Objects > 0 {
		t.Errorf("without being asked: %+v, %v", got, err)
	}
}
