// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCompletion: shells are told what may stand at each place. A directive of cobra says which
// files: 8 those with the endings that are listed, 16 folders, and 4 none.
func TestCompletion(t *testing.T) {
	const files = "yaml yml json :8"
	for typed, want := range map[string]string{
		"r":                       "render runbook :4",
		"comp":                    "completion :4",
		"render ":                 files,
		"render a.yaml ":          files,
		"render --mesh ":          files,
		"render -o ":              ":16",
		"render a.yaml -o ":       ":16",
		"render --report=":        "markdown json :4",
		"render --mes":            "--mesh :4",
		"build ":                  ":16",
		"explain ":                "https:// http:// tls:// tcp:// :6",
		"explain https://a.com ":  files,
		"explain -o ":             "text json :4",
		"schema EgressM":          "EgressMesh :4",
		"runbook ":                files,
		"smoke ":                  files,
		"patch --helm ":           files,
		"render --since old --as": "--as-of :4",
	} {
		words := strings.Split(typed, " ")
		got := runHere("", append([]string{"__complete"}, words...)...)
		var said []string
		for line := range strings.Lines(got.Stdout) {
			word, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
			said = append(said, word)
		}
		said = slices.DeleteFunc(said, func(word string) bool { return word == "" })
		if diff := cmp.Diff(want, strings.Join(said, " ")); diff != "" || got.Status != 0 {
			t.Errorf("%q (-want +got):\n%s", typed, diff)
		}
	}
}
