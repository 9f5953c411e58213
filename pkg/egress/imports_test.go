// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/egressbundle/egressbundle/"

// A room is a package of this repository, and what it may import.
type room struct {
	dir string
	// own are the packages of the repository that it may import.
	own []string
	// others are the packages and modules of others that it may import, beside those of the
	// standard library without effects.
	others []string
	reason string
}

// rooms are the packages of the root module, lowest first: each imports only those before it
// in the list. So data flows one way, from what is read to what is written.
var rooms = []room{
	{dir: "schemas", reason: "holds definitions and no logic"},
	{dir: "internal/yamltext", others: []string{"go.yaml.in/yaml/v3"}, reason: "knows YAML, and nothing of what it says"},
	{
		dir: "internal/yamlstream", own: []string{"internal/yamltext"}, others: []string{"go.yaml.in/yaml/v3"},
		reason: "writes YAML, whatever it says",
	},
	{dir: "pkg/egress/internal/field", reason: "names fields, and is named by every room that reports"},
	{dir: "pkg/egress/internal/jsontree", reason: "knows JSON, and no type of it"},
	{
		dir: "pkg/egress/api", own: []string{"internal/yamlstream", "internal/jsontree"},
		reason: "the API is data: whoever has it may judge it, it judges nothing itself",
	},
	{
		dir: "pkg/egress/diag", own: []string{"api", "internal/jsontree"},
		reason: "what is said of input knows nothing of what is said, but its version",
	},
	{dir: "pkg/egress/internal/kind", reason: "a list"},
	{dir: "pkg/egress/internal/name", reason: "joins text"},
	{dir: "pkg/egress/internal/address", reason: "compares text"},
	{dir: "pkg/egress/internal/shard", reason: "splits lists, whatever they hold"},
	{
		dir:    "pkg/egress/internal/protoyaml",
		own:    []string{"internal/yamltext"},
		others: []string{"google.golang.org/protobuf"},
		reason: "the one room that writes messages of Protocol Buffers",
	},
	{
		dir: "pkg/egress/object",
		own: []string{
			"internal/yamlstream", "internal/yamltext", "api", "diag", "internal/jsontree", "internal/kind", "internal/name",
			"internal/protoyaml",
		},
		others: []string{"go.yaml.in/yaml/v3", "google.golang.org/protobuf/proto"},
		reason: "objects are written alike, whoever makes them and from what",
	},
	{
		dir:    "pkg/egress/internal/schema",
		own:    []string{"schemas", "internal/field"},
		others: []string{"cuelang.org/go"},
		reason: "the one room that knows CUE, and nothing else",
	},
	{
		dir:    "pkg/egress/internal/source",
		own:    []string{"diag", "internal/field"},
		others: []string{"go.yaml.in/yaml/v3"},
		reason: "positions are those of any document",
	},
	{
		dir:    "pkg/egress/internal/diagnose",
		own:    []string{"diag", "internal/field", "internal/source"},
		reason: "every room reports through it, so it knows none",
	},
	{
		dir:    "pkg/egress/internal/check",
		own:    []string{"diag", "internal/diagnose", "internal/field", "internal/schema", "internal/source"},
		reason: "judges one entry by itself, as CUE does, before anything is decoded",
	},
	{
		dir:    "pkg/egress/internal/neighbor",
		own:    []string{"diag", "internal/kind", "internal/source", "object"},
		others: []string{"go.yaml.in/yaml/v3"},
		reason: "says what others wrote; what that does to bundles, a backend knows",
	},
	{
		dir: "pkg/egress/internal/parse",
		own: []string{
			"api", "diag", "internal/check", "internal/diagnose", "internal/field", "internal/jsontree", "internal/neighbor", "internal/source",
		},
		others: []string{"go.yaml.in/yaml/v3"},
		reason: "reads, and never plans",
	},
	{
		dir:    "pkg/egress/internal/ir",
		own:    []string{"api", "internal/address", "internal/field", "internal/source"},
		reason: "plans are values, from which any backend can build: no Istio, no Kubernetes, no YAML",
	},
	{
		dir:    "pkg/egress/internal/facts",
		own:    []string{"api", "diag", "internal/address", "internal/diagnose", "internal/field", "internal/ir"},
		others: []string{"k8s.io/apimachinery/pkg/api/resource"},
		reason: "knows clusters, and no bundle",
	},
	{
		dir: "pkg/egress/internal/plan",
		own: []string{
			"api", "diag", "internal/address", "internal/diagnose", "internal/facts", "internal/field", "internal/ir", "internal/shard", "internal/source",
		},
		reason: "knows one bundle, and nothing of what is built from it",
	},
	{
		dir:    "pkg/egress/internal/conflict",
		own:    []string{"api", "diag", "internal/address", "internal/diagnose", "internal/field", "internal/ir", "internal/source"},
		reason: "compares plans, whatever is built from them",
	},
	{
		dir: "pkg/egress/internal/draft",
		own: []string{
			"diag", "internal/diagnose", "internal/field", "internal/ir", "internal/kind", "internal/name", "internal/neighbor",
			"internal/source", "object",
		},
		reason: "names objects before their specs are made, for every backend",
	},
	{
		dir:    "pkg/egress/internal/precedence",
		own:    []string{"internal/ir", "internal/kind", "internal/neighbor"},
		reason: "says which of several objects proxies follow, and neither what that does to bundles nor in what words",
	},
	{
		dir: "pkg/egress/internal/istio",
		own: []string{
			"api", "diag", "internal/address", "internal/diagnose", "internal/draft", "internal/field", "internal/ir", "internal/kind",
			"internal/name", "internal/neighbor", "internal/precedence", "internal/shard", "object",
		},
		others: []string{"google.golang.org/protobuf", "istio.io/api"},
		reason: "the one room that knows Istio's objects; it reads plans, and fails nowhere but in Check",
	},
	{
		dir: "pkg/egress/internal/kube",
		own: []string{
			"api", "diag", "internal/address", "internal/diagnose", "internal/draft", "internal/facts", "internal/field", "internal/ir",
			"internal/jsontree", "internal/kind", "internal/shard", "object",
		},
		others: []string{"k8s.io/api", "k8s.io/apimachinery"},
		reason: "knows the objects of Kubernetes itself, and no other backend",
	},
	{dir: "pkg/egress/explain", own: []string{"api", "diag", "internal/jsontree"}, reason: "an explanation is data, for whoever reads it"},
	{dir: "pkg/egress/runbook", reason: "a runbook is data, for whoever reads it"},
	{
		dir:    "pkg/egress/internal/smoke",
		own:    []string{"explain", "internal/ir", "internal/kind", "internal/name", "object"},
		others: []string{"k8s.io/api", "k8s.io/apimachinery"},
		reason: "tries what explanations say, and explains nothing itself",
	},
	{dir: "pkg/egress/report", own: []string{"api", "diag", "internal/jsontree", "object"}, reason: "a report is data, for whoever reads it"},
	{
		dir: "pkg/egress/internal/audit",
		own: []string{
			"api", "diag", "internal/field", "internal/ir", "internal/kind", "internal/neighbor", "object", "report",
		},
		reason: "reads what plans and objects say of themselves, and renders nothing",
	},
	{
		dir: "pkg/egress/internal/follow",
		own: []string{
			"api", "diag", "explain", "internal/address", "internal/facts", "internal/field", "internal/ir", "internal/istio", "internal/kind",
			"internal/kube", "internal/neighbor", "internal/precedence", "object",
		},
		others: []string{"github.com/agnivade/levenshtein"},
		reason: "follows one call through what others planned and made, and makes nothing",
	},
	{
		dir: "pkg/egress/internal/guide",
		own: []string{
			"api", "diag", "explain", "internal/address", "internal/follow", "internal/ir", "internal/kind", "object", "runbook",
		},
		reason: "writes down what others say of plans, and asks no cluster",
	},
	{
		dir: "pkg/egress",
		own: []string{
			"api", "diag", "explain", "internal/audit", "internal/conflict", "internal/diagnose", "internal/draft", "internal/facts", "internal/field",
			"internal/follow", "internal/guide", "internal/ir", "internal/istio", "internal/kind", "internal/kube", "internal/neighbor",
			"internal/parse", "internal/plan", "internal/schema", "internal/smoke", "internal/source", "object", "report", "runbook",
		},
		others: []string{"go.yaml.in/yaml/v3"},
		reason: "the door: it leads from room to room, and does no work itself; an item comes as the tree that its host has",
	},
	{dir: "fn/code", own: []string{"diag"}, reason: "codes of what only the program knows"},
	{dir: "fn/warning", own: []string{"api", "diag", "object", "fn/code"}, reason: "the same words for the function and the commands"},
	{dir: "fn/yamlfile", reason: "says which files count, and reads none"},
	{
		dir: "fn/identity", own: []string{"object"}, others: []string{"go.yaml.in/yaml/v3", "sigs.k8s.io/kustomize/kyaml"},
		reason: "says whose an object is, for all",
	},
	{
		dir: "fn/input", own: []string{"pkg/egress", "api", "diag", "object", "fn/code", "fn/identity", "fn/yamlfile"},
		others: []string{"go.yaml.in/yaml/v3"},
		reason: "reads paths, and passes items on; it writes nothing",
	},
	{
		dir: "fn/folder", own: []string{"diag", "object", "fn/code", "fn/identity", "fn/warning", "fn/yamlfile"},
		others: []string{"github.com/aymanbagabas/go-udiff", "github.com/gofrs/flock", "go.yaml.in/yaml/v3"},
		reason: "writes objects, wherever they come from",
	},
	{
		dir: "fn/kustomization", own: []string{"api", "diag", "object", "fn/code", "fn/identity"},
		others: []string{"go.yaml.in/yaml/v3", "sigs.k8s.io/kustomize/api", "sigs.k8s.io/kustomize/kyaml"},
		reason: "the one room that knows kustomizations; it builds them, and renders nothing",
	},
	{
		dir: "fn",
		own: []string{
			"internal/yamlstream", "pkg/egress", "api", "diag", "object", "fn/code", "fn/folder", "fn/identity", "fn/input",
			"fn/kustomization", "fn/warning",
		},
		others: []string{"sigs.k8s.io/kustomize/kyaml", "sigs.k8s.io/yaml"},
		reason: "the one room that knows hosts of KRM functions; if it needs Istio or CUE, the library lacks something",
	},
	{
		dir:    "fn/command",
		own:    []string{"pkg/egress", "diag", "explain", "object", "fn", "fn/code", "fn/folder", "fn/input", "fn/kustomization", "fn/warning"},
		others: []string{"github.com/agnivade/levenshtein", "github.com/spf13/cobra", "github.com/spf13/pflag", "golang.org/x/term"},
		reason: "the one room that knows flags",
	},
	{dir: "cmd/egressbundle", own: []string{"fn/command"}, reason: "starts, and exits"},
}

