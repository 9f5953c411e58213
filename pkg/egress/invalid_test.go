// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
)

const (
	invalidArchives = "../../testdata/invalid/*.txtar"
	wantFile        = "want"
	asOfFile        = "as-of" // the day as of which dates are judged
)

// TestInvalid reads and renders every case of testdata/invalid and compares
// what is reported, to the last character: messages are what users see of this
// package. UPDATE_GOLDEN=1 rewrites what is expected.
func TestInvalid(t *testing.T) {
	for _, path := range glob(t, invalidArchives) {
		t.Run(caseName(path), func(t *testing.T) {
			archive := readArchive(t, path)
			if len(bytes.TrimSpace(archive.Comment)) == 0 {
				t.Error("the comment must say why the case exists")
			}
			got := diagnose(t, asOf(t, archive), inputs(archive))
			checkReadable(t, archive, got)
			compareDiagnostics(t, path, archive, format(got))
		})
	}
}

// TestEveryCodeHasACase holds the cases against the list of codes, in both
// directions: each code has a case, and each case reports the code that its
// name starts with.
func TestEveryCodeHasACase(t *testing.T) {
	codes := declaredCodes(t)
	tested := map[string]bool{}
	for _, path := range glob(t, invalidArchives) {
		code, _, _ := strings.Cut(caseName(path), "_")
		if !slices.Contains(codes, code) {
			t.Errorf("%s: diag/code.go has no code %q", path, code)
		}
		if want := fileOf(readArchive(t, path), wantFile); !bytes.Contains(want, []byte("["+code+"]\n")) {
			t.Errorf("%s: must expect the code %s that it is named after", path, code)
		}
		tested[code] = true
	}
	for _, code := range codes {
		if !tested[code] {
			t.Errorf("code %s has no case in testdata/invalid", code)
		}
	}
}

// TestEveryWordHasACase: each sentence about a word of others stands in what a case expects.
func TestEveryWordHasACase(t *testing.T) {
	var expected bytes.Buffer
	for _, path := range glob(t, invalidArchives) {
		expected.Write(fileOf(readArchive(t, path), wantFile))
	}
	words, err := os.ReadFile("../../schemas/words.cue")
	if err != nil {
		t.Fatal(err)
	}
	sentences := regexp.MustCompile(`, ("(?:[^"\\]|\\.)*")\)`).FindAllSubmatch(words, -1)
	if len(sentences) < 50 {
		t.Fatalf("found %d sentences in words.cue, want most of its lines", len(sentences))
	}
	for _, m := range sentences {
		sentence, err := strconv.Unquote(string(m[1]))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(expected.Bytes(), []byte("; "+sentence+" [")) {
			t.Errorf("no case in testdata/invalid expects: %s", sentence)
		}
	}
}

// TestParseNothing proves that a stream without a bundle is no error by itself.
// Whether there must be one is up to the caller.
func TestParseNothing(t *testing.T) {
	for name, src := range map[string]string{
		"empty":          "",
		"separator":      "---\n",
		"separators":     "---\n---\n...\n---\n",
		"comments":       "# nothing yet\n---\n# nor here\n",
		"byte order":     "\ufeff",
		"null":           "null\n",
		"text":           "edition.cnn.com\n",
		"list":           "- edition.cnn.com\n",
		"another API":    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
		"similar API":    "apiVersion: egressbundle.io.example/v1alpha1\nkind: Other\n",
		"only a comment": "# apiVersion: egressbundle.io/v1alpha1",
	} {
		t.Run(name, func(t *testing.T) {
			found, err := egress.Parse("team.yaml", []byte(src))
			if err != nil {
				t.Fatal(err)
			}
			if !found.IsEmpty() {
				t.Error("found documents, want none")
			}
		})
	}
}

// diagnose returns everything that is wrong with some files, and else what to
// warn of.
func diagnose(t testing.TB, asOf time.Time, files []txtar.File) []diag.Diagnostic {
	t.Helper()
	var all egress.Documents
	for _, file := range files {
		found, err := egress.Parse(file.Name, file.Data)
		diagnosticsOf(t, err)
		all.Add(found)
	}
	output, err := all.RenderAsOf(asOf)
	if err != nil {
		return diagnosticsOf(t, err)
	}
	return output.Warnings
}

// diagnosticsOf fails for an error that is none of the user's.
func diagnosticsOf(t testing.TB, err error) []diag.Diagnostic {
	t.Helper()
	if err == nil {
		return nil
	}
	var invalid *diag.InvalidError
	if !errors.As(err, &invalid) {
		t.Fatalf("want an *InvalidError, got %T: %v", err, err)
	}
	return invalid.Diagnostics
}

