// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/report"
)

// TestSince: what a reviewer reads of a change. UPDATE_GOLDEN=1 rewrites it.
func TestSince(t *testing.T) {
	for _, path := range glob(t, "../../testdata/since/*.txtar") {
		archive := readArchive(t, path)
		files := map[string]*txtar.File{}
		for i := range archive.Files {
			files[archive.Files[i].Name] = &archive.Files[i]
		}
		before, now := reported(t, files["before.yaml"]), reported(t, files["bundles.yaml"])
		change := files["change.md"]
		got := changeText(t, now.Since(before))
		if os.Getenv("UPDATE_GOLDEN") != "" {
			change.Data = []byte(got)
			if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(string(change.Data), got); diff != "" {
			t.Errorf("%s (-want +got), refresh with UPDATE_GOLDEN=1:\n%s", path, diff)
		}
	}
}

// TestSinceSaysAllOfAReport: two reports that a reader can tell apart differ in something, and a
// report does not differ from itself.
func TestSinceSaysAllOfAReport(t *testing.T) {
	var before report.Report
	var textBefore string
	for _, in := range append(glob(t, "../../testdata/render/*/*/in.yaml"), glob(t, "../../examples/*/bundle.yaml")...) {
		now := reported(t, &txtar.File{Name: in, Data: []byte(readText(t, in))})
		var text strings.Builder
		if err := now.Encode(&text); err != nil {
			t.Fatal(err)
		}
		if same := now.Since(now); !same.IsEmpty() {
			t.Errorf("%s since itself:\n%s", in, changeText(t, same))
		}
		if text.String() != textBefore && now.Since(before).IsEmpty() {
			t.Errorf("nothing differs in %s", in)
		}
		before, textBefore = now, text.String()
	}
}

func reported(t *testing.T, file *txtar.File) report.Report {
	t.Helper()
	documents, err := egress.Parse(file.Name, file.Data)
	if err != nil {
		t.Fatal(err)
	}
	output, err := documents.Render()
	if err != nil {
		t.Fatal(err)
	}
	return output.Report()
}

func changeText(t *testing.T, c report.Change) string {
	t.Helper()
	var text strings.Builder
	if err := c.Encode(&text); err != nil {
		t.Fatal(err)
	}
	return text.String()
}
