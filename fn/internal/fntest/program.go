// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package fntest drives the program as its users do, for the tests of several packages.
package fntest

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Program is the path of the program under test, which Main builds.
var Program string

// Main builds the program as it is shipped, runs the tests of a package, and returns their
// exit status. It panics if the program cannot be built.
func Main(m *testing.M) int {
	dir, err := os.MkdirTemp("", "egressbundle")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	Program = filepath.Join(dir, "egressbundle")
	build := exec.Command("make", "-C", root(), "build", "BIN="+dir)
	if out, err := build.CombinedOutput(); err != nil {
		panic(string(out))
	}
	return m.Run()
}

// root returns the folder of the repository.
func root() string {
	mod, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		panic(err)
	}
	return filepath.Dir(string(mod))
}

// An Outcome is what a program left behind.
type Outcome struct {
	Stdout, Stderr string // without warnings
	Status         int
}

// Execute runs a program in a folder, with the program under test first on its PATH. Warnings
// are left out.
func Execute(t testing.TB, dir, stdin, program string, args ...string) Outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(Program)+string(os.PathListSeparator)+os.Getenv("PATH"))
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return Outcome{
		Stdout: stdout.String(),
		Stderr: withoutWarnings(stderr.String()),
		Status: cmd.ProcessState.ExitCode(),
	}
}

// withoutWarnings leaves out what a user should know and tests here do not ask
// for: TestWarnings of the command does.
func withoutWarnings(text string) string {
	var kept []string
	for _, line := range strings.SplitAfter(text, "\n") {
		if !strings.Contains(line, "warning: ") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

// Succeed runs a program that must succeed and keep standard error empty, and
// returns its standard output.
func Succeed(t testing.TB, dir, stdin, program string, args ...string) string {
	t.Helper()
	got := Execute(t, dir, stdin, program, args...)
	if got.Status != 0 || got.Stderr != "" {
		t.Fatalf("%s %s: status %d, standard error:\n%s", program, strings.Join(args, " "), got.Status, got.Stderr)
	}
	return got.Stdout
}
