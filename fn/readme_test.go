// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package fn

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/kustomize/kyaml/kio"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
	"sigs.k8s.io/yaml"

	"github.com/egressbundle/egressbundle/fn/internal/fntest"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
)

// A comment before a block of a page says what the block must equal.
var (
	fileBlock    = regexp.MustCompile("(?s)<!-- file: (\\S+) -->\n```\\w+\n(.*?)```")
	partBlock    = regexp.MustCompile("(?s)<!-- part: (\\S+) -->\n```\\w+\n(.*?)```")
	objectsBlock = regexp.MustCompile("(?s)<!-- objects: (\\S+) -->\n```text\n(.*?)```")
	goBlock      = regexp.MustCompile("(?s)<!-- go: (\\w+) -->\n```go\n(.*?)```")
	fencedBlock  = regexp.MustCompile("(?m)^```(yaml|text|go|json)$")
	anyBlock     = regexp.MustCompile("(?s)```.*?```")
	yamlBlock    = regexp.MustCompile("(?s)```yaml\n(.*?)```")
	link         = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	headingLine  = regexp.MustCompile("(?m)^#+ (.+)$")
	notInAnchors = regexp.MustCompile(`[^\pL\pN_-]`)
)

// pages are the README and the pages that it leads to.
func pages(t *testing.T) []string {
	t.Helper()
	return append(fntest.Glob(t, "../docs/*.md"), "../README.md")
}

// TestBlocks keeps the blocks of YAML, Go and output true.
func TestBlocks(t *testing.T) {
	examples := fntest.ReadText(t, "../pkg/egress/example_test.go")
	for _, page := range pages(t) {
		text := fntest.ReadText(t, page)
		checkMarked(t, page, text)
		for _, block := range fileBlock.FindAllStringSubmatch(text, -1) {
			if diff := cmp.Diff(fntest.ReadText(t, filepath.Join("..", block[1])), block[2]); diff != "" {
				t.Errorf("%s: %s (-file +page):\n%s", page, block[1], diff)
			}
		}
		for _, block := range partBlock.FindAllStringSubmatch(text, -1) {
			if !strings.Contains("\n"+fntest.ReadText(t, filepath.Join("..", block[1])), "\n"+block[2]) {
				t.Errorf("%s: %s does not have this part:\n%s", page, block[1], block[2])
			}
		}
		for _, block := range objectsBlock.FindAllStringSubmatch(text, -1) {
			if diff := cmp.Diff(listObjects(t, filepath.Join("..", block[1])), block[2]); diff != "" {
				t.Errorf("%s: %s (-file +page):\n%s", page, block[1], diff)
			}
		}
		for _, block := range goBlock.FindAllStringSubmatch(text, -1) {
			code := "\t" + strings.ReplaceAll(strings.TrimSpace(block[2]), "\n", "\n\t")
			if !strings.Contains(examples, code) {
				t.Errorf("%s: %s of example_test.go does not have this code:\n%s", page, block[1], code)
			}
		}
	}
}

