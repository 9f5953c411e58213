// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package fn

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/egressbundle/egressbundle/fn/code"
	"github.com/egressbundle/egressbundle/fn/internal/fntest"
)

// FuzzFunction sends any ResourceList to the function. One comes back, with results if
// anything is wrong, and no defect is among them.
func FuzzFunction(f *testing.F) {
	for _, c := range wrongLists() {
		f.Add([]byte(c.list))
	}
	for _, in := range fntest.Glob(f, "testdata/function/*/in.yaml") {
		f.Add([]byte(fntest.ReadText(f, in)))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		if _, err := parseList(src); err != nil {
			return
		}
		var stdout bytes.Buffer
		err := Run(bytes.NewReader(src), &stdout, io.Discard)
		if err != nil && strings.Contains(err.Error(), "["+string(code.Defect)+"]") {
			t.Fatal(err)
		}
		if _, again := parseList(stdout.Bytes()); again != nil {
			t.Fatalf("%v, after %v:\n%s", again, err, stdout.Bytes())
		}
		if hasResults := strings.Contains(stdout.String(), "results:"); err != nil && !hasResults {
			t.Fatalf("no results for %v:\n%s", err, stdout.Bytes())
		}
	})
}
