// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package fn

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/yaml"

	"github.com/egressbundle/egressbundle/fn/internal/fntest"
)

// newRepository returns a Git repository with one bundle, and what is rendered from it.
func newRepository(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	fntest.WriteText(t, filepath.Join(dir, "bundles/news.yaml"), fntest.Smallest)
	fntest.Succeed(t, dir, "", fntest.Program, "render", "-o", "rendered", "bundles")
	git(t, dir, "init", "-q", "-b", "main")
	git(t, dir, "add", "-A")
	git(t, dir, "commit", "-qm", "first")
	return dir
}

// changeBundle makes what is rendered stale.
func changeBundle(t *testing.T, dir string) {
	t.Helper()
	fntest.WriteText(t, filepath.Join(dir, "bundles/news.yaml"), strings.Replace(fntest.Smallest, "edition.cnn.com", "www.bbc.co.uk", 1))
}

// A workflow is what these tests need of one of GitHub Actions.
type workflow struct {
	Jobs map[string]struct {
		Steps []step
	}
}

type step struct{ Name, ID, If, Run string }

// runWorkflow runs the steps of a workflow of GitHub Actions as GitHub does, but for
// actions: after one fails, those that ask for it run still.
func runWorkflow(t *testing.T, dir, file string) fntest.Outcome {
	t.Helper()
	var w workflow
	decode(t, file, &w)
	var all fntest.Outcome
	for _, job := range w.Jobs {
		failed := map[string]bool{}
		for _, step := range job.Steps {
			needsFailed := false
			for id := range failed {
				needsFailed = needsFailed || strings.Contains(step.If, "steps."+id+".outcome == 'success'")
			}
			if step.Run == "" || needsFailed || all.Status != 0 && !strings.Contains(step.If, "!cancelled()") {
				continue
			}
			got := fntest.Execute(t, dir, "", "bash", "-eo", "pipefail", "-c", step.Run)
			all.Stdout += got.Stdout
			all.Stderr += got.Stderr
			if got.Status != 0 {
				all.Status = got.Status
				failed[step.ID] = true
			}
		}
	}
	return all
}

