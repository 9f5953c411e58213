// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/fn/internal/fntest"
)

// meshElsewhere is an EgressMesh whose gateway stands in a namespace of its own.
const meshElsewhere = `apiVersion: egressbundle.io/v1alpha1
kind: EgressMesh
metadata: {name: production}
spec:
  outboundTrafficPolicy: REGISTRY_ONLY
  gateways:
    istio-egressgateway: {namespace: egress}
`

// writeFleet writes a repository with a mesh above the bundle of a team, which is a kustomization
// as well, and enters it.
func writeFleet(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		".git/HEAD":                        "ref: refs/heads/main\n",
		"fleet/mesh.yaml":                  meshElsewhere,
		"fleet/team/news.yaml":             fntest.Smallest,
		"fleet/team/kustomization.yaml":    "resources: [news.yaml]\n",
		"fleet/overlay/kustomization.yaml": "resources: [../team]\n",
		"fleet/both/kustomization.yaml":    "resources: [../team, mesh.yaml]\n",
		"fleet/both/mesh.yaml":             meshElsewhere,
	} {
		fntest.WriteText(t, filepath.Join(dir, name), text)
	}
	t.Chdir(filepath.Join(dir, "fleet"))
}

// runHere runs the command.
func runHere(stdin string, args ...string) fntest.Outcome {
	var stdout, stderr strings.Builder
	status := Run(args, strings.NewReader(stdin), &stdout, &stderr)
	return fntest.Outcome{Status: status, Stdout: stdout.String(), Stderr: stderr.String()}
}

// TestMesh: every command does with an EgressMesh from elsewhere what it does with one among its
// files.
func TestMesh(t *testing.T) {
	writeFleet(t)
	for _, args := range []string{
		"render PATH", "render --report PATH", "build DIR", "explain -o json https://edition.cnn.com PATH", "runbook PATH",
		"runbook --build DIR", "smoke PATH", "patch PATH",
	} {
		with := func(path, dir string) []string {
			return strings.Fields(strings.NewReplacer("PATH", path, "DIR", dir).Replace(args))
		}
		want := runHere("", with("mesh.yaml team", "both")...)
		for _, mesh := range []string{"mesh.yaml", "./../fleet/mesh.yaml"} {
			got := runHere("", append(with("team", "overlay"), "--mesh", mesh)...)
			if diff := cmp.Diff(want, got); diff != "" || got.Status != 0 || got.Stdout == "" {
				t.Errorf("%s: %d (-among +elsewhere):\n%s", args, got.Status, diff)
			}
		}
		wrong := runHere("", append(with("team", "overlay"), "--mesh", "missing.yaml")...)
		if wrong.Status != 1 || wrong.Stdout != "" || wrong.Stderr != "missing.yaml:1:1: must be readable: no such file or directory [UnreadableFile]\n" {
			t.Errorf("%s: %+v", args, wrong)
		}
	}
	fntest.WriteText(t, "team/mesh.yaml", meshElsewhere)
	for _, args := range []string{"render --mesh team/mesh.yaml team", "render --mesh ./mesh.yaml mesh.yaml team/news.yaml"} {
		if got := runHere("", strings.Fields(args)...); got.Status != 0 || got.Stderr != "" {
			t.Errorf("%s, where it lies among the files: %+v", args, got)
		}
	}
}

// TestMeshOfStandardInput: it is read once, also where two states are rendered.
func TestMeshOfStandardInput(t *testing.T) {
	writeFleet(t)
	for _, args := range []string{"render team", "render team --report --since team", "build overlay"} {
		got := runHere(meshElsewhere, append(strings.Fields(args), "--mesh", "-")...)
		if got.Status != 0 || got.Stderr != "" || got.Stdout == "" {
			t.Errorf("%s: %+v", args, got)
		}
	}
}

// TestMeshRefused: there is one EgressMesh, and the file that is named holds that alone.
func TestMeshRefused(t *testing.T) {
	writeFleet(t)
	fntest.WriteText(t, "second.yaml", meshElsewhere)
	fntest.WriteText(t, "all.yaml", meshElsewhere+"---\n"+fntest.Smallest)
	fntest.WriteText(t, "others.yaml", "kind: ConfigMap\n")
	fntest.WriteText(t, "inline/bundle.yaml", strings.Replace(fntest.Smallest, "spec:\n", "spec:\n  mesh: {}\n", 1))
	for args, want := range map[string]string{
		"--mesh second.yaml team mesh.yaml": "mesh.yaml:2:7: kind: must stand only once: the facts of the cluster stand in " +
			"EgressMesh production (second.yaml:2:7) already [DuplicateMesh]\n",
		"--mesh mesh.yaml inline": "inline/bundle.yaml:5:9: spec.mesh: must not be set where an EgressMesh states the facts of the cluster; " +
			"remove it [DuplicateMesh]\n",
		"--mesh all.yaml team": "all.yaml:1:1: must hold an EgressMesh alone where --mesh names it, and holds EgressBundle payments/news too; " +
			"name the file as a PATH, or move one of the two to another file [MeshFile]\n",
		"--mesh others.yaml team": "others.yaml:1:1: must hold an EgressMesh (apiVersion: egressbundle.io/v1alpha1), and holds none [MeshFile]\n",
		"team --mesh team":        "team:1:1: must be a file, and is a folder [UnreadableFile]\n",
	} {
		got := runHere("", append([]string{"render"}, strings.Fields(args)...)...)
		if diff := cmp.Diff(fntest.Outcome{Status: 1, Stderr: want}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", args, diff)
		}
	}
}

