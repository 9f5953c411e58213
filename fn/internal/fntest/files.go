// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package fntest

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// CompareGolden compares with a file. UPDATE_GOLDEN=1 rewrites the file.
func CompareGolden(t testing.TB, path, got string) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		WriteText(t, path, got)
	}
	if diff := cmp.Diff(ReadText(t, path), got); diff != "" {
		t.Errorf("%s (-want +got), refresh with UPDATE_GOLDEN=1:\n%s", path, diff)
	}
}

// ReadText returns the text of a file.
func ReadText(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// WriteText writes a file, and the folders above it.
func WriteText(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Glob returns the paths that match, and fails if there are none.
func Glob(t testing.TB, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("nothing matches %s (%v)", pattern, err)
	}
	return paths
}

// Files returns the paths of the files below a folder.
func Files(t testing.TB, dir string) []string {
	t.Helper()
	var found []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// Contents returns the text of each file, but for what kpt notes of its last run.
func Contents(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range Files(t, dir) {
		text := ReadText(t, filepath.Join(dir, name))
		if filepath.Base(name) == "Kptfile" {
			text, _, _ = strings.Cut(text, "status:\n")
		}
		all[name] = text
	}
	return all
}

// Remove removes a file.
func Remove(t testing.TB, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// Sorted compares lists of texts whatever their order.
var Sorted = cmp.Transformer("sorted", func(all []string) []string { return slices.Sorted(slices.Values(all)) })
