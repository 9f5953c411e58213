// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/yaml"
)

// newRepository returns a Git repository with one bundle, and what is rendered from it.
func newRepository(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	writeText(t, filepath.Join(dir, "bundles/news.yaml"), smallest)
	succeed(t, dir, "", binary, "render", "-o", "rendered", "bundles")
	git(t, dir, "init", "-q", "-b", "main")
	git(t, dir, "add", "-A")
	git(t, dir, "commit", "-qm", "first")
	return dir
}

// changeBundle makes what is rendered stale.
func changeBundle(t *testing.T, dir string) {
	t.Helper()
	writeText(t, filepath.Join(dir, "bundles/news.yaml"), strings.Replace(smallest, "edition.cnn.com", "www.bbc.co.uk", 1))
}

// A workflow is what these tests need of one of GitHub Actions.
type workflow struct {
	Jobs map[string]struct {
		Steps []struct{ Name, Run string }
	}
}

// runWorkflow runs the steps of a workflow of GitHub Actions as GitHub does, but for
// those that install the program, until one fails.
func runWorkflow(t *testing.T, dir, file string) outcome {
	t.Helper()
	var w workflow
	decode(t, file, &w)
	var all outcome
	for _, job := range w.Jobs {
		for _, step := range job.Steps {
			if step.Run == "" || step.Name == "Install" {
				continue
			}
			got := execute(t, dir, "", "bash", "-eo", "pipefail", "-c", step.Run)
			all = outcome{all.Stdout + got.Stdout, all.Stderr + got.Stderr, got.Status}
			if got.Status != 0 {
				return all
			}
		}
	}
	return all
}

func decode(t *testing.T, file string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(readText(t, file)), into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// report returns what render --report says of a repository.
func report(t *testing.T, dir string) string {
	t.Helper()
	return succeed(t, dir, "", binary, "render", "--report", "bundles")
}

// TestGitHubActions: the workflow comments the report, and fails with a diff if what is
// rendered is stale.
func TestGitHubActions(t *testing.T) {
	dir, fake := newRepository(t), t.TempDir()
	writeText(t, filepath.Join(fake, "gh"), "#!/bin/sh\necho \"$@\" >\"$RUNNER_TEMP/arguments\"\n")
	if err := os.Chmod(filepath.Join(fake, "gh"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", fake+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("RUNNER_TEMP", fake)
	t.Setenv("NUMBER", "7")
	const file = "../recipes/github-actions/egress.yaml"
	if got := runWorkflow(t, dir, file); got.Status != 0 {
		t.Errorf("fresh: %+v", got)
	}
	changeBundle(t, dir)
	if got := runWorkflow(t, dir, file); got.Status != 1 || !strings.Contains(got.Stdout, "+  - www.bbc.co.uk") {
		t.Errorf("stale: %+v", got)
	}
	if diff := cmp.Diff(report(t, dir), readText(t, filepath.Join(fake, "report.md"))); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	want := "pr comment 7 --edit-last --create-if-none --body-file " + fake + "/report.md\n"
	if got := readText(t, filepath.Join(fake, "arguments")); got != want {
		t.Errorf("gh %s, want %s", got, want)
	}
}

// TestGitLabCI: the job sends the report to the merge request, and fails with a diff if
// what is rendered is stale.
func TestGitLabCI(t *testing.T) {
	type request struct{ Path, Token, Body string }
	var received []request
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		received = append(received, request{r.URL.Path, r.Header.Get("Private-Token"), r.FormValue("body")})
	}))
	defer server.Close()
	t.Setenv("CI_API_V4_URL", server.URL+"/api/v4")
	t.Setenv("CI_PROJECT_ID", "3")
	t.Setenv("CI_MERGE_REQUEST_IID", "7")
	t.Setenv("EGRESS_TOKEN", "secret")
	var pipeline struct{ Egress struct{ Script []string } }
	decode(t, "../recipes/gitlab-ci/egress.yaml", &pipeline)
	script := strings.Join(pipeline.Egress.Script, "\n")
	dir := newRepository(t)
	if got := execute(t, dir, "", "sh", "-ec", script); got.Status != 0 {
		t.Errorf("fresh: %+v", got)
	}
	want := []request{{"/api/v4/projects/3/merge_requests/7/notes", "secret", report(t, dir)}}
	if diff := cmp.Diff(want, received); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	changeBundle(t, dir)
	if got := execute(t, dir, "", "sh", "-ec", script); got.Status != 1 || !strings.Contains(got.Stdout, "+  - www.bbc.co.uk") {
		t.Errorf("stale: %+v", got)
	}
}

