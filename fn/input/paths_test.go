// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package input

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/fn/internal/fntest"
)

// TestRenderInputs: files, folders and standard input give the same objects, in
// whatever order they are named.
func TestRenderInputs(t *testing.T) {
	dir := t.TempDir()
	other := strings.ReplaceAll(strings.ReplaceAll(fntest.Smallest, "payments", "search"), "cnn", "bbc")
	fntest.WriteText(t, filepath.Join(dir, "a", "news.yaml"), fntest.Smallest)
	fntest.WriteText(t, filepath.Join(dir, "b", "other.yml"), other)
	fntest.WriteText(t, filepath.Join(dir, "b", "deployment.yaml"), "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n")
	fntest.WriteText(t, filepath.Join(dir, "b", "notes.txt"), "not: [yaml")
	fntest.WriteText(t, filepath.Join(dir, "b", "tsconfig.json"), "{\n\t// of TypeScript\n\t\"compilerOptions\": {}\n}\n")
	fntest.WriteText(t, filepath.Join(dir, ".git", "news.yaml"), "not: [yaml")

	want := fntest.Succeed(t, dir, "", fntest.Program, "render", "a/news.yaml", "b/other.yml")
	for _, c := range []struct {
		name, stdin string
		args        []string
	}{
		{name: "folder", stdin: "", args: []string{"."}},
		{name: "folders", stdin: "", args: []string{"b", "a"}},
		{name: "standard input", stdin: fntest.Smallest + "---\n" + other, args: []string{"-"}},
		{name: "standard input and file", stdin: fntest.Smallest, args: []string{"-", "b"}},
	} {
		got := fntest.Succeed(t, dir, c.stdin, fntest.Program, append([]string{"render"}, c.args...)...)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// TestRenderFileNames: YAML and JSON are read under the names that others give them.
func TestRenderFileNames(t *testing.T) {
	const document = `{"apiVersion": "egressbundle.io/v1alpha1", "kind": "EgressBundle", ` +
		`"metadata": {"name": "news", "namespace": "payments"}, "spec": {"destinations": {"cnn": {"hosts": ["edition.cnn.com"]}}}}`
	want := fntest.Succeed(t, "", fntest.Smallest, fntest.Program, "render", "-")
	for _, name := range []string{"a.yaml", "a.yml", "a.json", "a.YAML", "a.Yml", "a.JSON"} {
		dir := t.TempDir()
		fntest.WriteText(t, filepath.Join(dir, "team", name), document)
		if diff := cmp.Diff(want, fntest.Succeed(t, dir, "", fntest.Program, "render", "team")); diff != "" {
			t.Errorf("%s (-standard input +file):\n%s", name, diff)
		}
	}
}

// TestRenderOddFiles: what is no file may never end. In a folder it is refused, and so is a
// device wherever; a pipe that the user names is read, as of <(PROGRAM).
func TestRenderOddFiles(t *testing.T) {
	dir := t.TempDir()
	fntest.WriteText(t, filepath.Join(dir, "team/news.yaml"), fntest.Smallest)
	if err := os.Symlink("/dev/zero", filepath.Join(dir, "team/zero.yaml")); err != nil {
		t.Fatal(err)
	}
	for _, pipe := range []string{"team/pipe.yaml", "team/pipe", "behind/pipe.yaml", "named"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, pipe)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mkfifo(filepath.Join(dir, pipe), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../behind", filepath.Join(dir, "team/behind")); err != nil {
		t.Fatal(err)
	}
	const remedy = "; remove it, or rename it so that it does not end in .yaml, .yml or .json [UnreadableFile]\n"
	got := fntest.Execute(t, dir, "", fntest.Program, "render", "/dev/zero", "team")
	want := fntest.Outcome{Status: 1, Stderr: "" +
		"/dev/zero:1:1: must be a file, and is a device; for standard input, write - [UnreadableFile]\n" +
		"team/pipe.yaml:1:1: must be a file, and is a named pipe" + remedy +
		"team/zero.yaml:1:1: must be a file, and is a device" + remedy}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	written := make(chan error)
	go func() { written <- os.WriteFile(filepath.Join(dir, "named"), []byte(fntest.Smallest), 0) }()
	if diff := cmp.Diff(
		fntest.Succeed(t, dir, "", fntest.Program, "render", "team/news.yaml"),
		fntest.Succeed(t, dir, "", fntest.Program, "render", "named"),
	); diff != "" {
		t.Errorf("(-file +pipe):\n%s", diff)
	}
	if err := <-written; err != nil {
		t.Error(err)
	}
}

// TestRenderFails: every problem of every file, and nothing on standard output.
func TestRenderFails(t *testing.T) {
	dir := t.TempDir()
	fntest.WriteText(t, filepath.Join(dir, "a.yaml"), strings.Replace(fntest.Smallest, "edition.cnn.com", "1.10, 10.0.0.1", 1))
	fntest.WriteText(t, filepath.Join(dir, "b.yaml"), strings.Replace(fntest.Smallest, "{hosts", "{gateway: partners, hosts", 1))
	fntest.WriteText(t, filepath.Join(dir, "d.yaml"), "apiVersion: v1\nkind: ConfigMap\n")
	fntest.WriteText(t, filepath.Join(dir, "empty.yaml"), "")

	got := fntest.Execute(t, dir, "", fntest.Program, "render", "a.yaml", "b.yaml", "d.yaml", "empty.yaml")
	want := fntest.Outcome{Status: 1, Stderr: `a.yaml:6:19: spec.destinations.cnn.hosts[0]: ` +
		`must be a fully qualified domain name in lower case, such as "api.example.com", ` +
		`or "*.example.com" for every name below it, without address, port or path, ` +
		`of at most 63 characters between two dots and 253 in all, got the number 1.10 [InvalidValue]
a.yaml:6:25: spec.destinations.cnn.hosts[1]: must be a fully qualified domain name in lower case, ` +
		`such as "api.example.com", or "*.example.com" for every name below it, without address, port or path, ` +
		`of at most 63 characters between two dots and 253 in all, got "10.0.0.1"; an address is called with addresses, and endpoints lead there: ` +
		`{hosts: [legacy.example.com], addresses: [203.0.113.7], endpoints: [{address: 203.0.113.7}], ports: [{port: 80, pattern: HTTP}]}; ` +
		`the host is what its server gets to see of requests, and TLS that applications open to an address has the pattern TCP [InvalidValue]
b.yaml:6:20: spec.destinations.cnn.gateway: must name one of the gateways of the mesh (istio-egressgateway), got "partners" [UnknownGateway]
d.yaml:1:1: must hold an EgressBundle (apiVersion: egressbundle.io/v1alpha1), and holds none; ` +
		`if that is meant, say so with --allow-empty [NoBundle]
empty.yaml:1:1: must hold an EgressBundle (apiVersion: egressbundle.io/v1alpha1), and holds none; ` +
		`if that is meant, say so with --allow-empty [NoBundle]
`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestRenderUnreadableMesh: without the facts of the cluster, bundles are not
// judged by wrong ones.
func TestRenderUnreadableMesh(t *testing.T) {
	other := strings.Replace(fntest.Smallest, "{hosts", "{gateway: partners, hosts", 1) + "---\nspec: {hosts\n"
	unreadable := fntest.Outcome{Status: 1, Stderr: "-:8:1: must be YAML: did not find expected ',' or '}'; " +
		"the [ or { that opens here is not closed [InvalidYAML]\n"}
	if diff := cmp.Diff(unreadable, fntest.Execute(t, "", other, fntest.Program, "render", "-")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	mesh := "apiVersion: egressbundle.io/v1alpha1\nkind: EgressMesh\nmetadata: {name: m}\nspec: {gateways: {partners: {port: 1}}}\n---\n"
	got := fntest.Execute(t, "", mesh+strings.Replace(fntest.Smallest, "{hosts", "{gateway: partners, hosts", 1),
		fntest.Program, "render", "-")
	want := fntest.Outcome{Status: 1, Stderr: "-:4:30: spec.gateways.partners.port: is not a field here; " +
		"its ports are those of its Service: ports: {http: 80, tls: 443} [UnknownField]\n"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestRenderLinkedFolder: a link to a folder is not followed. Bundles behind it that
// stand under no other path are reported, or they would be taken for gone.
func TestRenderLinkedFolder(t *testing.T) {
	dir := t.TempDir()
	fntest.WriteText(t, filepath.Join(dir, "bundles/news.yaml"), fntest.Smallest)
	fntest.WriteText(t, filepath.Join(dir, "team/deep/web.yaml"), strings.Replace(fntest.Smallest, "news", "web", 1))
	fntest.WriteText(t, filepath.Join(dir, "team/.cache/web.yaml"), fntest.Smallest)
	fntest.WriteText(t, filepath.Join(dir, "charts/chart.yaml"), "{{ no YAML }}")
	for link, to := range map[string]string{"team": "../team", "charts": "../charts", "self": "."} {
		if err := os.Symlink(to, filepath.Join(dir, "bundles", link)); err != nil {
			t.Fatal(err)
		}
	}
	got := fntest.Execute(t, dir, "", fntest.Program, "render", "bundles")
	want := fntest.Outcome{Status: 1, Stderr: "bundles/team:1:1: must be a folder, and is a link to one, " +
		"which is not followed although bundles/team/deep/web.yaml is of egressbundle; " +
		"name the target of the link as a PATH too [UnreadableFile]\n"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	both := fntest.Succeed(t, dir, "", fntest.Program, "render", "bundles", "team")
	if diff := cmp.Diff(fntest.Succeed(t, dir, "", fntest.Program, "render", "bundles/news.yaml", "team"), both); diff != "" {
		t.Errorf("(-files +folders):\n%s", diff)
	}
}

// TestRenderNeighbors: objects of others may stand in a path of their own.
func TestRenderNeighbors(t *testing.T) {
	dir := t.TempDir()
	fntest.WriteText(t, filepath.Join(dir, "news.yaml"), fntest.Smallest)
	const entry = "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\n" +
		"metadata: {name: own, namespace: payments}\nspec: {hosts: [own.example.com]}\n"
	fntest.WriteText(t, filepath.Join(dir, "istio/own.yaml"), entry)
	want := fntest.Succeed(t, dir, "", fntest.Program, "render", "news.yaml")
	if diff := cmp.Diff(want, fntest.Succeed(t, dir, "", fntest.Program, "render", "news.yaml", "istio")); diff != "" {
		t.Errorf("(-alone +beside):\n%s", diff)
	}
}

// TestRenderMissingFile: what cannot be read is a problem like any other.
func TestRenderMissingFile(t *testing.T) {
	dir := t.TempDir()
	fntest.WriteText(t, filepath.Join(dir, "bad.yaml"), strings.Replace(fntest.Smallest, "edition.cnn.com", "localhost", 1))
	got := fntest.Execute(t, dir, "", fntest.Program, "render", "none.yaml", "bad.yaml")
	if got.Status != 1 || !strings.Contains(got.Stderr, "[InvalidValue]\n") ||
		!strings.HasSuffix(got.Stderr, "none.yaml:1:1: must be readable: no such file or directory [UnreadableFile]\n") {
		t.Errorf("got %+v", got)
	}
}
