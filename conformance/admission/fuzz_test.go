// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/egressbundle/egressbundle/conformance/cluster"
	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// FuzzAdmission feeds any bytes to Render. What renders, the API server takes.
func FuzzAdmission(f *testing.F) {
	paths, err := filepath.Glob("../../testdata/render/*/*/in.yaml")
	if err != nil || len(paths) == 0 {
		f.Fatalf("found %v, %v", paths, err)
	}
	for _, path := range paths {
		src, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		found, err := egress.Parse("team.yaml", src)
		if err != nil {
			return
		}
		output, err := found.Render()
		if err != nil {
			return
		}
		var text bytes.Buffer
		if err := object.Encode(&text, output.Objects()); err != nil {
			t.Fatal(err)
		}
		objects, err := cluster.Read(text.String())
		if err != nil {
			t.Fatal(err)
		}
		problems, err := checkEach(objects)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range problems {
			t.Error(p)
		}
	})
}