// checkMarked fails for a block that no comment says what it must equal; commands need none.
func checkMarked(t *testing.T, page, text string) {
	t.Helper()
	marked := 0
	for _, kind := range []*regexp.Regexp{fileBlock, partBlock, objectsBlock, goBlock} {
		marked += len(kind.FindAllString(text, -1))
	}
	if all := len(fencedBlock.FindAllString(text, -1)); all != marked {
		t.Errorf("%s has %d blocks beside commands, and says of %d what they must equal", page, all, marked)
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

// parseStream reads the objects of a YAML stream.
func parseStream(t *testing.T, stream string) []*kyaml.RNode {
	t.Helper()
	nodes, err := (&kio.ByteReader{Reader: strings.NewReader(stream), OmitReaderAnnotations: true}).Read()
	if err != nil {
		t.Fatal(err)
	}
	return nodes
}

func listObjects(t *testing.T, path string) string {
	t.Helper()
	var list strings.Builder
	for _, node := range parseStream(t, fntest.ReadText(t, path)) {
		fmt.Fprintf(&list, "%-19s  %-12s  %s\n", node.GetKind(), node.GetNamespace(), node.GetName())
	}
	return list.String()
}

// patternExamples are the examples of the pattern table.
var patternExamples = map[string]string{
	"HTTP":           "cnn-mutual-tls",
	"TCP":            "databases",
	"TLSOrigination": "http-and-https",
	"TLSPassthrough": "two-lines",
}

// TestReadmePatterns: the pattern table is the list of the library, and links to
// an example of each. UPDATE_GOLDEN=1 rewrites it.
func TestReadmePatterns(t *testing.T) {
	rows := []string{"| pattern | the application | the mesh | example |", "|---|---|---|---|"}
	for _, info := range api.Patterns() {
		example := patternExamples[info.Name]
		bundle := fntest.ReadText(t, filepath.Join("../examples", example, "bundle.yaml"))
		if !strings.Contains(bundle, info.Name) && strings.Contains(bundle, "pattern:") {
			t.Errorf("%s does not show %s", example, info.Name)
		}
		rows = append(rows, fmt.Sprintf("| `%s` | %s | %s | [%s](examples/%s) |", info.Name, info.Application, info.Mesh, example, example))
	}
	compareTable(t, "../README.md", "patterns", rows)
}

// TestReadmeExamples: the table of examples has all of them, by their titles and
// the sentences below. UPDATE_GOLDEN=1 rewrites it.
func TestReadmeExamples(t *testing.T) {
	rows := []string{"| example | what it shows |", "|---|---|"}
	for _, path := range fntest.Glob(t, "../examples/*/README.md") {
		found := titleAndSentence.FindStringSubmatch(fntest.ReadText(t, path))
		if found == nil {
			t.Errorf("%s must start with a title and a sentence", path)
			continue
		}
		name := filepath.Base(filepath.Dir(path))
		rendered := fntest.ReadText(t, filepath.Join(filepath.Dir(path), "rendered.yaml"))
		objects := fmt.Sprintf("becomes %d objects", strings.Count("\n"+rendered, "\napiVersion: "))
		if !strings.Contains(fntest.ReadText(t, path), objects) {
			t.Errorf("%s must say that the bundle %s", path, objects)
		}
		sentence := strings.Join(strings.Fields(found[2]), " ")
		rows = append(rows, fmt.Sprintf("| [%s](%s) | %s |", found[1], name, sentence))
	}
	compareTable(t, "../examples/README.md", "examples", rows)
}

var titleAndSentence = regexp.MustCompile(`(?s)^# ([^\n]+)\n\n(.+?\.)(?:\s|$)`)

// TestCookbook: the cookbook shows each of its bundles, and each destination in them names the page
// that its hosts are from, and when that was read, unless they are the user's own.
func TestCookbook(t *testing.T) {
	page := fntest.ReadText(t, "../docs/cookbook.md")
	for _, path := range fntest.Glob(t, "../cookbook/*/bundle.yaml") {
		if block := "<!-- file: " + strings.TrimPrefix(path, "../") + " -->"; !strings.Contains(page, block) {
			t.Errorf("docs/cookbook.md does not show %s", path)
		}
		for _, destination := range matches(t, entry, fntest.ReadText(t, path)) {
			if !source.MatchString(destination[1]) {
				t.Errorf("%s: %s must name a page, and when it was read, above it", path, destination[2])
			}
		}
	}
}

var (
	entry  = regexp.MustCompile(`(?m)((?:^    # .*\n)*)^    ([a-z][-a-z0-9]*):`)
	source = regexp.MustCompile(`(?s)https://.*20\d\d-\d\d|The same|of your own`)
)

// compareTable compares the table after a comment of a page. UPDATE_GOLDEN=1 rewrites it.
func compareTable(t *testing.T, page, comment string, rows []string) {
	t.Helper()
	want := strings.Join(rows, "\n")
	text := fntest.ReadText(t, page)
	block := regexp.MustCompile("(?s)<!-- " + comment + " -->\n(.*?)\n(?:\n|$)").FindStringSubmatchIndex(text)
	if block == nil {
		t.Fatalf("%s has no table %q", page, comment)
	}
	if os.Getenv("UPDATE_GOLDEN") != "" {
		fntest.WriteText(t, page, text[:block[2]]+want+text[block[3]:])
		return
	}
	if diff := cmp.Diff(want, text[block[2]:block[3]]); diff != "" {
		t.Errorf("table %q (-want +%s), refresh with UPDATE_GOLDEN=1:\n%s", comment, page, diff)
	}
}

// TestLinks: what the documentation links to in the repository is there, with its headings.
func TestLinks(t *testing.T) {
	documents := slices.Concat(
		fntest.Glob(t, "../*.md"), fntest.Glob(t, "../docs/*.md"), fntest.Glob(t, "*.md"),
		fntest.Glob(t, "../examples/*.md"), fntest.Glob(t, "../examples/*/README.md"),
	)
	for _, document := range documents {
		text := anyBlock.ReplaceAllString(fntest.ReadText(t, document), "")
		for _, found := range link.FindAllStringSubmatch(text, -1) {
			if strings.Contains(found[1], "://") {
				continue
			}
			path, heading, _ := strings.Cut(found[1], "#")
			target := document
			if path != "" {
				target = filepath.Join(filepath.Dir(document), path)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %v", document, err)
			} else if heading != "" && !slices.Contains(headings(fntest.ReadText(t, target)), heading) {
				t.Errorf("%s: %s has no heading %q", document, target, heading)
			}
		}
	}
}

// headings returns the anchors of the headings of a page, as GitHub makes them.
func headings(text string) []string {
	var anchors []string
	for _, found := range headingLine.FindAllStringSubmatch(text, -1) {
		words := strings.ReplaceAll(strings.ToLower(found[1]), " ", "-")
		anchors = append(anchors, notInAnchors.ReplaceAllString(words, ""))
	}
	return anchors
}

// TestErrorsOfReadme keeps the output true that the README shows.
func TestErrorsOfReadme(t *testing.T) {
	got := fntest.Execute(t, "testdata/errors", "", fntest.Program, "render", "team.yaml")
	if got.Status != 1 || got.Stdout != "" {
		t.Errorf("got %+v", got)
	}
	fntest.CompareGolden(t, "testdata/errors/output.txt", got.Stderr)
}

// TestCatalog: what describes the function to a catalog has the fields of the catalog of
// kpt, and names and shows what is in the repository; --help prints the README.
func TestCatalog(t *testing.T) {
	var metadata struct {
		Image, Description, SourceURL, License string
		Tags, ExamplePackageURLs               []string
	}
	if err := yaml.UnmarshalStrict([]byte(fntest.ReadText(t, "metadata.yaml")), &metadata); err != nil {
		t.Fatal(err)
	}
	for _, url := range append(metadata.ExamplePackageURLs, metadata.SourceURL) {
		_, folder, _ := strings.Cut(url, "/tree/main/")
		if info, err := os.Stat(filepath.Join("..", folder)); err != nil || !info.IsDir() {
			t.Errorf("%s is no folder", url)
		}
	}
	var want, got []string
	for _, file := range []string{"fleet/mesh.yaml", "kpt/Kptfile", "fleet/kustomization.yaml"} {
		want = append(want, fntest.ReadText(t, filepath.Join("../examples/layouts", file)))
	}
	text := fntest.ReadText(t, "README.md")
	for _, block := range matches(t, yamlBlock, text) {
		got = append(got, block[1])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("blocks of README.md (-files +README):\n%s", diff)
	}
	help := fntest.Succeed(t, "", "", fntest.Program, "--help")
	if !strings.HasPrefix(help, text) {
		t.Errorf("--help does not start with README.md:\n%s", help)
	}
	for _, heading := range []string{"Overview", "Usage", "FunctionConfig", "Examples"} {
		if !strings.Contains(help, "\n## "+heading+"\n") {
			t.Errorf("--help does not have %s:\n%s", heading, help)
		}
	}
}
