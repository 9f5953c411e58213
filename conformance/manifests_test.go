// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/egressbundle/egressbundle/conformance/cluster"
)

// read returns a file of testdata.
func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// join makes one YAML stream of several.
func join(streams ...string) string { return cluster.Join(streams...) }

// inOrder joins the streams as if they had been applied one after the other, a minute apart.
func inOrder(t *testing.T, streams ...string) string {
	t.Helper()
	var aged []string
	for i, s := range streams {
		created := time.Date(2026, 1, 1, 0, i, 0, 0, time.UTC).Format(time.RFC3339)
		aged = append(aged, edit(t, s, func(m cluster.Manifest) bool {
			return unstructured.SetNestedField(m.Object.Object, created, "metadata", "creationTimestamp") == nil
		}))
	}
	return join(aged...)
}

// without removes an object, named as in "DestinationRule payments/news".
func without(t *testing.T, stream, name string) string {
	t.Helper()
	rest, err := cluster.Without(stream, name)
	if err != nil {
		t.Fatal(err)
	}
	return rest
}

// replace replaces text that must be there.
func replace(t *testing.T, stream, old, replacement string) string {
	t.Helper()
	if !strings.Contains(stream, old) {
		t.Fatalf("there is no %q to replace", old)
	}
	return strings.ReplaceAll(stream, old, replacement)
}

// edit keeps the objects for which keep is true. keep may change them.
func edit(t *testing.T, stream string, keep func(cluster.Manifest) bool) string {
	t.Helper()
	kept, err := cluster.Edit(stream, keep)
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

// isNot returns what keeps every object but those of a kind.
func isNot(kind string) func(cluster.Manifest) bool {
	return func(m cluster.Manifest) bool { return m.Object.GetKind() != kind }
}

func toYAML(t *testing.T, object any) string {
	t.Helper()
	text, err := yaml.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
