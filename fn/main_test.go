// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// binary is the program under test, built as it is shipped.
var binary string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "egressbundle")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		binary = filepath.Join(dir, "egressbundle")
		build := exec.Command("make", "-C", "..", "build", "BIN="+dir)
		if out, err := build.CombinedOutput(); err != nil {
			panic(string(out))
		}
		return m.Run()
	}())
}

// An outcome is what a program left behind.
type outcome struct {
	Stdout, Stderr string
	Status         int
}

// execute runs a program with the built binary first on its PATH.
func execute(t testing.TB, dir, stdin, program string, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(binary)+string(os.PathListSeparator)+os.Getenv("PATH"))
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return outcome{stdout.String(), withoutWarnings(stderr.String()), cmd.ProcessState.ExitCode()}
}

// withoutWarnings leaves out what a user should know and tests here do not ask
// for: TestWarnings does.
func withoutWarnings(text string) string {
	var kept []string
	for _, line := range strings.SplitAfter(text, "\n") {
		if !strings.Contains(line, "warning: ") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

// succeed runs a program that must succeed and keep standard error empty, and
// returns its standard output.
func succeed(t testing.TB, dir, stdin, program string, args ...string) string {
	t.Helper()
	got := execute(t, dir, stdin, program, args...)
	if got.Status != 0 || got.Stderr != "" {
		t.Fatalf("%s %s: status %d, standard error:\n%s", program, strings.Join(args, " "), got.Status, got.Stderr)
	}
	return got.Stdout
}

// git runs git, as somebody who may commit, and returns its standard output.
func git(t testing.TB, dir string, args ...string) string {
	t.Helper()
	return succeed(t, dir, "", "git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...)
}

// compareGolden compares with a file. UPDATE_GOLDEN=1 rewrites the file.
func compareGolden(t testing.TB, path, got string) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		writeText(t, path, got)
	}
	if diff := cmp.Diff(readText(t, path), got); diff != "" {
		t.Errorf("%s (-want +got), refresh with UPDATE_GOLDEN=1:\n%s", path, diff)
	}
}

func readText(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func writeText(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// glob returns the paths that match, and fails if there are none.
func glob(t testing.TB, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("nothing matches %s (%v)", pattern, err)
	}
	return paths
}
