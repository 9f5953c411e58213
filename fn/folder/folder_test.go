// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package folder

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/fn/internal/fntest"
)

// TestRenderDir: a folder holds what is wanted, and what is not ours stays.
func TestRenderDir(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.yaml"), filepath.Join(dir, "out")
	two := fntest.Smallest + "    bbc: {via: Sidecar, hosts: [www.bbc.co.uk]}\n"
	fntest.WriteText(t, in, two)
	fntest.WriteText(t, filepath.Join(out, "payments", "mine.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: mine}\n")

	fntest.Succeed(t, dir, "", fntest.Program, "render", "-o", out, in)
	want := []string{
		"istio-system/authorizationpolicy_payments--news--istio-egressgateway.yaml",
		"istio-system/gateway_payments--news--istio-egressgateway.yaml",
		"istio-system/serviceentry_payments--news--cnn--edition.cnn.com--443.yaml",
		"istio-system/virtualservice_payments--news--cnn--edition.cnn.com--443.yaml",
		"istio-system/virtualservice_payments--news--cnn.yaml",
		"payments/destinationrule_payments--news--istio-egressgateway.yaml",
		"payments/mine.yaml",
		"payments/serviceentry_payments--news--bbc.yaml",
		"payments/serviceentry_payments--news--cnn.yaml",
	}
	if diff := cmp.Diff(want, fntest.Files(t, out)); diff != "" {
		t.Fatalf("files (-want +got):\n%s", diff)
	}

	fntest.WriteText(t, in, strings.Replace(two, "    cnn: {hosts: [edition.cnn.com]}\n", "", 1))
	fntest.Succeed(t, dir, "", fntest.Program, "render", "-o", out, in)
	want = []string{"payments/mine.yaml", "payments/serviceentry_payments--news--bbc.yaml"}
	if diff := cmp.Diff(want, fntest.Files(t, out)); diff != "" {
		t.Errorf("files after a destination was removed (-want +got):\n%s", diff)
	}
}

// TestRenderDirRefuses: a file that is not ours is not overwritten, and then
// nothing is written or removed.
func TestRenderDirRefuses(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.yaml"), filepath.Join(dir, "out")
	fntest.WriteText(t, in, fntest.Smallest)
	foreign := filepath.Join(out, "payments", "serviceentry_payments--news--cnn.yaml")
	fntest.WriteText(t, foreign, "apiVersion: v1\nkind: ConfigMap\n")

	got := fntest.Execute(t, dir, "", fntest.Program, "render", "-o", out, in)
	want := fntest.Outcome{Status: 1, Stderr: foreign + ": is not a file of egressbundle and will not be overwritten; " +
		"move or remove it, or write to another folder\n"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"payments/serviceentry_payments--news--cnn.yaml"}, fntest.Files(t, out)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}

	fntest.WriteText(t, in, strings.Replace(fntest.Smallest, "edition.cnn.com", "", 1))
	if got := fntest.Execute(t, dir, "", fntest.Program, "render", "-o", out, in); got.Status != 1 {
		t.Errorf("a bundle without hosts was rendered:\n%s", got.Stderr)
	}
}

