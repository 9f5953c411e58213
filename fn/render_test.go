// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const smallest = `apiVersion: egressbundle.io/v1alpha1
kind: EgressBundle
metadata: {name: news, namespace: payments}
spec:
  destinations:
    cnn: {hosts: [edition.cnn.com]}
`

// TestRenderGoldens: the program prints what the library gives.
func TestRenderGoldens(t *testing.T) {
	for _, in := range glob(t, "../testdata/render/*/*/in.yaml") {
		want := readText(t, filepath.Join(filepath.Dir(in), "out.yaml"))
		if diff := cmp.Diff(want, succeed(t, "", "", binary, "render", in)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", in, diff)
		}
	}
}

// TestExamples keeps the rendered output of each example true.
func TestExamples(t *testing.T) {
	for _, bundle := range glob(t, "../examples/*/bundle.yaml") {
		rendered := succeed(t, "", "", binary, "render", bundle)
		compareGolden(t, filepath.Join(filepath.Dir(bundle), "rendered.yaml"), rendered)
	}
}

// TestReport keeps the report of an example true. With -o the objects are written
// all the same.
func TestReport(t *testing.T) {
	const bundle = "../examples/closed-path/bundle.yaml"
	report := succeed(t, "", "", binary, "render", "--report", bundle)
	compareGolden(t, filepath.Join(filepath.Dir(bundle), "report.md"), report)

	dir := t.TempDir()
	again := succeed(t, "", "", binary, "render", "--report", "-o", dir, bundle)
	if diff := cmp.Diff(report, again); diff != "" {
		t.Errorf("with -o (-without +with):\n%s", diff)
	}
	if _, err := os.Stat(filepath.Join(dir, "payments", "sidecar_egressbundle.yaml")); err != nil {
		t.Error(err)
	}
}

// TestRenderInputs: files, folders and standard input give the same objects, in
// whatever order they are named.
func TestRenderInputs(t *testing.T) {
	dir := t.TempDir()
	other := strings.ReplaceAll(strings.ReplaceAll(smallest, "payments", "search"), "cnn", "bbc")
	writeText(t, filepath.Join(dir, "a", "news.yaml"), smallest)
	writeText(t, filepath.Join(dir, "b", "other.yml"), other)
	writeText(t, filepath.Join(dir, "b", "deployment.yaml"), "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n")
	writeText(t, filepath.Join(dir, "b", "notes.txt"), "not: [yaml")
	writeText(t, filepath.Join(dir, ".git", "news.yaml"), "not: [yaml")

	want := succeed(t, dir, "", binary, "render", "a/news.yaml", "b/other.yml")
	for _, c := range []struct {
		name, stdin string
		args        []string
	}{
		{"folder", "", []string{"."}},
		{"folders", "", []string{"b", "a"}},
		{"standard input", smallest + "---\n" + other, []string{"-"}},
		{"standard input and file", smallest, []string{"-", "b"}},
	} {
		got := succeed(t, dir, c.stdin, binary, append([]string{"render"}, c.args...)...)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// TestRenderFails: every problem of every file, and nothing on standard output.
func TestRenderFails(t *testing.T) {
	dir := t.TempDir()
	writeText(t, filepath.Join(dir, "a.yaml"), strings.Replace(smallest, "edition.cnn.com", "1.10, 10.0.0.1", 1))
	writeText(t, filepath.Join(dir, "b.yaml"), strings.Replace(smallest, "{hosts", "{gateway: partners, hosts", 1))
	writeText(t, filepath.Join(dir, "d.yaml"), "apiVersion: v1\nkind: ConfigMap\n")
	writeText(t, filepath.Join(dir, "empty.yaml"), "")

	got := execute(t, dir, "", binary, "render", "a.yaml", "b.yaml", "d.yaml", "empty.yaml")
	want := outcome{Status: 1, Stderr: `a.yaml:6:19: spec.destinations.cnn.hosts[0]: must be a fully qualified domain name in lower case, such as "api.example.com", or "*.example.com" for every name below it, without address, port or path, of at most 63 characters between two dots and 253 in all, got the number 1.10 [InvalidValue]