// withEffects are packages of the standard library by which something could depend on more
// than its arguments. The library is pure: it has none of them.
var withEffects = []string{"log", "log/slog", "math/rand", "math/rand/v2", "net", "net/http", "os", "os/exec"}

// TestImports keeps the rooms of the repository apart.
func TestImports(t *testing.T) {
	for i, r := range rooms {
		below := rooms[:i]
		for _, own := range r.own {
			if !slices.ContainsFunc(below, func(b room) bool { return b.dir == dirOf(own) }) {
				t.Errorf("%s may import %s, which does not stand before it in the list", r.dir, own)
			}
		}
		used := map[string]bool{}
		for file, imports := range importsOf(t, r.dir) {
			for _, imported := range imports {
				rule, ok := r.ruleFor(imported)
				if !ok {
					t.Errorf("%s imports %s: %s", file, imported, r.reason)
				}
				used[rule] = true
			}
		}
		for _, rule := range slices.Concat(r.own, r.others) {
			if !used[rule] {
				t.Errorf("%s may import %s, and does not; take it off the list", r.dir, rule)
			}
		}
	}
}

// ruleFor returns the rule by which a room may import something.
func (r room) ruleFor(imported string) (rule string, ok bool) {
	if dir, isOwn := strings.CutPrefix(imported, module); isOwn {
		i := slices.IndexFunc(r.own, func(own string) bool { return dirOf(own) == dir })
		if i < 0 {
			return "", false
		}
		return r.own[i], true
	}
	if isStandard := !strings.Contains(strings.SplitN(imported, "/", 2)[0], "."); isStandard {
		return "", !strings.HasPrefix(r.dir, "pkg/") || !slices.Contains(withEffects, imported)
	}
	i := slices.IndexFunc(r.others, func(other string) bool { return imported == other || strings.HasPrefix(imported, other+"/") })
	if i < 0 {
		return "", false
	}
	return r.others[i], true
}

