// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// TestIsOwn: what bundles make is known by its annotations and its name, whatever its labels;
// what has one of the two alone, or nothing but the label, belongs to others.
func TestIsOwn(t *testing.T) {
	for _, in := range glob(t, "../../testdata/render/*/*/in.yaml") {
		src, err := os.ReadFile(in)
		if err != nil {
			t.Fatal(err)
		}
		output, err := parse(t, string(src)).Render()
		if err != nil {
			t.Fatal(err)
		}
		for o := range output.Objects() {
			checkOwn(t, filepath.Dir(in), o)
		}
	}
}

// TestIsOwnLongName: long names end in a hash, and some have lost their bundle before it.
func TestIsOwnLongName(t *testing.T) {
	for _, o := range render(t, nil, named(strings.Repeat("a", 63))) {
		checkOwn(t, "long names", o)
	}
}

func checkOwn(t *testing.T, of string, o object.Object) {
	t.Helper()
	servesGateway := o.Annotations[object.AnnotationGateway] != ""
	isSidecar := o.Annotations[object.AnnotationNamespace] != ""
	for what, c := range map[string]struct {
		want   bool
		change func(o *object.Object)
	}{
		"as it is":             {true, func(*object.Object) {}},
		"with another label":   {true, func(o *object.Object) { o.Labels = map[string]string{object.LabelManagedBy: "others"} }},
		"of another kind":      {false, func(o *object.Object) { o.APIVersion = "example.com/v1" }},
		"with the label alone": {isSidecar, func(o *object.Object) { o.Annotations = nil }}, // Of an earlier version.
		"without both":         {false, func(o *object.Object) { o.Annotations, o.Labels = nil, nil }},
		"with another name":    {servesGateway, func(o *object.Object) { o.Name = "x" + o.Name }},
	} {
		changed := o
		c.change(&changed)
		if changed.IsOwn() != c.want {
			t.Errorf("%s: %s %s: own must be %t", of, o.Ref(), what, c.want)
		}
	}
}
