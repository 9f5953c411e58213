// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"strings"
	"testing"

	"github.com/egressbundle/egressbundle/fn/internal/fntest"
)

// TestOtherCommands: help and the schema go to standard output; a wrong command
// line fails with a message.
func TestOtherCommands(t *testing.T) {
	for _, c := range []struct {
		args   []string
		status int
		stdout string // what it starts with
		stderr string // what it holds
	}{
		{args: []string{"--help"}, stdout: "# egressbundle\n\n## Overview\n"},
		{args: []string{"version"}, stdout: "egressbundle "},
		{args: []string{"--version"}, stdout: "egressbundle "},
		{args: []string{"completion", "bash"}, stdout: "# bash completion"},
		{args: []string{"schema"}, stdout: "{\n  \"$id\""},
		{args: []string{"schema", "EgressMesh"}, stdout: "{\n  \"$id\""},
		{args: []string{"schema", "EgressReport"}, stdout: "{\n  \"$id\""},
		{args: []string{"render", "--report=xml", "bundle.yaml"}, status: 2, stderr: "--report must be markdown or json"},
		{args: []string{"schema", "Pod"}, status: 2, stderr: "the kinds are EgressBundle, "},
		{args: []string{"render"}, status: 2, stderr: "PATH is missing; see egressbundle render --help"},
		{args: []string{"explain"}, status: 2, stderr: "URL is missing; see egressbundle explain --help"},
		{args: []string{"explain", "https://edition.cnn.com"}, status: 2, stderr: "PATH is missing"},
		{args: []string{"build"}, status: 2, stderr: "DIR is missing"},
		{args: []string{"build", "a", "b"}, status: 2, stderr: "accepts 1 arg"},
		{args: []string{"render", "--check", "bundle.yaml"}, status: 2, stderr: "--check needs -o DIR"},
		{args: []string{"render", "-o", "", "bundle.yaml"}, status: 2, stderr: "-o needs the name of a folder"},
		{args: []string{"smoke"}, status: 2, stderr: "PATH is missing"},
		{args: []string{"smoke", "no-such-file"}, status: 1, stderr: "no-such-file"},
		{args: []string{"smoke", "--timeout", "10", "bundle.yaml"}, status: 2, stderr: "missing unit"},
		{args: []string{"smoke", "--timeout", "0s", "bundle.yaml"}, status: 2, stderr: "--timeout must be from 1ms to 1h0m0s"},
		{args: []string{"smoke", "--timeout", "61m", "bundle.yaml"}, status: 2, stderr: "--timeout must be from 1ms to 1h0m0s"},
		{args: []string{"render", "no-such-file"}, status: 1, stderr: "no-such-file"},
		{args: []string{"render", "--since", "old", "bundle.yaml"}, status: 2, stderr: "--since needs --report"},
		{args: []string{"render", "--as-of", "31 March", "bundle.yaml"}, status: 2, stderr: "must be a date, as year, month and day"},
		{args: []string{"render", "--report", "--expires-within", "7", "bundle.yaml"}, status: 2, stderr: "--expires-within needs --report and --as-of"},
		{args: []string{"render", "--as-of", "2027-03-31", "--expires-within", "7", "bundle.yaml"}, status: 2, stderr: "--expires-within needs"},
		{args: []string{"render", "--report", "--as-of", "2027-03-31", "--since", "old", "--expires-within", "7", "bundle.yaml"}, status: 2, stderr: "--expires-within needs"},
		{args: []string{"paint"}, status: 2, stderr: `unknown command "paint"; see egressbundle --help`},
		{args: []string{"rnder", "bundle.yaml"}, status: 2, stderr: `unknown command "rnder"; did you mean render?`},
		{args: []string{"help", "render"}, stdout: "render reads every EgressBundle"},
		{args: []string{"help", "completion", "bash"}, stdout: "Generate the autocompletion script for the bash shell"},
		{args: []string{"help", "rnder"}, status: 2, stderr: `unknown command "rnder"; did you mean render?`},
		{args: []string{"help", "render", "paint"}, status: 2, stderr: `unknown command "paint"; see egressbundle render --help`},
		{args: []string{"completion"}, stdout: "Generate the autocompletion script"},
		{args: []string{"completion", "tcsh"}, status: 2, stderr: `unknown command "tcsh"; did you mean bash or fish or zsh?`},
		{args: []string{"completion", "bash", "tcsh"}, status: 2, stderr: `unknown command "tcsh"`},
		{args: []string{"ru"}, status: 2, stderr: `unknown command "ru"; did you mean runbook?`},
		{args: []string{"render", "--alow-empty", "bundle.yaml"}, status: 2, stderr: "unknown flag: --alow-empty; did you mean --allow-empty?"},
		{args: []string{"render", "--exp", "7", "bundle.yaml"}, status: 2, stderr: "unknown flag: --exp; did you mean --expires-within?"},
		{args: []string{"render", "--paint", "bundle.yaml"}, status: 2, stderr: "unknown flag: --paint; see egressbundle render --help"},
		{args: []string{"render", "-o", "json", "bundle.yaml"}, status: 2, stderr: "-o takes a folder, and no form"},
		{args: []string{"build", "--output=yaml", "."}, status: 2, stderr: "write -o ./yaml"},
		{args: []string{"render", "--mesh", "", "bundle.yaml"}, status: 2, stderr: "--mesh needs the name of a file"},
		{args: []string{"render", "--mesh", "-", "-"}, status: 2, stderr: "standard input is one PATH, or the EgressMesh"},
		{args: []string{"explain", "--mesh", "-", "https://edition.cnn.com", "-"}, status: 2, stderr: "standard input is one PATH"},
		{args: []string{"render", "--keep-others", "-o", "out", "-"}, status: 2, stderr: "goes with neither -o nor --report"},
		{args: []string{"render", "--keep-others", "--report", "-"}, status: 2, stderr: "goes with neither -o nor --report"},
	} {
		got := fntest.Execute(t, "", "", fntest.Program, c.args...)
		if got.Status != c.status || !strings.HasPrefix(got.Stdout, c.stdout) ||
			!strings.Contains(got.Stderr, c.stderr) || (c.stderr == "") != (got.Stderr == "") {
			t.Errorf("%q: got %+v", c.args, got)
		}
	}
}