// TestFlux: the workflow renders into a branch of its own, of which kustomize, as Flux
// runs it, builds what render prints; a change replaces what was there, and no change
// makes no commit.
func TestFlux(t *testing.T) {
	for _, where := range []string{"branch: rendered\n", "path: ./egress\n"} {
		if !strings.Contains(readText(t, "../recipes/flux/egress.yaml"), where) {
			t.Errorf("Flux does not apply %s", where)
		}
	}
	dir, origin := newRepository(t), t.TempDir()
	git(t, dir, "init", "-q", "--bare", origin)
	git(t, dir, "remote", "add", "origin", origin)
	t.Setenv("GITHUB_WORKSPACE", dir)
	t.Setenv("GITHUB_SHA", "0123456")
	for _, commits := range []string{"1\n", "1\n", "2\n"} {
		if commits == "2\n" {
			changeBundle(t, dir)
		}
		if got := runWorkflow(t, dir, "../recipes/flux/render.yaml"); got.Status != 0 {
			t.Fatalf("%+v", got)
		}
		git(t, dir, "worktree", "remove", "--force", "../rendered")
		git(t, dir, "branch", "-q", "-D", "rendered") // Each run of CI starts with a clone.
		if got := git(t, dir, "--git-dir", origin, "rev-list", "--count", "rendered"); got != commits {
			t.Fatalf("got %s commits, want %s", got, commits)
		}
		clone := filepath.Join(t.TempDir(), "clone")
		git(t, dir, "clone", "-q", "-b", "rendered", origin, clone)
		program, err := kustomize()
		if err != nil {
			t.Fatal(err)
		}
		egress := filepath.Join(clone, "egress")
		succeed(t, egress, "", program, "create", "--autodetect", "--recursive")
		want := succeed(t, dir, "", binary, "render", "bundles")
		if diff := cmp.Diff(documents(want), documents(succeed(t, egress, "", program, "build"))); diff != "" {
			t.Errorf("(-render +kustomize):\n%s", diff)
		}
	}
}

// TestArgoCD: the command of the plugin works in the image as the sidecar runs it, and
// the sidecar fits into the Deployment of Argo CD.
func TestArgoCD(t *testing.T) {
	var plugin struct {
		Metadata struct{ Name string }
		Spec     struct {
			Version  string
			Generate struct{ Command []string }
		}
	}
	decode(t, "../recipes/argocd/plugin.yaml", &plugin)
	name := "name: " + plugin.Metadata.Name + "-" + plugin.Spec.Version + "\n"
	if application := readText(t, "../recipes/argocd/application.yaml"); !strings.Contains(application, name) {
		t.Errorf("the Application does not have the plugin's %s", name)
	}
	command := plugin.Spec.Generate.Command
	if hasEngine(t) {
		app := t.TempDir()
		writeText(t, filepath.Join(app, "news.yaml"), smallest)
		for _, path := range []string{app, filepath.Join(app, "news.yaml")} {
			if err := os.Chmod(path, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		args := []string{"run", "--rm", "--network", "none", "--user", "999", "--read-only", "-v", app + ":/app:ro", "-w", "/app", "--entrypoint", command[0], buildImage(t)}
		got := succeed(t, "", "", "docker", append(args, command[1:]...)...)
		if diff := cmp.Diff(succeed(t, app, "", binary, command[1:]...), got); diff != "" {
			t.Errorf("(-program +image):\n%s", diff)
		}
	}
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "egressbundle"), os.DirFS("../recipes/argocd")); err != nil {
		t.Fatal(err)
	}
	writeText(t, filepath.Join(dir, "kustomization.yaml"), "namespace: argocd\nresources: [argocd.yaml]\ncomponents: [egressbundle]\n")
	writeText(t, filepath.Join(dir, "argocd.yaml"), `apiVersion: apps/v1
kind: Deployment
metadata: {name: argocd-repo-server}
spec:
  selector: {matchLabels: {app.kubernetes.io/name: argocd-repo-server}}
  template:
    metadata: {labels: {app.kubernetes.io/name: argocd-repo-server}}
    spec:
      containers: [{name: argocd-repo-server, image: argocd}]
      volumes: [{name: var-files, emptyDir: {}}, {name: plugins, emptyDir: {}}]
`)
	built := kustomizeBuild(t, dir)
	var deployment appsv1.Deployment
	for _, document := range documents(built.Stdout) {
		if strings.Contains(document, "kind: Deployment") {
			if err := yaml.UnmarshalStrict([]byte(document), &deployment); err != nil {
				t.Fatal(err)
			}
		}
	}
	pod := deployment.Spec.Template.Spec
	volumes := map[string]bool{}
	for _, v := range pod.Volumes {
		volumes[v.Name] = true
		if v.ConfigMap != nil && !strings.Contains(built.Stdout, "  name: "+v.ConfigMap.Name+"\n") {
			t.Errorf("there is no ConfigMap %s in\n%s", v.ConfigMap.Name, built.Stdout)
		}
	}
	if len(pod.Containers) != 2 || len(volumes) != 4 {
		t.Errorf("got %s%s", built.Stdout, built.Stderr)
	}
	for _, container := range pod.Containers {
		for _, m := range container.VolumeMounts {
			if !volumes[m.Name] {
				t.Errorf("%s mounts %s, which is no volume", container.Name, m.Name)
			}
		}
	}
}

