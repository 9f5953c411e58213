// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package fntest

import (
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// Kustomize returns the path of the real kustomize, in the version that is pinned in
// tools/kustomize.mod.
func Kustomize(t testing.TB) string {
	t.Helper()
	program, err := kustomize()
	if err != nil {
		t.Fatal(err)
	}
	return program
}

var kustomize = sync.OnceValues(func() (string, error) {
	cmd := exec.Command("go", "tool", "-n", "-modfile=tools/kustomize.mod", "kustomize")
	cmd.Dir = root()
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
})

// KustomizeBuild runs kustomize build in a folder, with functions allowed; flags say which.
func KustomizeBuild(t testing.TB, dir string, flags ...string) Outcome {
	t.Helper()
	args := append([]string{"build", "--enable-alpha-plugins"}, flags...)
	return Execute(t, dir, "", Kustomize(t), append(args, ".")...)
}
