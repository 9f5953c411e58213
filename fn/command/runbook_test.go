// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/fn/internal/fntest"
)

// TestRunbook keeps the runbooks of some examples true.
func TestRunbook(t *testing.T) {
	for _, example := range []string{"client-certificate", "closed-path", "http-and-https", "tls-origination-at-the-sidecar"} {
		printed := fntest.Succeed(t, "../../examples/"+example, "", fntest.Program, "runbook", "bundle.yaml")
		fntest.CompareGolden(t, filepath.Join("../../testdata/runbook", example+".md"), printed)
	}
}

// TestRunbookOfBuild: a kustomization is built where --build says so, and is one folder.
func TestRunbookOfBuild(t *testing.T) {
	const overlay = "../../examples/layouts/build/production"
	printed := fntest.Succeed(t, "", "", fntest.Program, "runbook", "--build", overlay)
	if want := "https://api.bank.example.com"; !strings.Contains(printed, want) {
		t.Errorf("there is no %s, which a patch of the overlay adds", want)
	}
	got := fntest.Execute(t, "", "", fntest.Program, "runbook", "--build", overlay, overlay)
	if diff := cmp.Diff(fntest.Outcome{Stderr: "--build takes one folder, that of a kustomization\n", Status: 2}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
