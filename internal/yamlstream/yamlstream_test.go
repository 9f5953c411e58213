// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package yamlstream_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/egressbundle/egressbundle/internal/yamlstream"
)

// TestSameAsOneEncoder: many encoders write what one would, whatever the number of
// values.
func TestSameAsOneEncoder(t *testing.T) {
	for n := 1; n < 20; n++ {
		var values []any
		for i := range n {
			values = append(values, map[string]any{"list": []int{i}, "text": "yes"})
		}
		var got, want bytes.Buffer
		encoder := yaml.NewEncoder(&want)
		encoder.SetIndent(2)
		encoder.CompactSeqIndent()
		for _, value := range values {
			if err := encoder.Encode(value); err != nil {
				t.Fatal(err)
			}
		}
		if err := encoder.Close(); err != nil {
			t.Fatal(err)
		}
		if err := yamlstream.Documents(&got, slices.Values(values)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.String(), got.String()); diff != "" {
			t.Errorf("%d documents (-one encoder +got):\n%s", n, diff)
		}

		got.Reset()
		if err := yamlstream.Sequence(&got, slices.Values(values)); err != nil {
			t.Fatal(err)
		}
		var items []string
		for _, document := range strings.SplitAfter(want.String(), "\n---\n") {
			if document = strings.TrimSuffix(document, "---\n"); document != "" {
				items = append(items, "- "+strings.ReplaceAll(strings.TrimSpace(document), "\n", "\n  ")+"\n")
			}
		}
		if diff := cmp.Diff(strings.Join(items, ""), got.String()); diff != "" {
			t.Errorf("%d items (-indented documents +got):\n%s", n, diff)
		}
	}
}

// A failure is a value that cannot be encoded.
type failure int

func (f failure) MarshalYAML() (any, error) { return nil, fmt.Errorf("value %d", f) }

// TestErrors: the first error in the order of the values is returned, or that of the
// writer.
func TestErrors(t *testing.T) {
	values := []any{1, 2, 3, 4, 5, 6, 7, 8, 9, failure(10), failure(11), 12, 13, failure(14), 15, 16, 17, 18, 19, 20, 21}
	if err := yamlstream.Sequence(io.Discard, slices.Values(values)); err == nil || err.Error() != "value 10" {
		t.Errorf("got %v", err)
	}
	broken := errors.New("broken pipe")
	if err := yamlstream.Documents(failingWriter{broken}, slices.Values(values[:9])); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }
