// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/kustomize/kyaml/kio"

	"github.com/egressbundle/egressbundle/pkg/egress"
)

// A comment before a block of the README says what the block must equal.
var (
	fileBlock    = regexp.MustCompile("(?s)<!-- file: (\\S+) -->\n```\\w+\n(.*?)```")
	objectsBlock = regexp.MustCompile("(?s)<!-- objects: (\\S+) -->\n```text\n(.*?)```")
	goBlock      = regexp.MustCompile("(?s)<!-- go: (\\w+) -->\n```go\n(.*?)```")
	patternTable = regexp.MustCompile(`(?s)<!-- patterns -->\n.*?\n\|---.*?\n(.*?)\n\n`)
	link         = regexp.MustCompile(`\]\(([^)#]+)\)`)
)

// TestReadmeBlocks keeps the blocks of YAML and output true.
func TestReadmeBlocks(t *testing.T) {
	readme := readText(t, "../README.md")
	for _, block := range matches(t, fileBlock, readme) {
		if diff := cmp.Diff(readText(t, filepath.Join("..", block[1])), block[2]); diff != "" {
			t.Errorf("%s (-file +README):\n%s", block[1], diff)
		}
	}
	for _, block := range matches(t, objectsBlock, readme) {
		if diff := cmp.Diff(listObjects(t, filepath.Join("..", block[1])), block[2]); diff != "" {
			t.Errorf("%s (-file +README):\n%s", block[1], diff)
		}
	}
	examples := readText(t, "../pkg/egress/example_test.go")
	for _, block := range matches(t, goBlock, readme) {
		code := "\t" + strings.ReplaceAll(strings.TrimSpace(block[2]), "\n", "\n\t")
		if !strings.Contains(examples, code) {
			t.Errorf("%s of example_test.go does not have this code:\n%s", block[1], code)
		}
	}
}

func matches(t *testing.T, pattern *regexp.Regexp, text string) [][]string {
	t.Helper()
	found := pattern.FindAllStringSubmatch(text, -1)
	if len(found) == 0 {
		t.Fatalf("nothing matches %s", pattern)
	}
	return found
}

func listObjects(t *testing.T, path string) string {
	t.Helper()
	nodes, err := (&kio.ByteReader{Reader: strings.NewReader(readText(t, path))}).Read()
	if err != nil {
		t.Fatal(err)
	}
	var list strings.Builder
	for _, node := range nodes {
		fmt.Fprintf(&list, "%-15s  %-12s  %s\n", node.GetKind(), node.GetNamespace(), node.GetName())
	}
	return list.String()
}

// TestReadmePatterns: each pattern of the library has a row, and each row an
// example that uses the pattern.
func TestReadmePatterns(t *testing.T) {
	rows := strings.Split(matches(t, patternTable, readText(t, "../README.md"))[0][1], "\n")
	patterns := egress.Patterns()
	if len(rows) != len(patterns) {
		t.Fatalf("%d rows for %d patterns", len(rows), len(patterns))
	}
	for i, info := range patterns {
		start := fmt.Sprintf("| `%s` | %s | %s | ", info.Name, info.Application, info.Mesh)
		if !strings.HasPrefix(rows[i], start) {
			t.Errorf("row %q must start with %q", rows[i], start)
		}
		example := matches(t, link, rows[i])[0][1]
		rendered := succeed(t, "", "", binary, "render", filepath.Join("..", example, "bundle.yaml"))
		bundle := readText(t, filepath.Join("..", example, "bundle.yaml"))
		if rendered == "" || !strings.Contains(bundle, info.Name) && strings.Contains(bundle, "pattern:") {
			t.Errorf("%s does not show %s", example, info.Name)
		}
	}
}

// TestLinks: what the documentation links to in the repository is there.
func TestLinks(t *testing.T) {
	documents := append(glob(t, "../*.md"), glob(t, "../examples/*/README.md")...)
	for _, document := range documents {
		for _, target := range link.FindAllStringSubmatch(readText(t, document), -1) {
			if strings.Contains(target[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(document), target[1])); err != nil {
				t.Errorf("%s: %v", document, err)
			}
		}
	}
}

// TestErrorsOfReadme keeps the output true that the README shows.
func TestErrorsOfReadme(t *testing.T) {
	got := execute(t, "testdata/errors", "", binary, "render", "team.yaml")
	if got.Status != 1 || got.Stdout != "" {
		t.Errorf("got %+v", got)
	}
	compareGolden(t, "testdata/errors/output.txt", got.Stderr)
}