// format returns the diagnostics as the command prints them.
func format(diagnostics []diag.Diagnostic) []byte {
	var text bytes.Buffer
	for _, d := range diagnostics {
		text.WriteString(d.String() + "\n")
	}
	return text.Bytes()
}

// checkReadable fails for a message that says nothing to somebody who never
// saw the source of this program.
func checkReadable(t testing.TB, archive *txtar.Archive, diagnostics []diag.Diagnostic) {
	t.Helper()
	for _, d := range diagnostics {
		checkDiagnostic(t, d, fileOf(archive, d.Position.File))
		for _, jargon := range []string{"cannot unmarshal", "conflicting values", "=~", "map[", "interface {}", "_|_", "<nil>"} {
			if strings.Contains(d.Message, jargon) {
				t.Errorf("must be plain English, and has %q: %s", jargon, d)
			}
		}
	}
}

// checkDiagnostic holds for every diagnostic of every input: it is complete, is
// one line, and points into the file.
func checkDiagnostic(t testing.TB, d diag.Diagnostic, src []byte) {
	t.Helper()
	text := d.String()
	if d.Code == "" || d.Message == "" || d.Severity == "" {
		t.Errorf("must have a code, a message and a severity: %q", text)
	}
	if i := strings.IndexFunc(text, func(r rune) bool { return !strconv.IsPrint(r) }); i >= 0 {
		t.Errorf("must be one line that a terminal can show: %q", text)
	}
	if lines := len(lineBreak.FindAllString(textOf(src), -1)) + 1; d.Position.Line < 1 || d.Position.Line > lines+1 {
		t.Errorf("must point into a file of %d lines: %s", lines, text)
	}
	if d.Position.Column < 1 {
		t.Errorf("must have a column: %s", text)
	}
}

// textOf returns the text of a file, which is UTF-16 if it begins with a mark of that.
func textOf(src []byte) string {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(src, []byte{0xfe, 0xff}):
		order = binary.BigEndian
	case bytes.HasPrefix(src, []byte{0xff, 0xfe}):
		order = binary.LittleEndian
	default:
		return string(src)
	}
	var units []uint16
	for pair := range slices.Chunk(src[:len(src)/2*2], 2) {
		units = append(units, order.Uint16(pair))
	}
	return string(utf16.Decode(units))
}

// lineBreak is what ends a line for the YAML library.
var lineBreak = regexp.MustCompile(`\r\n|[\r\n\x{85}\x{2028}\x{2029}]`)

func compareDiagnostics(t *testing.T, path string, archive *txtar.Archive, got []byte) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		archive.Files = slices.DeleteFunc(archive.Files, func(f txtar.File) bool { return f.Name == wantFile })
		archive.Files = append(archive.Files, txtar.File{Name: wantFile, Data: got})
		if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want := fileOf(archive, wantFile)
	if diff := cmp.Diff(lines(want), lines(got)); diff != "" {
		t.Errorf("%s (-want +got), refresh with UPDATE_GOLDEN=1:\n%s", path, diff)
	}
}

func lines(text []byte) []string { return strings.SplitAfter(string(text), "\n") }

// declaredCodes returns the values of the constants of diag/code.go.
func declaredCodes(t testing.TB) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "diag/code.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	ast.Inspect(file, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			code, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			codes = append(codes, code)
		}
		return true
	})
	return codes
}

func readArchive(t testing.TB, path string) *txtar.Archive {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return archive
}

// inputs returns the files that a user wrote.
func inputs(archive *txtar.Archive) []txtar.File {
	return slices.DeleteFunc(slices.Clone(archive.Files), func(f txtar.File) bool { return f.Name == wantFile || f.Name == asOfFile })
}

// asOf returns the day as of which an archive is judged, if it has one.
func asOf(t testing.TB, archive *txtar.Archive) time.Time {
	t.Helper()
	text := strings.TrimSpace(string(fileOf(archive, asOfFile)))
	if text == "" {
		return time.Time{}
	}
	return day(t, text)
}

// day returns a day of the calendar.
func day(t testing.TB, text string) time.Time {
	t.Helper()
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		t.Fatal(err)
	}
	return day
}

// fileOf returns the content of a file of an archive, and nothing if there is
// no such file.
func fileOf(archive *txtar.Archive, name string) []byte {
	for _, file := range archive.Files {
		if file.Name == name {
			return file.Data
		}
	}
	return nil
}

func caseName(path string) string { return strings.TrimSuffix(filepath.Base(path), ".txtar") }