// TestRenderDirInTheWay: whatever stands where a file of ours must, or on the way to it,
// is neither written nor written through, and all of it is reported at once.
func TestRenderDirInTheWay(t *testing.T) {
	dir := t.TempDir()
	out, elsewhere := filepath.Join(dir, "out"), filepath.Join(dir, "elsewhere")
	fntest.WriteText(t, filepath.Join(dir, "in.yaml"), fntest.Smallest)
	fntest.Succeed(t, dir, "", fntest.Program, "render", "-o", "other", "in.yaml")
	const (
		entry   = "out/payments/serviceentry_payments--news--cnn.yaml"
		rule    = "out/payments/destinationrule_payments--news--istio-egressgateway.yaml"
		gateway = "out/istio-system/gateway_payments--news--istio-egressgateway.yaml"
	)
	link := func(to, from string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(from), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(to, from); err != nil {
			t.Fatal(err)
		}
	}
	link(filepath.Join(dir, strings.Replace(entry, "out", "other", 1)), filepath.Join(dir, entry))
	fntest.WriteText(t, filepath.Join(dir, rule, "notes.txt"), "a folder")
	link(elsewhere, filepath.Join(out, "istio-system"))
	fntest.WriteText(t, filepath.Join(elsewhere, "notes.txt"), "not ours")
	before := fntest.Files(t, dir)
	for _, check := range [][]string{{}, {"--check"}} {
		got := fntest.Execute(t, dir, "", fntest.Program, append([]string{"render", "-o", "out", "in.yaml"}, check...)...)
		want := fntest.Outcome{Status: 1, Stderr: "out/istio-system: must be a folder, for objects go there, " +
			"and is none; move or remove it, or write to another folder\n" +
			rule + ": must be a regular file, and is none, and so will not be overwritten; move or remove it, or write to another folder\n" +
			entry + ": must be a regular file, and is none, and so will not be overwritten; move or remove it, or write to another folder\n"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", check, diff)
		}
	}
	if diff := cmp.Diff(before, fntest.Files(t, dir)); diff != "" {
		t.Errorf("files (-before +after):\n%s", diff)
	}

	// What has the name of a temporary file stays as well.
	if err := os.RemoveAll(out); err != nil {
		t.Fatal(err)
	}
	link(filepath.Join(elsewhere, "notes.txt"), filepath.Join(dir, gateway+".tmp"))
	fntest.Succeed(t, dir, "", fntest.Program, "render", "-o", "out", "in.yaml")
	if got := fntest.ReadText(t, filepath.Join(elsewhere, "notes.txt")); got != "not ours" {
		t.Errorf("a link was followed: %s", got)
	}
	want := append(fntest.Files(t, filepath.Join(dir, "other")), strings.TrimPrefix(gateway, "out/")+".tmp")
	if diff := cmp.Diff(want, fntest.Files(t, out), fntest.Sorted); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// TestRenderDirMisplaced: objects of ours that no call would ever change or remove are
// reported, for what applies the folder applies them too.
func TestRenderDirMisplaced(t *testing.T) {
	dir := t.TempDir()
	fntest.WriteText(t, filepath.Join(dir, "in.yaml"), fntest.Smallest)
	fntest.Succeed(t, dir, "", fntest.Program, "render", "-o", "out", "in.yaml")
	const entry = "out/payments/serviceentry_payments--news--cnn.yaml"
	text := fntest.ReadText(t, filepath.Join(dir, entry))
	object := "must not hold ServiceEntry payments/payments--news--cnn of egressbundle, " +
		"whose file in this folder is " + entry + "; remove it from here, for nothing else would\n"
	const others = entry + ": must hold the one document that egressbundle writes, and nothing beside it; " +
		"move the rest to another file, or remove it\n"
	for name, c := range map[string]struct{ path, text, want string }{
		"a file of another name":    {path: "out/payments/github.yaml", text: text, want: "out/payments/github.yaml: " + object},
		"a file of several objects": {path: "out/all.yml", text: fntest.ConfigMap + "---\n" + text, want: "out/all.yml: " + object},
		"its file, and an object":   {path: entry, text: text + "---\n" + fntest.ConfigMap, want: others},
		"its file, and a comment":   {path: entry, text: "# ours\n---\n" + text, want: others},
		"a list": {path: "out/list.yaml", text: "apiVersion: v1\nkind: List\nitems:\n- " + fntest.Indent(text),
			want: "out/list.yaml: " + object},
		"a folder of like name": {path: "out/my-payments/serviceentry_payments--news--cnn.yaml", text: text,
			want: "out/my-payments/serviceentry_payments--news--cnn.yaml: " + object},
		"its name in another place": {path: "out/serviceentry_payments--news--cnn.yaml", text: text,
			want: "out/serviceentry_payments--news--cnn.yaml: " + object},
		"of a bundle that is gone": {path: "out/old.yaml", text: strings.ReplaceAll(text, "cnn", "bbc"),
			want: "out/old.yaml: " + strings.ReplaceAll(object, "cnn", "bbc")},
	} {
		fntest.WriteText(t, filepath.Join(dir, c.path), c.text)
		before := fntest.Contents(t, dir)
		for _, check := range [][]string{{}, {"--check"}} {
			got := fntest.Execute(t, dir, "", fntest.Program, append([]string{"render", "-o", "out", "in.yaml"}, check...)...)
			if diff := cmp.Diff(fntest.Outcome{Status: 1, Stderr: c.want}, got); diff != "" {
				t.Errorf("%s %s (-want +got):\n%s", name, check, diff)
			}
		}
		if diff := cmp.Diff(before, fntest.Contents(t, dir)); diff != "" {
			t.Errorf("%s: files (-before +after):\n%s", name, diff)
		}
		fntest.Remove(t, filepath.Join(dir, c.path))
		fntest.WriteText(t, filepath.Join(dir, entry), text)
	}
	fntest.WriteText(t, filepath.Join(dir, "out/list-of-texts.yaml"), "- a\n")
	fntest.WriteText(t, filepath.Join(dir, "out/payments/.egressbundle-1/serviceentry_payments--news--cnn.yaml"), text)
	fntest.Succeed(t, dir, "", fntest.Program, "render", "--check", "-o", "out", "in.yaml")
	if got := fntest.Execute(t, dir, "", fntest.Program, "render", "-o", entry, "in.yaml"); got.Status != 1 ||
		!strings.HasPrefix(got.Stderr, entry+": must be a folder") {
		t.Errorf("a file for a folder: %+v", got)
	}
}

// TestRenderDirFails: if one file cannot be written, none is, and nothing is left behind.
func TestRenderDirFails(t *testing.T) {
	dir := t.TempDir()
	fntest.WriteText(t, filepath.Join(dir, "in.yaml"), fntest.Smallest)
	fntest.Succeed(t, dir, "", fntest.Program, "render", "-o", "out", "in.yaml")
	var hosts []string
	for i := range 200 {
		hosts = append(hosts, fmt.Sprintf("h%d.example.com", i))
	}
	changed := strings.Replace(fntest.Smallest, "edition.cnn.com", "www.bbc.co.uk", 1)
	fntest.WriteText(t, filepath.Join(dir, "in.yaml"), changed+"    many: {via: Sidecar, hosts: ["+strings.Join(hosts, ", ")+"]}\n")
	before := fntest.Contents(t, dir)
	got := fntest.Execute(t, dir, "", "sh", "-c", "ulimit -f 4; egressbundle render -o out in.yaml")
	if got.Status != 1 || !strings.Contains(got.Stderr, "file too large") {
		t.Errorf("%+v", got)
	}
	if diff := cmp.Diff(before, fntest.Contents(t, dir)); diff != "" {
		t.Errorf("files (-before +after):\n%s", diff)
	}
}

// TestRenderDirLeavesOthers: files of another call in a folder inside the folder
// stay, and so do those that a link leads to.
func TestRenderDirLeavesOthers(t *testing.T) {
	dir := t.TempDir()
	in, out, link := filepath.Join(dir, "in.yaml"), filepath.Join(dir, "out"), filepath.Join(dir, "link")
	fntest.WriteText(t, in, strings.Replace(fntest.Smallest, "payments", "search", 1))
	other := filepath.Join(out, "other")
	fntest.Succeed(t, dir, "", fntest.Program, "render", "-o", other, in)
	others := fntest.Files(t, other)
	fntest.WriteText(t, in, fntest.Smallest)
	fntest.Succeed(t, dir, "", fntest.Program, "render", "-o", out, in)
	if diff := cmp.Diff(others, fntest.Files(t, other)); diff != "" {
		t.Errorf("files of another call (-before +after):\n%s", diff)
	}
	deployed := fntest.Smallest + "  mesh: {gateways: {istio-egressgateway: {deploy: {}}}}\n"
	fntest.WriteText(t, in, strings.Replace(deployed, "payments", "search", 1))
	fntest.Succeed(t, dir, "", fntest.Program, "render", "-o", other, in)
	fntest.WriteText(t, in, deployed)
	fntest.Succeed(t, dir, "", fntest.Program, "render", "-o", out, in) // Both make the gateway, as it must be.

	fntest.WriteText(t, in, fntest.Smallest)
	fntest.Succeed(t, dir, "", fntest.Program, "render", "-o", out, in)
	fntest.Succeed(t, dir, "", fntest.Program, "render", "-o", other, in)
	if got := fntest.Execute(t, dir, "", fntest.Program, "render", "--check", "-o", out, in); got.Status != 1 ||
		strings.Count(got.Stderr, other+"/") != len(fntest.NewsFiles) {
		t.Errorf("objects that stand twice: %+v", got)
	}
	if err := os.RemoveAll(other); err != nil {
		t.Fatal(err)
	}

	if err := os.Symlink(out, link); err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(out, "payments", "serviceentry_payments--news--cnn.yaml")
	fntest.WriteText(t, foreign, "apiVersion: v1\nkind: ConfigMap\n")
	if got := fntest.Execute(t, dir, "", fntest.Program, "render", "-o", link, in); got.Status != 1 {
		t.Errorf("a file that is not ours was overwritten through a link: %+v", got)
	}
	if err := os.Remove(foreign); err != nil {
		t.Fatal(err)
	}
	if got := fntest.Succeed(t, dir, "", fntest.Program, "render", link+"/../in.yaml"); got == "" {
		t.Error("nothing was rendered")
	}
}

// TestRenderCheck: --check succeeds in silence on what render -o wrote, fails with a
// diff on everything else, and never writes.
func TestRenderCheck(t *testing.T) {
	dir := t.TempDir()
	fntest.WriteText(t, filepath.Join(dir, "in.yaml"), fntest.Smallest)
	check := []string{"render", "--check", "-o", "out", "in.yaml"}
	if got := fntest.Execute(t, dir, "", fntest.Program, check...); got.Status != 3 ||
		!strings.Contains(got.Stdout, "--- /dev/null\n+++ out/istio-system/gateway_") {
		t.Errorf("without the folder: %+v", got)
	}
	if len(fntest.Files(t, dir)) != 1 {
		t.Errorf("--check wrote %s", fntest.Files(t, dir))
	}
	fntest.Succeed(t, dir, "", fntest.Program, "render", "-o", "out", "in.yaml")
	if got := fntest.Succeed(t, dir, "", fntest.Program, check...); got != "" {
		t.Errorf("as written, it prints:\n%s", got)
	}

	const entry = "out/payments/serviceentry_payments--news--cnn.yaml"
	text := fntest.ReadText(t, filepath.Join(dir, entry))
	fntest.WriteText(t, filepath.Join(dir, entry), strings.Replace(text, "- edition.cnn.com", "- evil.example.com", 1))
	fntest.WriteText(t, filepath.Join(dir, "out/notes.yaml"), "not: ours\n")
	stale := strings.ReplaceAll(text, "payments--news--cnn", "payments--news--bbc")
	fntest.WriteText(t, filepath.Join(dir, "out/payments/serviceentry_payments--news--bbc.yaml"), stale)
	before := fntest.Contents(t, dir)
	got := fntest.Execute(t, dir, "", fntest.Program, check...)
	fntest.CompareGolden(t, "../testdata/check/diff.txt", got.Stdout)
	const want = "out: is not what the bundles say, in 2 files; write it again, with the same command without --check\n"
	if got.Status != 3 || got.Stderr != want {
		t.Errorf("status %d, standard error:\n%s", got.Status, got.Stderr)
	}
	if diff := cmp.Diff(before, fntest.Contents(t, dir)); diff != "" {
		t.Errorf("files (-before +after):\n%s", diff)
	}
}