a.yaml:6:25: spec.destinations.cnn.hosts[1]: must be a fully qualified domain name in lower case, such as "api.example.com", or "*.example.com" for every name below it, without address, port or path, of at most 63 characters between two dots and 253 in all, got "10.0.0.1" [InvalidValue]
b.yaml:6:20: spec.destinations.cnn.gateway: must name one of the gateways of the mesh (istio-egressgateway), got "partners" [UnknownGateway]
d.yaml:1:1: must hold an EgressBundle (apiVersion: egressbundle.io/v1alpha1), and holds none; if that is meant, say so with --allow-empty [NoBundle]
empty.yaml:1:1: must hold an EgressBundle (apiVersion: egressbundle.io/v1alpha1), and holds none; if that is meant, say so with --allow-empty [NoBundle]
`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestRenderUnreadableMesh: without the facts of the cluster, bundles are not
// judged by wrong ones.
func TestRenderUnreadableMesh(t *testing.T) {
	other := strings.Replace(smallest, "{hosts", "{gateway: partners, hosts", 1) + "---\nspec: {hosts\n"
	unreadable := outcome{Status: 1, Stderr: "-:8:1: must be YAML: did not find expected ',' or '}'; the [ or { that opens here is not closed [InvalidYAML]\n"}
	if diff := cmp.Diff(unreadable, execute(t, "", other, binary, "render", "-")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	mesh := "apiVersion: egressbundle.io/v1alpha1\nkind: EgressMesh\nmetadata: {name: m}\nspec: {gateways: {partners: {port: 1}}}\n---\n"
	got := execute(t, "", mesh+strings.Replace(smallest, "{hosts", "{gateway: partners, hosts", 1), binary, "render", "-")
	want := outcome{Status: 1, Stderr: "-:4:30: spec.gateways.partners.port: is not a field here; the fields are deploy, namespace, ports, selector, service, targetPorts [UnknownField]\n"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestRenderDir: a folder holds what is wanted, and what is not ours stays.
func TestRenderDir(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.yaml"), filepath.Join(dir, "out")
	two := smallest + "    bbc: {via: Sidecar, hosts: [www.bbc.co.uk]}\n"
	writeText(t, in, two)
	writeText(t, filepath.Join(out, "payments", "mine.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: mine}\n")

	succeed(t, dir, "", binary, "render", "-o", out, in)
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
	if diff := cmp.Diff(want, files(t, out)); diff != "" {
		t.Fatalf("files (-want +got):\n%s", diff)
	}

	writeText(t, in, strings.Replace(two, "    cnn: {hosts: [edition.cnn.com]}\n", "", 1))
	succeed(t, dir, "", binary, "render", "-o", out, in)
	want = []string{"payments/mine.yaml", "payments/serviceentry_payments--news--bbc.yaml"}
	if diff := cmp.Diff(want, files(t, out)); diff != "" {
		t.Errorf("files after a destination was removed (-want +got):\n%s", diff)
	}
}

// TestRenderDirRefuses: a file that is not ours is not overwritten, and then
// nothing is written or removed.
func TestRenderDirRefuses(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.yaml"), filepath.Join(dir, "out")
	writeText(t, in, smallest)
	foreign := filepath.Join(out, "payments", "serviceentry_payments--news--cnn.yaml")
	writeText(t, foreign, "apiVersion: v1\nkind: ConfigMap\n")

	got := execute(t, dir, "", binary, "render", "-o", out, in)
	want := outcome{Status: 1, Stderr: foreign + ": is not a file of egressbundle and will not be overwritten; move or remove it, or write to another folder\n"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"payments/serviceentry_payments--news--cnn.yaml"}, files(t, out)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}

	writeText(t, in, strings.Replace(smallest, "edition.cnn.com", "", 1))
	if got := execute(t, dir, "", binary, "render", "-o", out, in); got.Status != 1 {
		t.Errorf("a bundle without hosts was rendered:\n%s", got.Stderr)
	}
}

// TestRenderDirInTheWay: whatever stands where a file of ours must, or on the way to it,
// is neither written nor written through, and all of it is reported at once.
func TestRenderDirInTheWay(t *testing.T) {
	dir := t.TempDir()
	out, elsewhere := filepath.Join(dir, "out"), filepath.Join(dir, "elsewhere")
	writeText(t, filepath.Join(dir, "in.yaml"), smallest)
	succeed(t, dir, "", binary, "render", "-o", "other", "in.yaml")
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
	writeText(t, filepath.Join(dir, rule, "notes.txt"), "a folder")
	link(elsewhere, filepath.Join(out, "istio-system"))
	writeText(t, filepath.Join(elsewhere, "notes.txt"), "not ours")
	before := files(t, dir)
	for _, check := range [][]string{{}, {"--check"}} {
		got := execute(t, dir, "", binary, append([]string{"render", "-o", "out", "in.yaml"}, check...)...)
		want := outcome{Status: 1, Stderr: "out/istio-system: must be a folder, for objects go there, and is none; move or remove it, or write to another folder\n" +
			rule + ": is not a file of egressbundle and will not be overwritten; move or remove it, or write to another folder\n" +
			entry + ": is not a file of egressbundle and will not be overwritten; move or remove it, or write to another folder\n"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", check, diff)
		}
	}
	if diff := cmp.Diff(before, files(t, dir)); diff != "" {
		t.Errorf("files (-before +after):\n%s", diff)
	}

	// What has the name of a temporary file stays as well.
	if err := os.RemoveAll(out); err != nil {
		t.Fatal(err)
	}
	link(filepath.Join(elsewhere, "notes.txt"), filepath.Join(dir, gateway+".tmp"))
	succeed(t, dir, "", binary, "render", "-o", "out", "in.yaml")
	if got := readText(t, filepath.Join(elsewhere, "notes.txt")); got != "not ours" {
		t.Errorf("a link was followed: %s", got)
	}
	want := append(files(t, filepath.Join(dir, "other")), strings.TrimPrefix(gateway, "out/")+".tmp")
	if diff := cmp.Diff(want, files(t, out), sorted); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// TestRenderDirMisplaced: objects of ours that no call would ever change or remove are
// reported, for what applies the folder applies them too.
func TestRenderDirMisplaced(t *testing.T) {
	dir := t.TempDir()
	writeText(t, filepath.Join(dir, "in.yaml"), smallest)
	succeed(t, dir, "", binary, "render", "-o", "out", "in.yaml")
	const entry = "out/payments/serviceentry_payments--news--cnn.yaml"
	text := readText(t, filepath.Join(dir, entry))
	object := "must not hold ServiceEntry payments/payments--news--cnn of egressbundle, whose file in this folder is " + entry + "; remove it from here, for nothing else would\n"
	const others = entry + ": must hold the one document that egressbundle writes, and nothing beside it; move the rest to another file, or remove it\n"
	for name, c := range map[string]struct{ path, text, want string }{
		"a file of another name":    {"out/payments/github.yaml", text, "out/payments/github.yaml: " + object},
		"a file of several objects": {"out/all.yml", configMap + "---\n" + text, "out/all.yml: " + object},
		"its file, and an object":   {entry, text + "---\n" + configMap, others},
		"its file, and a comment":   {entry, "# ours\n---\n" + text, others},
		"a list":                    {"out/list.yaml", "apiVersion: v1\nkind: List\nitems:\n- " + indent(text), "out/list.yaml: " + object},
		"a folder of like name":     {"out/my-payments/serviceentry_payments--news--cnn.yaml", text, "out/my-payments/serviceentry_payments--news--cnn.yaml: " + object},
		"its name in another place": {"out/serviceentry_payments--news--cnn.yaml", text, "out/serviceentry_payments--news--cnn.yaml: " + object},
		"of a bundle that is gone":  {"out/old.yaml", strings.ReplaceAll(text, "cnn", "bbc"), "out/old.yaml: " + strings.ReplaceAll(object, "cnn", "bbc")},
	} {
		writeText(t, filepath.Join(dir, c.path), c.text)
		before := contents(t, dir)
		for _, check := range [][]string{{}, {"--check"}} {
			got := execute(t, dir, "", binary, append([]string{"render", "-o", "out", "in.yaml"}, check...)...)
			if diff := cmp.Diff(outcome{Status: 1, Stderr: c.want}, got); diff != "" {
				t.Errorf("%s %s (-want +got):\n%s", name, check, diff)
			}
		}
		if diff := cmp.Diff(before, contents(t, dir)); diff != "" {
			t.Errorf("%s: files (-before +after):\n%s", name, diff)
		}
		remove(t, filepath.Join(dir, c.path))
		writeText(t, filepath.Join(dir, entry), text)
	}
	writeText(t, filepath.Join(dir, "out/list-of-texts.yaml"), "- a\n")
	writeText(t, filepath.Join(dir, "out/payments/.egressbundle-1/serviceentry_payments--news--cnn.yaml"), text)
	succeed(t, dir, "", binary, "render", "--check", "-o", "out", "in.yaml")
	if got := execute(t, dir, "", binary, "render", "-o", entry, "in.yaml"); got.Status != 1 || !strings.HasPrefix(got.Stderr, entry+": must be a folder") {
		t.Errorf("a file for a folder: %+v", got)
	}
}

// TestRenderDirFails: if one file cannot be written, none is, and nothing is left behind.
func TestRenderDirFails(t *testing.T) {
	dir := t.TempDir()
	writeText(t, filepath.Join(dir, "in.yaml"), smallest)
	succeed(t, dir, "", binary, "render", "-o", "out", "in.yaml")
	var hosts []string
	for i := range 200 {
		hosts = append(hosts, fmt.Sprintf("h%d.example.com", i))
	}
	changed := strings.Replace(smallest, "edition.cnn.com", "www.bbc.co.uk", 1)
	writeText(t, filepath.Join(dir, "in.yaml"), changed+"    many: {via: Sidecar, hosts: ["+strings.Join(hosts, ", ")+"]}\n")
	before := contents(t, dir)
	got := execute(t, dir, "", "sh", "-c", "ulimit -f 4; egressbundle render -o out in.yaml")
	if got.Status != 1 || !strings.Contains(got.Stderr, "file too large") {
		t.Errorf("%+v", got)
	}
	if diff := cmp.Diff(before, contents(t, dir)); diff != "" {
		t.Errorf("files (-before +after):\n%s", diff)
	}
}

// files returns the files below a folder.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestOtherCommands: help and the schema go to standard output; a wrong command
// line fails with a message.
func TestOtherCommands(t *testing.T) {
	for _, c := range []struct {
		args   []string
		status int
		stdout string // what it starts with
		stderr string // what it holds
	}{
		{args: []string{"--help"}, stdout: "# egressbundle\n\n## Overview\n"},
		{args: []string{"version"}, stdout: "egressbundle "},
		{args: []string{"schema"}, stdout: "{\n  \"$schema\""},
		{args: []string{"schema", "EgressMesh"}, stdout: "{\n  \"$schema\""},
		{args: []string{"schema", "Pod"}, status: 1, stderr: `"Pod"`},
		{args: []string{"render"}, status: 1, stderr: "requires at least 1 arg"},
		{args: []string{"render", "--check", "bundle.yaml"}, status: 1, stderr: "--check needs -o DIR"},
		{args: []string{"render", "-o", "", "bundle.yaml"}, status: 1, stderr: "-o needs the name of a folder"},
		{args: []string{"render", "no-such-file"}, status: 1, stderr: "no-such-file"},
		{args: []string{"paint"}, status: 1, stderr: `"paint"`},
	} {
		got := execute(t, "", "", binary, c.args...)
		if got.Status != c.status || !strings.HasPrefix(got.Stdout, c.stdout) || !strings.Contains(got.Stderr, c.stderr) || (c.stderr == "") != (got.Stderr == "") {
			t.Errorf("%q: got %+v", c.args, got)
		}
	}
}

// TestRenderNothing: a call without a bundle fails, and leaves the folder alone.
func TestRenderNothing(t *testing.T) {
	dir := t.TempDir()
	in, mesh, out := filepath.Join(dir, "in.yaml"), filepath.Join(dir, "mesh.yaml"), filepath.Join(dir, "out")
	writeText(t, in, smallest)
	writeText(t, mesh, "apiVersion: egressbundle.io/v1alpha1\nkind: EgressMesh\nmetadata: {name: m}\nspec: {}\n")
	succeed(t, dir, "", binary, "render", "-o", out, in)
	before := files(t, out)

	got := execute(t, dir, "", binary, "render", "-o", out, mesh)
	want := outcome{Status: 1, Stderr: "there must be an EgressBundle, and there is none; if that is meant, say so with --allow-empty [NoBundle]\n"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, files(t, out)); diff != "" {
		t.Errorf("files (-before +after):\n%s", diff)
	}
}

// TestRenderAllowEmpty: with the last bundle its objects go, if the user says so, and
// nothing else.
func TestRenderAllowEmpty(t *testing.T) {
	dir := t.TempDir()
	writeText(t, filepath.Join(dir, "bundles/news.yaml"), smallest)
	writeText(t, filepath.Join(dir, "bundles/settings.yaml"), settings)
	succeed(t, dir, "", binary, "render", "-o", "out", "bundles")
	writeText(t, filepath.Join(dir, "out/payments/mine.yaml"), settings)
	remove(t, filepath.Join(dir, "bundles/news.yaml"))

	args := []string{"render", "--allow-empty", "-o", "out", "bundles"}
	if got := execute(t, dir, "", binary, append(args, "--check")...); got.Status != 1 || !strings.Contains(got.Stderr, "in 7 files") {
		t.Errorf("--check: %+v", got)
	}
	succeed(t, dir, "", binary, args...)
	if diff := cmp.Diff([]string{"payments/mine.yaml"}, files(t, filepath.Join(dir, "out"))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	succeed(t, dir, "", binary, append(args, "--check")...)
	if got := execute(t, dir, "", binary, "render", "--allow-empty", "none"); got.Status != 1 {
		t.Errorf("without the folder: %+v", got)
	}
}

// TestRenderDirLeavesOthers: files of another call in a folder inside the folder
// stay, and so do those that a link leads to.
func TestRenderDirLeavesOthers(t *testing.T) {
	dir := t.TempDir()
	in, out, link := filepath.Join(dir, "in.yaml"), filepath.Join(dir, "out"), filepath.Join(dir, "link")
	writeText(t, in, strings.Replace(smallest, "payments", "search", 1))
	other := filepath.Join(out, "other")
	succeed(t, dir, "", binary, "render", "-o", other, in)
	others := files(t, other)
	writeText(t, in, smallest)
	succeed(t, dir, "", binary, "render", "-o", out, in)
	if diff := cmp.Diff(others, files(t, other)); diff != "" {
		t.Errorf("files of another call (-before +after):\n%s", diff)
	}
	deployed := smallest + "  mesh: {gateways: {istio-egressgateway: {deploy: {}}}}\n"
	writeText(t, in, strings.Replace(deployed, "payments", "search", 1))
	succeed(t, dir, "", binary, "render", "-o", other, in)
	writeText(t, in, deployed)
	succeed(t, dir, "", binary, "render", "-o", out, in) // Both make the gateway, as it must be.

	writeText(t, in, smallest)
	succeed(t, dir, "", binary, "render", "-o", out, in)
	succeed(t, dir, "", binary, "render", "-o", other, in)
	if got := execute(t, dir, "", binary, "render", "--check", "-o", out, in); got.Status != 1 || strings.Count(got.Stderr, other+"/") != len(newsFiles) {
		t.Errorf("objects that stand twice: %+v", got)
	}
	if err := os.RemoveAll(other); err != nil {
		t.Fatal(err)
	}

	if err := os.Symlink(out, link); err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(out, "payments", "serviceentry_payments--news--cnn.yaml")
	writeText(t, foreign, "apiVersion: v1\nkind: ConfigMap\n")
	if got := execute(t, dir, "", binary, "render", "-o", link, in); got.Status != 1 {
		t.Errorf("a file that is not ours was overwritten through a link: %+v", got)
	}
	if err := os.Remove(foreign); err != nil {
		t.Fatal(err)
	}
	if got := succeed(t, dir, "", binary, "render", link+"/../in.yaml"); got == "" {
		t.Error("nothing was rendered")
	}
}

// TestRenderLinkedFolder: a link to a folder is not followed. Bundles behind it that
// stand under no other path are reported, or they would be taken for gone.
func TestRenderLinkedFolder(t *testing.T) {
	dir := t.TempDir()
	writeText(t, filepath.Join(dir, "bundles/news.yaml"), smallest)
	writeText(t, filepath.Join(dir, "team/deep/web.yaml"), strings.Replace(smallest, "news", "web", 1))
	writeText(t, filepath.Join(dir, "team/.cache/web.yaml"), smallest)
	writeText(t, filepath.Join(dir, "charts/chart.yaml"), "{{ no YAML }}")
	for link, to := range map[string]string{"team": "../team", "charts": "../charts", "self": "."} {
		if err := os.Symlink(to, filepath.Join(dir, "bundles", link)); err != nil {
			t.Fatal(err)
		}
	}
	got := execute(t, dir, "", binary, "render", "bundles")
	want := outcome{Status: 1, Stderr: "bundles/team:1:1: must be a folder, and is a link to one, which is not followed although bundles/team/deep/web.yaml is of egressbundle; name the target of the link as a PATH too [UnreadableFile]\n"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	both := succeed(t, dir, "", binary, "render", "bundles", "team")
	if diff := cmp.Diff(succeed(t, dir, "", binary, "render", "bundles/news.yaml", "team"), both); diff != "" {
		t.Errorf("(-files +folders):\n%s", diff)
	}
}

// TestRenderNeighbors: objects of others may stand in a path of their own.
func TestRenderNeighbors(t *testing.T) {
	dir := t.TempDir()
	writeText(t, filepath.Join(dir, "news.yaml"), smallest)
	const entry = "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: own, namespace: payments}\nspec: {hosts: [own.example.com]}\n"
	writeText(t, filepath.Join(dir, "istio/own.yaml"), entry)
	want := succeed(t, dir, "", binary, "render", "news.yaml")
	if diff := cmp.Diff(want, succeed(t, dir, "", binary, "render", "news.yaml", "istio")); diff != "" {
		t.Errorf("(-alone +beside):\n%s", diff)
	}
}

// TestRenderMissingFile: what cannot be read is a problem like any other.
func TestRenderMissingFile(t *testing.T) {
	dir := t.TempDir()
	writeText(t, filepath.Join(dir, "bad.yaml"), strings.Replace(smallest, "edition.cnn.com", "localhost", 1))
	got := execute(t, dir, "", binary, "render", "none.yaml", "bad.yaml")
	if got.Status != 1 || !strings.Contains(got.Stderr, "[InvalidValue]\n") ||
		!strings.HasSuffix(got.Stderr, "none.yaml:1:1: must be readable: no such file or directory [UnreadableFile]\n") {
		t.Errorf("got %+v", got)
	}
}

// TestRenderCheck: --check succeeds in silence on what render -o wrote, fails with a
// diff on everything else, and never writes.
func TestRenderCheck(t *testing.T) {
	dir := t.TempDir()
	writeText(t, filepath.Join(dir, "in.yaml"), smallest)
	check := []string{"render", "--check", "-o", "out", "in.yaml"}
	if got := execute(t, dir, "", binary, check...); got.Status != 1 || !strings.Contains(got.Stdout, "--- /dev/null\n+++ out/istio-system/gateway_") {
		t.Errorf("without the folder: %+v", got)
	}
	if len(files(t, dir)) != 1 {
		t.Errorf("--check wrote %s", files(t, dir))
	}
	succeed(t, dir, "", binary, "render", "-o", "out", "in.yaml")
	if got := succeed(t, dir, "", binary, check...); got != "" {
		t.Errorf("as written, it prints:\n%s", got)
	}

	const entry = "out/payments/serviceentry_payments--news--cnn.yaml"
	text := readText(t, filepath.Join(dir, entry))
	writeText(t, filepath.Join(dir, entry), strings.Replace(text, "- edition.cnn.com", "- evil.example.com", 1))
	writeText(t, filepath.Join(dir, "out/notes.yaml"), "not: ours\n")
	stale := strings.ReplaceAll(text, "payments--news--cnn", "payments--news--bbc")
	writeText(t, filepath.Join(dir, "out/payments/serviceentry_payments--news--bbc.yaml"), stale)
	before := contents(t, dir)
	got := execute(t, dir, "", binary, check...)
	compareGolden(t, "testdata/check/diff.txt", got.Stdout)
	const want = "out: is not what the bundles say, in 2 files; write it again, with the same command without --check\n"
	if got.Status != 1 || got.Stderr != want {
		t.Errorf("status %d, standard error:\n%s", got.Status, got.Stderr)
	}
	if diff := cmp.Diff(before, contents(t, dir)); diff != "" {
		t.Errorf("files (-before +after):\n%s", diff)
	}
}
