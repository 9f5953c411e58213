// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/fn/internal/fntest"
)

// TestRenderGoldens: the program prints what the library gives.
func TestRenderGoldens(t *testing.T) {
	for _, in := range fntest.Glob(t, "../../testdata/render/*/*/in.yaml") {
		want := fntest.ReadText(t, filepath.Join(filepath.Dir(in), "out.yaml"))
		if diff := cmp.Diff(want, fntest.Succeed(t, "", "", fntest.Program, "render", in)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", in, diff)
		}
	}
}

// TestExamples keeps the rendered output of each example true.
func TestExamples(t *testing.T) {
	for _, bundle := range fntest.Glob(t, "../../examples/*/bundle.yaml") {
		rendered := fntest.Succeed(t, "", "", fntest.Program, "render", bundle)
		fntest.CompareGolden(t, filepath.Join(filepath.Dir(bundle), "rendered.yaml"), rendered)
	}
}

// TestReport keeps the reports of an example true, for people and for machines. With -o the
// objects are written all the same.
func TestReport(t *testing.T) {
	const example = "../../examples/closed-path"
	for flag, golden := range map[string]string{"--report": "report.md", "--report=json": "report.json"} {
		report := fntest.Succeed(t, example, "", fntest.Program, "render", flag, "bundle.yaml")
		fntest.CompareGolden(t, filepath.Join(example, golden), report)

		dir := t.TempDir()
		again := fntest.Succeed(t, example, "", fntest.Program, "render", flag, "-o", dir, "bundle.yaml")
		if diff := cmp.Diff(report, again); diff != "" {
			t.Errorf("with -o (-without +with):\n%s", diff)
		}
		if _, err := os.Stat(filepath.Join(dir, "payments", "sidecar_egressbundle.yaml")); err != nil {
			t.Error(err)
		}
	}
}

// TestRenderNothing: a call without a bundle fails, and leaves the folder alone.
func TestRenderNothing(t *testing.T) {
	dir := t.TempDir()
	in, mesh, out := filepath.Join(dir, "in.yaml"), filepath.Join(dir, "mesh.yaml"), filepath.Join(dir, "out")
	fntest.WriteText(t, in, fntest.Smallest)
	fntest.WriteText(t, mesh, "apiVersion: egressbundle.io/v1alpha1\nkind: EgressMesh\nmetadata: {name: m}\nspec: {}\n")
	fntest.Succeed(t, dir, "", fntest.Program, "render", "-o", out, in)
	before := fntest.Files(t, out)

	got := fntest.Execute(t, dir, "", fntest.Program, "render", "-o", out, mesh)
	want := fntest.Outcome{Status: 1, Stderr: "there must be an EgressBundle, and there is none; " +
		"if that is meant, say so with --allow-empty [NoBundle]\n"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, fntest.Files(t, out)); diff != "" {
		t.Errorf("files (-before +after):\n%s", diff)
	}
}

