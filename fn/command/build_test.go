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

// overlay writes an overlay that moves a bundle, and returns the folder with overlay and base,
// and with the bundle as the overlay has it.
func overlay(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"overlay/kustomization.yaml": "resources: [../base]\nnamespace: shop\n",
		"base/kustomization.yaml":    "resources: [bundle.yaml, workloads.yaml]\n",
		"base/bundle.yaml":           fntest.BypassBundle,
		"base/workloads.yaml":        strings.ReplaceAll(fntest.Workloads, "name: app, namespace: payments", "name: shop-app, namespace: payments"),
		"moved/bundle.yaml":          strings.Replace(fntest.BypassBundle, "payments", "shop", 1),
	} {
		fntest.WriteText(t, filepath.Join(dir, name), text)
	}
	return dir
}

// TestBuildFlags: build takes the flags of render, and does the same with them, for the bundles
// of an overlay.
func TestBuildFlags(t *testing.T) {
	dir := overlay(t)
	run := func(command, path string, flags ...string) fntest.Outcome {
		return fntest.Execute(t, dir, "", fntest.Program, append([]string{command, path}, flags...)...)
	}
	for _, flags := range [][]string{
		{"--report"}, {"--check", "-o", "out"}, {"-o", "out", "--report"}, {"--check", "-o", "out"}, {"--check"}, {"-o", ""},
	} {
		want, got := run("render", "moved", flags...), run("build", "overlay", flags...)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-render +build):\n%s", flags, diff)
		}
	}
	before := fntest.Contents(t, filepath.Join(dir, "out"))
	fntest.WriteText(t, filepath.Join(dir, "overlay/kustomization.yaml"), "resources: [../missing]\n")
	if got := run("build", "overlay", "-o", "out"); got.Status != 1 || got.Stdout != "" || !strings.HasSuffix(got.Stderr, "[Unbuildable]\n") {
		t.Errorf("what cannot be built: %+v", got)
	}
	fntest.WriteText(t, filepath.Join(dir, "overlay/kustomization.yaml"), "configMapGenerator: [{name: a}]\n")
	if got := run("build", "overlay", "-o", "out"); got.Status != 1 || !strings.Contains(got.Stderr, "--allow-empty [NoBundle]") {
		t.Errorf("no bundle: %+v", got)
	}
	if diff := cmp.Diff(before, fntest.Contents(t, filepath.Join(dir, "out"))); diff != "" || len(before) == 0 {
		t.Errorf("files (-before +after errors):\n%s", diff)
	}
	if got := run("build", "overlay", "-o", "out", "--allow-empty"); got.Status != 0 || len(fntest.Files(t, filepath.Join(dir, "out"))) > 0 {
		t.Errorf("allowed: %+v", got)
	}
	if got := run("build", "overlay", "--allow-empty"); got.Status != 0 || !strings.HasPrefix(got.Stdout, "apiVersion: v1\nkind: ConfigMap\n") {
		t.Errorf("allowed: %+v", got)
	}
}

// TestBuildWarnings: workloads that a patch reaches in what is printed need no warning, and others
// do, as all do where only objects are written.
func TestBuildWarnings(t *testing.T) {
	dir := overlay(t)
	const ofGateway, ofNamespace = "the Deployment istio-egressgateway in namespace istio-system needs a patch", "the workloads in namespace shop need a patch"
	for _, c := range []struct {
		flags                  []string
		needGateway, needsApps bool
	}{
		{nil, true, false}, // The namespace of the overlay moved the gateway.
		{[]string{"-o", "out"}, true, true},
	} {
		var stderr strings.Builder
		status := Run(append([]string{"build", filepath.Join(dir, "overlay")}, inDir(dir, c.flags)...), strings.NewReader(""), &strings.Builder{}, &stderr)
		got := stderr.String()
		if status != 0 || strings.Contains(got, ofGateway) != c.needGateway || strings.Contains(got, ofNamespace) != c.needsApps {
			t.Errorf("%s: %d %s", c.flags, status, got)
		}
	}
}

// TestBuildMissedPatches: a patch for what bundles become is named, if it finds nothing else.
func TestBuildMissedPatches(t *testing.T) {
	dir := t.TempDir()
	fntest.WriteText(t, filepath.Join(dir, "bundle.yaml"), fntest.Smallest)
	fntest.WriteText(t, filepath.Join(dir, "workloads.yaml"), fntest.Workloads)
	patch := func(target string) string {
		return "- target: {" + target + "}\n  patch: '[{\"op\": \"add\", \"path\": \"/metadata/labels\", \"value\": {\"a\": \"b\"}}]'\n"
	}
	fntest.WriteText(t, filepath.Join(dir, "kustomization.yaml"), "resources: [bundle.yaml, workloads.yaml]\npatches:\n"+
		patch("kind: EgressBundle")+patch("kind: Virtual.*")+patch("kind: Deployment")+patch("kind: StatefulSet")+
		patch("kind: Gateway, namespace: elsewhere")+patch("group: networking.istio.io, kind: Gateway"))
	var stderr strings.Builder
	if status := Run([]string{"build", dir}, strings.NewReader(""), &strings.Builder{}, &stderr); status != 0 {
		t.Fatal(stderr.String())
	}
	var got []string
	for line := range strings.Lines(stderr.String()) {
		if strings.HasSuffix(line, "[MissedObject]\n") {
			got = append(got, strings.TrimPrefix(line, dir+"/"))
		}
	}
	message := func(at, path, object string) string {
		return "kustomization.yaml:" + at + ": warning: " + path + ": finds nothing: what bundles become, such as " + object +
			", is made when kustomize is done; patch the EgressBundle or the EgressMesh [MissedObject]\n"
	}
	want := []string{
		message("5:11", "patches[1].target", "VirtualService istio-system/payments--news--cnn"),
		message("13:11", "patches[5].target", "Gateway istio-system/payments--news--istio-egressgateway"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func inDir(dir string, flags []string) []string {
	if len(flags) == 0 {
		return nil
	}
	return []string{flags[0], filepath.Join(dir, flags[1])}
}

// TestBuildSince: what differs between two builds.
func TestBuildSince(t *testing.T) {
	dir := overlay(t)
	since := func(path string) fntest.Outcome {
		return fntest.Execute(t, dir, "", fntest.Program, "build", "overlay", "--report", "--since", path)
	}
	if got := since("overlay"); got.Status != 0 || !strings.Contains(got.Stdout, "\nNothing: ") {
		t.Errorf("since itself: %+v", got)
	}
	got := since("base")
	if got.Status != 3 || !strings.Contains(got.Stdout, "## Opened\n\n- shop/news ") || !strings.Contains(got.Stdout, "## Closed\n\n- payments/news ") {
		t.Errorf("since its base: %+v", got)
	}
	if got := since("missing"); got.Status != 1 || got.Stdout != "" {
		t.Errorf("since nothing: %+v", got)
	}
}