// unread is the warning that an EgressMesh was not read.
func unread(at, file string) string {
	return at + ": warning: spec.mesh: is missing, and the EgressMesh in " + file + " is not read, so the objects are for a standard " +
		"installation of Istio; read it too, by --mesh " + file + ", or write mesh: {} if the installation is a standard one [UnreadMesh]\n"
}

// TestUnreadMesh: who leaves an EgressMesh away that is for the bundles hears of it, and nobody else
// does.
func TestUnreadMesh(t *testing.T) {
	for name, c := range map[string]struct {
		args   string
		change func(t *testing.T)
		want   string
	}{
		"above":           {args: "render team", want: unread("team/news.yaml:4:1", "mesh.yaml")},
		"above, one file": {args: "render team/news.yaml", want: unread("team/news.yaml:4:1", "mesh.yaml")},
		"from within":     {args: "render .", change: func(t *testing.T) { t.Chdir("team") }, want: unread("news.yaml:4:1", "../mesh.yaml")},
		"beside":          {args: "render team/news.yaml", change: func(t *testing.T) { fntest.WriteText(t, "team/mesh.yaml", meshElsewhere) }, want: unread("team/news.yaml:4:1", "team/mesh.yaml")},
		"standard input":  {args: "render -", want: unread("-:4:1", "mesh.yaml")},
		"a build":         {args: "build overlay", want: unread("team/news.yaml:4:1", "mesh.yaml")},
		"beside a build": {args: "build overlay", change: func(t *testing.T) {
			fntest.WriteText(t, "overlay/mesh.yaml", meshElsewhere)
			fntest.Remove(t, "mesh.yaml")
		}, want: unread("team/news.yaml:4:1", "overlay/mesh.yaml")},
		"explain":            {args: "explain https://edition.cnn.com team", want: unread("team/news.yaml:4:1", "mesh.yaml")},
		"patch":              {args: "patch team", want: unread("team/news.yaml:4:1", "mesh.yaml")},
		"runbook":            {args: "runbook team", want: unread("team/news.yaml:4:1", "mesh.yaml")},
		"smoke":              {args: "smoke team", want: unread("team/news.yaml:4:1", "mesh.yaml")},
		"read":               {args: "render mesh.yaml team"},
		"of the whole fleet": {args: "render .", change: func(t *testing.T) { fntest.Remove(t, "both/mesh.yaml") }},
		"given":              {args: "render team --mesh mesh.yaml"},
		"said inline": {args: "render team", change: func(t *testing.T) {
			fntest.WriteText(t, "team/news.yaml", strings.Replace(fntest.Smallest, "spec:\n", "spec:\n  mesh: {}\n", 1))
		}},
		"acknowledged": {args: "render team", change: func(t *testing.T) {
			fntest.WriteText(t, "team/news.yaml", strings.Replace(fntest.Smallest, "payments}",
				"payments, annotations: {egressbundle.io/acknowledge-UnreadMesh: of a test cluster}}", 1))
		}},
		"in another folder": {args: "render team", change: func(t *testing.T) {
			fntest.WriteText(t, "clusters/mesh.yaml", meshElsewhere)
			fntest.Remove(t, "mesh.yaml")
		}},
		"not even in a repository": {args: "render team", change: func(t *testing.T) { fntest.Remove(t, "../.git/HEAD"); fntest.Remove(t, "../.git") }},
		"hidden": {args: "render team", change: func(t *testing.T) {
			fntest.WriteText(t, ".mesh.yaml", meshElsewhere)
			fntest.Remove(t, "mesh.yaml")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			writeFleet(t)
			if c.change != nil {
				c.change(t)
			}
			got := runHere(fntest.Smallest, strings.Fields(c.args)...)
			if diff := cmp.Diff(c.want, withoutAllowAny(got.Stderr)); diff != "" || got.Status != 0 || got.Stdout == "" {
				t.Errorf("status %d (-want +got):\n%s", got.Status, diff)
			}
		})
	}
}

// TestUnreadMeshExplains: it stands beside the errors that it may be the reason of.
func TestUnreadMeshExplains(t *testing.T) {
	writeFleet(t)
	fntest.WriteText(t, "team/news.yaml", strings.Replace(fntest.Smallest, "{hosts", "{gateway: partners, hosts", 1))
	got := runHere("", "render", "team")
	if got.Status != 1 || !strings.HasPrefix(got.Stderr, unread("team/news.yaml:4:1", "mesh.yaml")) || !strings.HasSuffix(got.Stderr, "[UnknownGateway]\n") {
		t.Errorf("got %+v", got)
	}
}

// withoutAllowAny leaves out the warning that every standard installation gets.
func withoutAllowAny(stderr string) string {
	var kept strings.Builder
	for line := range strings.Lines(stderr) {
		if !strings.HasSuffix(line, "[AllowAny]\n") {
			kept.WriteString(line)
		}
	}
	return kept.String()
}
