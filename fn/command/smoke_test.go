// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/egressbundle/egressbundle/fn/internal/fntest"
)

// TestSmoke: the Jobs of an example, and what its reader chose of them.
func TestSmoke(t *testing.T) {
	const bundle = "../../examples/closed-path/bundle.yaml"
	fntest.CompareGolden(t, "../testdata/smoke/closed-path.yaml", fntest.Succeed(t, "", "", fntest.Program, "smoke", bundle))
	choice := []string{"--image", "registry.example.com/curl@sha256:0", "--timeout", "1m30.5s"}
	chosen := fntest.Succeed(t, "", "", fntest.Program, append([]string{"smoke", bundle}, choice...)...)
	for _, want := range []string{"image: registry.example.com/curl@sha256:0\n", "- \"90.5\"\n", "activeDeadlineSeconds: 871\n"} {
		if !strings.Contains(chosen, want) {
			t.Errorf("the Job has no %q:\n%s", want, chosen)
		}
	}
}

// TestSmokeBesideObjects: whoever renders to the folder of the Jobs leaves them alone, and is not
// disturbed by them.
func TestSmokeBesideObjects(t *testing.T) {
	dir := t.TempDir()
	jobs := fntest.Succeed(t, "", fntest.Smallest, fntest.Program, "smoke", "-")
	fntest.WriteText(t, filepath.Join(dir, "smoke.yaml"), jobs)
	fntest.Succeed(t, "", fntest.Smallest, fntest.Program, "render", "-o", dir, "-")
	fntest.Succeed(t, "", "", fntest.Program, "render", "--allow-empty", "-o", dir, filepath.Join(dir, "smoke.yaml"))
	if files := fntest.Glob(t, filepath.Join(dir, "*.yaml")); len(files) != 1 || fntest.ReadText(t, files[0]) != jobs {
		t.Errorf("left are %v", files)
	}
}