func decode(t *testing.T, file string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(fntest.ReadText(t, file)), into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// report returns what render --report says of a repository.
func report(t *testing.T, dir string) string {
	t.Helper()
	return fntest.Succeed(t, dir, "", fntest.Program, "render", "--report", "bundles")
}

// change returns what render --report --since says of a repository in which the last commit is
// checked out in .base, which is removed.
func change(t *testing.T, dir string) string {
	t.Helper()
	got := fntest.Execute(t, dir, "", fntest.Program, "render", "--report", "--since", ".base/bundles", "bundles")
	if changed := strings.Contains(got.Stdout, "## "); changed != (got.Status == 3) || !changed && got.Status != 0 {
		t.Errorf("the change of %s: %+v", dir, got)
	}
	git(t, dir, "worktree", "remove", "--force", ".base")
	return got.Stdout
}

// fakeGH stands for the command line of GitHub: it notes what is asked of GitHub, and
// filters comments as the real one does, which has gojq inside.
const fakeGH = `#!/bin/sh
echo "$@" | head -n 1 >>calls
while [ $# -gt 0 ]; do
  if [ "$1" = --jq ]; then exec "$GOJQ" -r "$2" comments.json; fi
  shift
done
`

// TestGitHubActions: the workflow fails with a diff if what is rendered is stale, and
// keeps one comment with the change, whether it fails or not.
func TestGitHubActions(t *testing.T) {
	dir, runner := newRepository(t), t.TempDir()
	git(t, dir, "remote", "add", "origin", ".")
	fntest.WriteText(t, filepath.Join(runner, "gh"), fakeGH)
	if err := os.Chmod(filepath.Join(runner, "gh"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"PATH":                runner + string(os.PathListSeparator) + os.Getenv("PATH"),
		"GOJQ":                fntest.Tool(t, "gojq"),
		"RUNNER_TEMP":         runner,
		"NUMBER":              "7",
		"GITHUB_REPOSITORY":   "example/egress",
		"GITHUB_BASE_REF":     "main",
		"GITHUB_SERVER_URL":   "https://github.example.com",
		"GITHUB_RUN_ID":       "99",
		"GITHUB_STEP_SUMMARY": filepath.Join(runner, "summary.md"),
	} {
		t.Setenv(name, value)
	}
	const (
		mark   = "<!-- egressbundle -->\n"
		link   = "\nWho may reach what, all of it, is in the [summary](https://github.example.com/example/egress/actions/runs/99).\n"
		others = `[{"id": 1, "user": {"login": "github-actions[bot]"}, "body": "tests"}, ` +
			`{"id": 2, "user": {"login": "mallory"}, "body": "<!-- egressbundle -->"}`
		ours = `, {"id": 42, "user": {"login": "github-actions[bot]"}, "body": "<!-- egressbundle -->\nold"}, ` +
			`{"id": 43, "user": {"login": "github-actions[bot]"}, "body": "<!-- egressbundle -->"}`
		list    = "api --paginate repos/example/egress/issues/7/comments --jq .[]\n"
		create  = list + "api --silent --method POST repos/example/egress/issues/7/comments --field body=@comment.md\n"
		replace = list + "api --silent --method PATCH repos/example/egress/issues/comments/42 --field body=@comment.md\n"
	)
	read := func(name string) string { return fntest.ReadText(t, filepath.Join(runner, name)) }
	run := func(comments string) (got fntest.Outcome, calls, comment, summary string) {
		t.Helper()
		fntest.WriteText(t, filepath.Join(runner, "comments.json"), comments)
		fntest.WriteText(t, filepath.Join(runner, "calls"), "")
		fntest.WriteText(t, filepath.Join(runner, "comment.md"), "")
		fntest.WriteText(t, filepath.Join(runner, "summary.md"), "")
		got = runWorkflow(t, dir, "../recipes/github-actions/egress.yaml")
		return got, read("calls"), read("comment.md"), read("summary.md")
	}

	got, calls, comment, summary := run(others + "]")
	want := change(t, dir)
	if got.Status != 0 || calls != create || comment != mark+want+link || summary != want+report(t, dir) || !strings.Contains(want, "\nNothing: ") {
		t.Errorf("fresh: %+v\n%s%s%s", got, calls, comment, summary)
	}

	changeBundle(t, dir)
	got, calls, comment, _ = run(others + ours + "]")
	want = change(t, dir)
	if got.Status != 3 || !strings.Contains(got.Stdout, "+  - www.bbc.co.uk") || calls != replace || comment != mark+want+link ||
		!strings.Contains(want, "www.bbc.co.uk") {
		t.Errorf("stale: %+v\n%s%s", got, calls, comment)
	}

	fntest.WriteText(t, filepath.Join(dir, "bundles/news.yaml"), fleet(500))
	_, _, comment, summary = run(others + "]")
	want = change(t, dir)
	begin, rest, cut := strings.Cut(comment, "\n\n**This is not all of it.**\n")
	if !cut || rest != link || !strings.HasPrefix(mark+want, begin+"\n") || summary != want+report(t, dir) {
		t.Errorf("a long change: %s", comment)
	}

	fntest.WriteText(t, filepath.Join(dir, "bundles/news.yaml"), strings.Replace(fntest.Smallest, "edition.cnn.com", "localhost", 1))
	got, calls, _, _ = run(others + "]")
	if got.Status != 1 || calls != "" || !strings.Contains(got.Stderr, "[InvalidValue]") {
		t.Errorf("wrong: %+v\n%s", got, calls)
	}
	checkMatcher(t, fntest.ReadText(t, "../recipes/github-actions/matcher.json"), got.Stderr)
}

// TestAction: the action builds the program that it comes with, which knows the version, and
// tells GitHub where the matcher is.
func TestAction(t *testing.T) {
	var action struct{ Runs struct{ Steps []step } }
	decode(t, "../action.yml", &action)
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	t.Setenv("GITHUB_ACTION_PATH", root)
	t.Setenv("GOBIN", bin)
	t.Setenv("REF", "v1.2.3")
	var printed []string
	for _, s := range action.Runs.Steps {
		if s.Run != "" {
			printed = append(printed, fntest.Succeed(t, t.TempDir(), "", "bash", "-eo", "pipefail", "-c", s.Run))
		}
	}
	if diff := cmp.Diff([]string{"", "::add-matcher::" + filepath.Join(root, "recipes/github-actions/matcher.json") + "\n"}, printed); diff != "" {
		t.Errorf("printed (-want +got):\n%s", diff)
	}
	if got := fntest.Succeed(t, "", "", filepath.Join(bin, "egressbundle"), "version"); got != "egressbundle v1.2.3\n" {
		t.Errorf("got %q", got)
	}
}

// TestGitHubActionsOverlays: the workflow comments what changes in each overlay, and all of a new one
// and of one that is gone.
func TestGitHubActionsOverlays(t *testing.T) {
	dir, runner := t.TempDir(), t.TempDir()
	write := func(name, text string) { fntest.WriteText(t, filepath.Join(dir, name), text) }
	write("base/bundle.yaml", fntest.Smallest)
	write("base/kustomization.yaml", "resources: [bundle.yaml]\n")
	write("overlays/README.md", "Each folder is an overlay.\n")
	write("overlays/test/kustomization.yaml", "resources: [../../base]\n")
	write("overlays/dev/kustomization.yaml", "resources: [../../base]\nnamespace: dev\n")
	git(t, dir, "init", "-q", "-b", "main")
	git(t, dir, "add", "-A")
	git(t, dir, "commit", "-qm", "first")
	git(t, dir, "remote", "add", "origin", ".")
	write("overlays/production/kustomization.yaml", "resources: [../../base]\nnamespace: shop\n")
	fntest.Remove(t, filepath.Join(dir, "overlays/dev/kustomization.yaml"))
	fntest.Remove(t, filepath.Join(dir, "overlays/dev"))
	write("base/bundle.yaml", strings.Replace(fntest.Smallest, "edition.cnn.com", "www.bbc.co.uk", 1))
	fntest.WriteText(t, filepath.Join(runner, "gh"), "#!/bin/sh\ncat comment.md >>sent\n")
	if err := os.Chmod(filepath.Join(runner, "gh"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"PATH":                runner + string(os.PathListSeparator) + os.Getenv("PATH"),
		"RUNNER_TEMP":         runner,
		"GITHUB_BASE_REF":     "main",
		"GITHUB_STEP_SUMMARY": filepath.Join(runner, "summary.md"),
	} {
		t.Setenv(name, value)
	}
	got := runWorkflow(t, dir, "../recipes/github-actions/overlays.yaml")
	sent := fntest.ReadText(t, filepath.Join(runner, "sent"))
	for _, want := range []string{
		"# overlays/production\n\n# Egress\n", "| shop/news cnn | shop | www.bbc.co.uk port 443 as TLS |", "\n# overlays/test\n\n# Egress: what changes\n",
		"| may call | edition.cnn.com port 443 as TLS | www.bbc.co.uk port 443 as TLS |",
		"\n# overlays/dev\n\n# Egress: what changes\n\n## Closed\n\n- dev/news cnn: dev may call edition.cnn.com port 443 as TLS;",
	} {
		if got.Status != 0 || !strings.Contains(sent, want) {
			t.Errorf("want %q; %+v:\n%s", want, got, sent)
		}
	}
}

// checkMatcher: GitHub finds the errors in what is printed.
func checkMatcher(t *testing.T, text, printed string) {
	t.Helper()
	var matchers struct {
		ProblemMatcher []struct{ Pattern []struct{ Regexp string } }
	}
	if err := yaml.Unmarshal([]byte(text), &matchers); err != nil {
		t.Fatal(err)
	}
	pattern := regexp.MustCompile(matchers.ProblemMatcher[0].Pattern[0].Regexp)
	line, _, _ := strings.Cut(printed, "\n")
	for _, severity := range []string{"", "warning"} {
		said := strings.Replace(line, ": spec", ": "+severity+": spec", 1)
		if severity == "" {
			said = line
		}
		if got := pattern.FindStringSubmatch(said); len(got) != 6 || got[1] != "bundles/news.yaml" || got[4] != severity {
			t.Errorf("%q is %q", said, got)
		}
	}
}

// A sentNote is what GitLab is asked to write.
type sentNote struct{ Method, Path, Token, Body string }

// serveGitLab stands for GitLab, which has notes of a merge request. It notes what it is asked
// to write, and answers with JSON as GitLab does, in which < is escaped.
func serveGitLab(t *testing.T, notes *atomic.Pointer[string]) (url string, sent chan sentNote) {
	t.Helper()
	sent = make(chan sentNote, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := `{"id": 5, "username": "project_3_bot"}`
		switch {
		case r.Method != http.MethodGet:
			sent <- sentNote{r.Method, r.URL.Path, r.Header.Get("Private-Token"), r.FormValue("body")}
		case r.URL.Path != "/api/v4/user":
			answer = strings.ReplaceAll(*notes.Load(), "<", `\u003c`)
		}
		if _, err := w.Write([]byte(answer)); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL, sent
}

// TestGitLabCI: the job fails with a diff if what is rendered is stale, and keeps one note with
// the change at the merge request, whether it fails or not.
func TestGitLabCI(t *testing.T) {
	const (
		mark   = "<!-- egressbundle -->\n"
		others = `[{"id": 1, "author": {"id": 5}, "body": "tests"}, {"id": 2, "author": {"id": 6}, "body": "<!-- egressbundle -->"}`
		ours   = `, {"id": 42, "author": {"id": 5}, "body": "<!-- egressbundle -->\nold"}, ` +
			`{"id": 43, "author": {"id": 5}, "body": "<!-- egressbundle -->"}`
		path = "/api/v4/projects/3/merge_requests/7/notes"
	)
	var notes atomic.Pointer[string]
	notes.Store(new(others + "]"))
	url, requests := serveGitLab(t, &notes)
	bin := t.TempDir()
	if err := os.Symlink(fntest.Tool(t, "gojq"), filepath.Join(bin, "gojq")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("CI_API_V4_URL", url+"/api/v4")
	t.Setenv("CI_PROJECT_ID", "3")
	t.Setenv("CI_MERGE_REQUEST_IID", "7")
	t.Setenv("EGRESS_TOKEN", "secret")
	t.Setenv("CI_JOB_URL", "https://gitlab.example.com/job")
	t.Setenv("CI_MERGE_REQUEST_DIFF_BASE_SHA", "main")
	var pipeline struct {
		Egress struct {
			BeforeScript []string `json:"before_script"`
			Script       []string
			AfterScript  []string `json:"after_script"`
		}
	}
	decode(t, "../recipes/gitlab-ci/egress.yaml", &pipeline)
	dir := newRepository(t)
	git(t, dir, "remote", "add", "origin", ".")
	gojqModule := fntest.ReadText(t, "../tools/gojq.mod")
	if _, version, _ := strings.Cut(pipeline.Egress.BeforeScript[1], "/cmd/gojq@"); !strings.Contains(gojqModule, "gojq "+strings.Fields(version)[0]+" ") {
		t.Errorf("%s is not the version that is tried here", version)
	}
	run := func() (got fntest.Outcome, received []sentNote) {
		got = fntest.Execute(t, dir, "", "sh", "-ec", strings.Join(pipeline.Egress.Script, "\n"))
		fntest.Succeed(t, dir, "", "sh", "-ec", strings.Join(pipeline.Egress.AfterScript, "\n"))
		for len(requests) > 0 {
			received = append(received, <-requests)
		}
		return got, received
	}
	got, received := run()
	if diff := cmp.Diff([]sentNote{{"POST", path, "secret", mark + change(t, dir)}}, received); diff != "" || got.Status != 0 {
		t.Errorf("fresh: %+v, requests (-want +got):\n%s", got, diff)
	}
	changeBundle(t, dir)
	notes.Store(new(others + ours + "]"))
	got, received = run()
	if diff := cmp.Diff([]sentNote{{"PUT", path + "/42", "secret", mark + change(t, dir)}}, received); diff != "" || got.Status != 3 || !strings.Contains(got.Stdout, "+  - www.bbc.co.uk") {
		t.Errorf("stale: %+v, requests (-want +got):\n%s", got, diff)
	}
	t.Setenv("EGRESS_TOKEN", "")
	if got, received := run(); got.Status != 3 || received != nil {
		t.Errorf("without a token: %+v, requests %v", got, received)
	}
	checkCodeQuality(t, dir, func() { run() })
}

// checkCodeQuality: GitLab reads the problems of bundles.
func checkCodeQuality(t *testing.T, dir string, run func()) {
	t.Helper()
	type problem struct {
		Severity    string `json:"severity"`
		Description string `json:"description"`
		Location    struct {
			Path  string `json:"path"`
			Lines struct {
				Begin int `json:"begin"`
			} `json:"lines"`
		} `json:"location"`
	}
	for _, c := range []struct{ bundle, severity, description string }{
		{strings.Replace(fntest.Smallest, "edition.cnn.com", "localhost", 1), "critical", `, got "localhost" [InvalidValue]`},
		{fntest.Smallest, "minor", "[AllowAny]"},
	} {
		fntest.WriteText(t, filepath.Join(dir, "bundles/news.yaml"), c.bundle)
		run()
		var problems []problem
		if err := json.Unmarshal([]byte(fntest.ReadText(t, filepath.Join(dir, "problems.json"))), &problems); err != nil {
			t.Fatal(err)
		}
		if len(problems) == 0 || problems[0].Severity != c.severity || !strings.HasSuffix(problems[0].Description, c.description) ||
			problems[0].Location.Path != "bundles/news.yaml" || problems[0].Location.Lines.Begin == 0 {
			t.Errorf("want %s %q, got %+v", c.severity, c.description, problems)
		}
	}
}

// TestFlux: the workflow renders into a branch of its own, of which kustomize, as Flux
// runs it, builds what render prints; a change replaces what was there, and no change
// makes no commit.
func TestFlux(t *testing.T) {
	for _, where := range []string{"branch: rendered\n", "path: ./egress\n"} {
		if !strings.Contains(fntest.ReadText(t, "../recipes/flux/egress.yaml"), where) {
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
		program := fntest.Kustomize(t)
		egress := filepath.Join(clone, "egress")
		fntest.Succeed(t, egress, "", program, "create", "--autodetect", "--recursive")
		want := fntest.Succeed(t, dir, "", fntest.Program, "render", "bundles")
		if diff := cmp.Diff(documents(want), documents(fntest.Succeed(t, egress, "", program, "build"))); diff != "" {
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
			Generate struct{ Command []string }
		}
	}
	decode(t, "../recipes/argocd/plugin.yaml", &plugin)
	command := plugin.Spec.Generate.Command
	for _, f := range []string{"generators: [news.yaml]\n", "resources: [news.yaml]\n"} {
		testPlugin(t, command, f)
	}
	name := "name: " + plugin.Metadata.Name + "\n"
	if application := fntest.ReadText(t, "../recipes/argocd/application.yaml"); !strings.Contains(application, name) {
		t.Errorf("the Application does not have the plugin's %s", name)
	}
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "egressbundle"), os.DirFS("../recipes/argocd")); err != nil {
		t.Fatal(err)
	}
	fntest.WriteText(t, filepath.Join(dir, "kustomization.yaml"), "namespace: argocd\nresources: [argocd.yaml]\ncomponents: [egressbundle]\n")
	fntest.WriteText(t, filepath.Join(dir, "argocd.yaml"), `apiVersion: apps/v1
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
	built := fntest.KustomizeBuild(t, dir)
	var deployment appsv1.Deployment
	for _, document := range documents(built.Stdout) {
		if strings.Contains(document, "kind: Deployment") {
			if err := yaml.UnmarshalStrict([]byte(document), &deployment); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !strings.Contains(built.Stdout, "\n  "+filepath.Base(command[3])+": |\n") {
		t.Errorf("no ConfigMap has %s:\n%s", command[3], built.Stdout)
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
			if m.Name == "egressbundle-plugin" && !strings.HasPrefix(command[3], m.MountPath+"/") {
				t.Errorf("the plugin reads %s, and the ConfigMap is mounted at %s", command[3], m.MountPath)
			}
			if !volumes[m.Name] {
				t.Errorf("%s mounts %s, which is no volume", container.Name, m.Name)
			}
		}
	}
}

// testPlugin runs the command of the plugin as Argo CD does, in the folder of an Application.
func testPlugin(t *testing.T, command []string, kustomization string) {
	t.Helper()
	app := t.TempDir()
	fntest.WriteText(t, filepath.Join(app, "news.yaml"), fntest.Smallest)
	fntest.WriteText(t, filepath.Join(app, "kustomization.yaml"), kustomization)
	const config = "/home/argocd/cmp-server/config" // where the ConfigMap is mounted
	recipe, err := filepath.Abs("../recipes/argocd")
	if err != nil {
		t.Fatal(err)
	}
	here := strings.Fields(strings.ReplaceAll(strings.Join(command[1:], " "), config, recipe))
	got := fntest.Succeed(t, app, "", fntest.Program, here...)
	mesh := filepath.Join(recipe, "mesh.yaml")
	if diff := cmp.Diff(fntest.Succeed(t, app, "", fntest.Program, "render", mesh, "news.yaml"), got); diff != "" {
		t.Errorf("%s (-render +plugin):\n%s", kustomization, diff)
	}
	if !hasEngine(t) {
		return
	}
	if err := os.Chmod(app, 0o755); err != nil {
		t.Fatal(err)
	}
	args := []string{"run", "--rm", "--network", "none", "--user", "999", "--read-only", "-v", app + ":/app:ro",
		"-v", recipe + ":" + config + ":ro", "-w", "/app", "--entrypoint", command[0], buildImage(t)}
	if diff := cmp.Diff(got, fntest.Succeed(t, "", "", "docker", append(args, command[1:]...)...)); diff != "" {
		t.Errorf("%s (-program +image):\n%s", kustomization, diff)
	}
}

// TestPreCommit: the real pre-commit builds the program, lets a commit pass that has what the
// bundles say, and no other.
func TestPreCommit(t *testing.T) {
	if _, err := exec.LookPath("pre-commit"); err != nil {
		t.Skip("there is no pre-commit on this machine")
	}
	dir := newRepository(t)
	usePreCommit(t)
	const config = ".pre-commit-config.yaml"
	fntest.WriteText(t, filepath.Join(dir, config), fntest.ReadText(t, filepath.Join("../recipes/pre-commit", config)))
	commit := func() fntest.Outcome {
		git(t, dir, "add", "-A")
		return fntest.Execute(t, dir, "", "pre-commit", "run")
	}
	changeBundle(t, dir)
	if got := commit(); got.Status != 1 || !strings.Contains(got.Stdout, "+  - www.bbc.co.uk") {
		t.Errorf("stale: %+v", got)
	}
	fntest.Succeed(t, dir, "", fntest.Program, "render", "-o", "rendered", "bundles")
	if got := commit(); got.Status != 0 || strings.Count(got.Stdout, "Passed") != 2 {
		t.Errorf("fresh: %+v", got)
	}
	git(t, dir, "commit", "-qm", "second")

	const stale = "rendered/payments/serviceentry_payments--news--cnn.yaml"
	text := fntest.ReadText(t, filepath.Join(dir, stale))
	fntest.Remove(t, filepath.Join(dir, stale))
	if got := commit(); got.Status != 1 || !strings.Contains(got.Stdout, "+++ "+stale) {
		t.Errorf("a file is removed: %+v", got)
	}
	fntest.WriteText(t, filepath.Join(dir, stale), text)
	fntest.WriteText(t, filepath.Join(dir, "bundles/web.yaml"), strings.Replace(fntest.Smallest, "name: news", "name: web", 1))
	fntest.Succeed(t, dir, "", fntest.Program, "render", "-o", "rendered", "bundles")
	git(t, dir, "add", "bundles")
	got := fntest.Execute(t, dir, "", "pre-commit", "run")
	if got.Status != 1 || !strings.Contains(got.Stdout, "\nrendered/payments/serviceentry_payments--web--cnn.yaml\n") {
		t.Errorf("files are not added: %+v", got)
	}
}

// usePreCommit gives pre-commit a folder of its own, modules that are there, and in place of the
// repository that the recipe names one of the files here.
func usePreCommit(t *testing.T) {
	t.Helper()
	repository := t.TempDir()
	fntest.Succeed(t, "..", "", "bash", "-c", `git ls-files -z --cached --others --exclude-standard |
		xargs -0 --no-run-if-empty ls -d 2>/dev/null | xargs cp --parents --target-directory "$0"`, repository)
	git(t, repository, "init", "-q", "-b", "main")
	git(t, repository, "add", "-A")
	git(t, repository, "commit", "-qm", "all")
	for name, value := range map[string]string{
		"PRE_COMMIT_HOME":    t.TempDir(),
		"GOMODCACHE":         strings.TrimSpace(fntest.Succeed(t, "", "", "go", "env", "GOMODCACHE")),
		"GOCACHE":            strings.TrimSpace(fntest.Succeed(t, "", "", "go", "env", "GOCACHE")),
		"GIT_CONFIG_COUNT":   "1",
		"GIT_CONFIG_KEY_0":   "url.file://" + repository + ".insteadOf",
		"GIT_CONFIG_VALUE_0": "https://github.com/egressbundle/egressbundle",
	} {
		t.Setenv(name, value)
	}
}

// git runs git, as somebody who may commit, and returns its standard output.
func git(t testing.TB, dir string, args ...string) string {
	t.Helper()
	return fntest.Succeed(t, dir, "", "git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...)
}