// TestPreCommit: the real pre-commit lets a commit pass that has what the bundles say,
// and no other.
func TestPreCommit(t *testing.T) {
	if _, err := exec.LookPath("pre-commit"); err != nil {
		t.Skip("there is no pre-commit on this machine")
	}
	dir := newRepository(t)
	t.Setenv("PRE_COMMIT_HOME", t.TempDir())
	const config = ".pre-commit-config.yaml"
	writeText(t, filepath.Join(dir, config), readText(t, filepath.Join("../recipes/pre-commit", config)))
	commit := func() outcome {
		git(t, dir, "add", "-A")
		return execute(t, dir, "", "pre-commit", "run")
	}
	changeBundle(t, dir)
	if got := commit(); got.Status != 1 || !strings.Contains(got.Stdout, "+  - www.bbc.co.uk") {
		t.Errorf("stale: %+v", got)
	}
	succeed(t, dir, "", binary, "render", "-o", "rendered", "bundles")
	if got := commit(); got.Status != 0 || !strings.Contains(got.Stdout, "Passed") {
		t.Errorf("fresh: %+v", got)
	}
}

// TestCheckBuild: the script finds what kustomize leaves out without --enable-exec.
func TestCheckBuild(t *testing.T) {
	script, err := filepath.Abs("../recipes/check-build.sh")
	if err != nil {
		t.Fatal(err)
	}
	annotated := withFunction(smallest, form{function: execFunction})
	for kustomization, messages := range map[string][]string{
		"generators: [bundles/news.yaml]\n":                           {"has no object of the bundle payments/news"},
		"resources: [bundles/news.yaml]\ntransformers: [mesh.yaml]\n": {"has no object of the bundle payments/news", "has bundles that nothing rendered"},
	} {
		dir := t.TempDir()
		writeText(t, filepath.Join(dir, "bundles/news.yaml"), annotated)
		writeText(t, filepath.Join(dir, "mesh.yaml"), transformer(form{function: execFunction}))
		writeText(t, filepath.Join(dir, "kustomization.yaml"), kustomization)
		check := func(flags ...string) outcome {
			writeText(t, filepath.Join(dir, "built.yaml"), kustomizeBuild(t, dir, flags...).Stdout)
			return execute(t, dir, "", "sh", script, "built.yaml", "bundles")
		}
		if got := check("--enable-exec"); got != (outcome{}) {
			t.Errorf("%s: rendered: %+v", kustomization, got)
		}
		got := check()
		for _, message := range messages {
			if got.Status != 1 || !strings.Contains(got.Stderr, message+"; does kustomize run with --enable-exec?") {
				t.Errorf("%s: left out: %+v", kustomization, got)
			}
		}
	}
}