// dirOf returns the folder of a package that a rule names: those of the library stand there
// by their paths within it.
func dirOf(own string) string {
	if strings.HasPrefix(own, "fn") || slices.Contains([]string{"schemas", "pkg/egress", "internal/yamlstream", "internal/yamltext"}, own) {
		return own
	}
	return path.Join("pkg/egress", own)
}

// TestEveryPackageIsARoom: no package is without a rule, and none is missing in the map.
func TestEveryPackageIsARoom(t *testing.T) {
	table := roomTable(t)
	for _, r := range rooms {
		if !strings.Contains(table, path.Base(r.dir)) {
			t.Errorf("the table of rooms in CONTRIBUTING.md does not name %s", r.dir)
		}
	}
	err := filepath.WalkDir(repository, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(repository, file)
		if err != nil || !entry.IsDir() {
			return err
		}
		dir = filepath.ToSlash(dir)
		if isOtherModule := slices.Contains([]string{".git", "conformance", "wire", "tools", "bin"}, dir); isOtherModule {
			return fs.SkipDir
		}
		isRoom := slices.ContainsFunc(rooms, func(r room) bool { return r.dir == dir })
		if len(sources(t, dir)) > 0 && !isRoom {
			t.Errorf("package %s has no rule; add one, with its reason, to rooms", dir)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// roomTable returns the table of rooms of CONTRIBUTING.md.
func roomTable(t *testing.T) string {
	t.Helper()
	_, rest, found := strings.Cut(readText(t, filepath.Join(repository, "CONTRIBUTING.md")), "<!-- rooms -->\n")
	table, _, _ := strings.Cut(rest, "\n\n")
	if !found || table == "" {
		t.Fatal("CONTRIBUTING.md has no table of rooms")
	}
	return table
}

// sources returns the Go files of a folder, but for tests and what only tests import.
func sources(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(repository, dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(files, func(file string) bool {
		return strings.HasSuffix(file, "_test.go") || strings.HasSuffix(filepath.ToSlash(filepath.Dir(file)), "fn/internal/fntest")
	})
}

// importsOf returns what the files of a folder import.
func importsOf(t *testing.T, dir string) map[string][]string {
	t.Helper()
	files := sources(t, dir)
	if len(files) == 0 {
		t.Fatalf("no Go files in %s", dir)
	}
	imports := map[string][]string{}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			imports[file] = append(imports[file], imported)
		}
	}
	return imports
}