// TestRenderAllowEmpty: with the last bundle its objects go, if the user says so, and
// nothing else.
func TestRenderAllowEmpty(t *testing.T) {
	dir := t.TempDir()
	fntest.WriteText(t, filepath.Join(dir, "bundles/news.yaml"), fntest.Smallest)
	fntest.WriteText(t, filepath.Join(dir, "bundles/settings.yaml"), fntest.Settings)
	fntest.Succeed(t, dir, "", fntest.Program, "render", "-o", "out", "bundles")
	fntest.WriteText(t, filepath.Join(dir, "out/payments/mine.yaml"), fntest.Settings)
	fntest.Remove(t, filepath.Join(dir, "bundles/news.yaml"))

	args := []string{"render", "--allow-empty", "-o", "out", "bundles"}
	if got := fntest.Execute(t, dir, "", fntest.Program, append(args, "--check")...); got.Status != 3 ||
		!strings.Contains(got.Stderr, "in 7 files") {
		t.Errorf("--check: %+v", got)
	}
	fntest.Succeed(t, dir, "", fntest.Program, args...)
	if diff := cmp.Diff([]string{"payments/mine.yaml"}, fntest.Files(t, filepath.Join(dir, "out"))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	fntest.Succeed(t, dir, "", fntest.Program, append(args, "--check")...)
	if got := fntest.Execute(t, dir, "", fntest.Program, "render", "--allow-empty", "none"); got.Status != 1 {
		t.Errorf("without the folder: %+v", got)
	}
}

// talks is the warning of a bundle whose requests leave with a header of the gateway.
func talks(file string) string {
	return file + `:8:7: warning: spec.destinations.bank: sends HTTP requests out of gateway "istio-egressgateway" with the header ` +
		`X-Envoy-Original-Host, which names the bundle and its namespace: apply what ` + "`egressbundle patch`" +
		` prints for the gateway, then set proxyHeaders: Disabled for it in the mesh (1 more, next: spec.destinations.bank of EgressBundle search/news (b.yaml:8:7)) [ProxyHeaders]` + "\n"
}

// TestWarnings: what the user should know stands on standard error, once for all
// bundles, and does not keep the objects from being written.
func TestWarnings(t *testing.T) {
	dir := t.TempDir()
	fntest.WriteText(t, filepath.Join(dir, "a.yaml"), fntest.BypassBundle)
	fntest.WriteText(t, filepath.Join(dir, "b.yaml"), strings.ReplaceAll(fntest.BypassBundle, "payments", "search"))
	var stdout, stderr bytes.Buffer
	t.Chdir(dir)
	if status := Run([]string{"render", "a.yaml", "b.yaml"}, strings.NewReader(""), &stdout, &stderr); status != 0 || stdout.Len() == 0 {
		t.Errorf("status %d and %d bytes of objects", status, stdout.Len())
	}
	want := `a.yaml:4:1: warning: spec.mesh.outboundTrafficPolicy: is ALLOW_ANY: workloads reach every host, ` +
		`declared or not, so bundles restrict nobody; set it to REGISTRY_ONLY in the configuration of the mesh, ` +
		`and here, or set spec.enforce.registryOnly of the bundle` +
		` (1 more, next: spec.mesh.outboundTrafficPolicy of EgressBundle search/news (b.yaml:4:1)) [AllowAny]
` + talks("a.yaml") + `warning: the Deployment istio-egressgateway in namespace istio-system needs a patch, which no object is; ` +
		`see egressbundle patch --help [NeedsPatch]
warning: the workloads in namespace payments need a patch, which no object is; see egressbundle patch --help [NeedsPatch]
warning: the workloads in namespace search need a patch, which no object is; see egressbundle patch --help [NeedsPatch]
`
	if diff := cmp.Diff(want, stderr.String()); diff != "" {
		t.Errorf("standard error (-want +got):\n%s", diff)
	}
}

// TestRenderLeftOut: who pipes objects of others in hears how many do not come out, and where none
// would be expected to come out, nobody hears of it.
func TestRenderLeftOut(t *testing.T) {
	t.Chdir(t.TempDir())
	beside := fntest.Smallest + "---\n" + fntest.Settings + "---\n" + fntest.Settings
	fntest.WriteText(t, "all.yaml", beside)
	const left = "-: warning: 2 objects of others are not printed; --keep-others prints them too, as they are [LeftOut]\n"
	objects := runHere(fntest.Smallest, "render", "-").Stdout
	for args, want := range map[string]string{
		"render -": left, "render --keep-others -": "", "render -o out -": "", "render --check -o out -": "", "render --report -": "",
		"render all.yaml": "", "explain https://edition.cnn.com -": "", "smoke -": "",
	} {
		runHere(fntest.Smallest, "render", "-o", "out", "-")
		got := runHere(beside, strings.Fields(args)...)
		if diff := cmp.Diff(want, withoutAllowAny(got.Stderr)); diff != "" || got.Status != 0 {
			t.Errorf("%s: %d (-want +got):\n%s", args, got.Status, diff)
		}
		if want != "" && got.Stdout != objects {
			t.Errorf("%s prints\n%s", args, got.Stdout)
		}
	}
}

// TestRenderKeepOthers: others stand in front of the objects, also where there is no bundle. If
// anything is wrong, nothing is printed.
func TestRenderKeepOthers(t *testing.T) {
	beside := fntest.Settings + "---\n" + fntest.Smallest
	want := fntest.Outcome{Stdout: fntest.Settings + "---\n" + runHere(fntest.Smallest, "render", "-").Stdout}
	if diff := cmp.Diff(want, fntest.Execute(t, "", beside, fntest.Program, "render", "--keep-others", "-")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for stdin, status := range map[string]int{
		fntest.Settings: 1, strings.Replace(beside, "edition.cnn.com", "localhost", 1): 1, "%YAML 1.1\n---\n" + beside: 1,
	} {
		if got := runHere(stdin, "render", "--keep-others", "-"); got.Status != status || got.Stdout != "" || got.Stderr == "" {
			t.Errorf("%s\n%+v", stdin, got)
		}
	}
	checkKeptBesideMesh(t)
	got := fntest.Execute(t, "", fntest.Settings, fntest.Program, "render", "--keep-others", "--allow-empty", "-")
	if diff := cmp.Diff(fntest.Outcome{Stdout: fntest.Settings}, got); diff != "" {
		t.Errorf("without a bundle (-want +got):\n%s", diff)
	}
}

// checkKeptBesideMesh: what stands beside the EgressMesh of --mesh is kept, and missed, where the file
// is in a PATH as well, or standard input. A file elsewhere is not among what is printed.
func checkKeptBesideMesh(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	beside := meshElsewhere + "---\n" + fntest.Settings
	fntest.WriteText(t, "k/mesh.yaml", beside)
	fntest.WriteText(t, "k/news.yaml", fntest.Smallest)
	objects := runHere("", "render", "k").Stdout
	kept := "---\n" + fntest.Settings + "---\n" + objects
	const left = "-: warning: an object of others is not printed; --keep-others prints them too, as they are [LeftOut]\n"
	for args, want := range map[string]fntest.Outcome{
		"render --keep-others k":                              {Stdout: kept},
		"render --keep-others --mesh k/mesh.yaml k":           {Stdout: kept},
		"render --keep-others --mesh - k/news.yaml":           {Stdout: kept},
		"render --mesh - k/news.yaml":                         {Stdout: objects, Stderr: left},
		"render --mesh k/mesh.yaml k":                         {Stdout: objects},
		"render --keep-others --mesh k/mesh.yaml k/news.yaml": {Stdout: objects},
	} {
		if diff := cmp.Diff(want, runHere(beside, strings.Fields(args)...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", args, diff)
		}
	}
}
