// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	goparser "go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestImports keeps the rooms of the repository apart: what a package may never
// import, and why.
func TestImports(t *testing.T) {
	const self = "github.com/egressbundle/egressbundle"
	for _, room := range []struct {
		dir    string
		never  []string
		reason string
	}{
		{"schemas", []string{""}, "schemas hold definitions and no logic"},
		{
			"pkg/egress",
			[]string{"os", "net/http", "log", "log/slog", "math/rand", "math/rand/v2", "cuelang.org/", "sigs.k8s.io/kustomize/", "github.com/spf13/", "google.golang.org/protobuf/encoding/", "github.com/golang/protobuf/"},
			"the library is pure, and CUE and the writing of protobuf have rooms of their own",
		},
		{"pkg/egress/internal/schema", []string{self + "/pkg/egress", "istio.io/", "sigs.k8s.io/", "google.golang.org/protobuf/"}, "the room of CUE knows nothing but CUE"},
		{"pkg/egress/internal/protoyaml", []string{self + "/", "cuelang.org/", "sigs.k8s.io/", "go.yaml.in/"}, "the room of protobuf knows nothing but protobuf"},
		{"fn", []string{"istio.io/", "cuelang.org/", "google.golang.org/protobuf/"}, "if the program needs them, the library lacks something"},
	} {
		for file, imports := range importsOf(t, filepath.Join(repository, room.dir)) {
			for _, path := range imports {
				for _, never := range room.never {
					if path == never || (never == "" || strings.HasSuffix(never, "/")) && strings.HasPrefix(path, never) && path != "embed" {
						t.Errorf("%s imports %s: %s", file, path, room.reason)
					}
				}
			}
		}
	}
}

// importsOf returns what the files of a folder import, but for tests.
func importsOf(t *testing.T, dir string) map[string][]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no Go files in %s (%v)", dir, err)
	}
	imports := map[string][]string{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := goparser.ParseFile(token.NewFileSet(), file, nil, goparser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range parsed.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			imports[file] = append(imports[file], path)
		}
	}
	return imports
}
