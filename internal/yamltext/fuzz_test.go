// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package yamltext_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/egressbundle/egressbundle/internal/yamltext"
)

// FuzzAppend writes any text as keys and values, and what any YAML says, and compares the bytes
// with those of the library.
func FuzzAppend(f *testing.F) {
	for _, text := range texts {
		f.Add(text, "k")
		f.Add("k", text)
		f.Add("k: "+text, "k")
	}
	f.Add("\xff", "\xfe")
	f.Fuzz(func(t *testing.T, a, b string) {
		tree := map[string]any{a: b, b: []any{a, []any{b}, map[string]string{a: b}}, "n": map[string]any{b: a, "a": int64(1)}}
		compare(t, tree)
		compare(t, []any{tree, a})
		var document yaml.Node
		if yaml.Unmarshal([]byte(a), &document) == nil && len(document.Content) > 0 {
			compare(t, document.Content[0])
		}
	})
}

// TestLeftToLibrary: nothing is left to the library but what is rare.
func TestLeftToLibrary(t *testing.T) {
	var left []string
	for _, text := range texts {
		if _, ok := yamltext.AppendDocument(nil, map[string]any{"k": text}); !ok {
			left = append(left, text)
		}
	}
	want := []string{"a\nb\n\n", "\n", "\u0085", "\u2028", "\ufeff", "\x00", "\x7f", "\xff"}
	if diff := cmp.Diff(want, left); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, known := range []string{"a: |\n  b\n", "a: 'b'\n", "a: \"b\"", "- a\n- - b\n  - c: d\n", "a:\n- b\n-\n- c: []\n  d: {}\n"} {
		var document yaml.Node
		if err := yaml.Unmarshal([]byte(known), &document); err != nil {
			t.Fatal(err)
		}
		if got, ok := yamltext.AppendDocument(nil, document.Content[0]); !ok {
			t.Errorf("%q is left to the library, after %q", known, got)
		}
	}
}

// compare compares what is written of a value with what the library writes.
func compare(t *testing.T, value any) {
	t.Helper()
	if got, ok := yamltext.AppendDocument(nil, value); ok {
		if diff := cmp.Diff(byLibrary(t, value), string(got)); diff != "" {
			t.Errorf("document (-library +got):\n%s", diff)
		}
	}
	if got, ok := yamltext.AppendItem(nil, value); ok {
		if diff := cmp.Diff(byLibrary(t, []any{value}), string(got)); diff != "" {
			t.Errorf("item (-library +got):\n%s", diff)
		}
	}
}

func byLibrary(t *testing.T, value any) string {
	t.Helper()
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	encoder.CompactSeqIndent()
	if err := encoder.Encode(value); err != nil {
		t.Fatal(err)
	}
	if err := encoder.Close(); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

var texts = []string{
	"", "a", "true", "Yes", "off", "~", "null", "<<", "1", "1.5", "0o7", "0x1f", "1_000", "22:22", "2001-01-01", ".inf", "1e3",
	"a: b", "a:", "a #b", "#a", "- a", "-", "-a", "---", "...", "? a", "*", "&a", "!a", "%a", "@a", "`a", "{a", "[a]", "'a'", `"a"`, `a\b`,
	" a", "a ", "a\nb", "a\nb\n", "a\nb\n\n", "\na", "\n", " a\nb", "a \nb", "a\n b", "a\nb ", "\ta", "a\tb", "a\n\tb",
	"\u00e9", "\u00a0", "\u0085", "\u2028", "\ufeff", "\U0001f600", "\x00", "\x7f", "\xff", "a1b10", "a1b9", "a-b", "a.b",
	"{a: b}", "[a, b]", "a: |\n  b\n", "a: >\n  b\n", "a: 'b'\n", "a: \"b\"", "- a\n- - b\n  - c: d\n", "a: # c\n  b: c\n", "a: &b c\nd: *b",
	"a:\n- b\n-\n- c: []\n  d: {}\n", "? a\n: b\n", "a: !!int \"3\"", "a: !x b",
}
