// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package command is the command line of egressbundle.
package command

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/egressbundle/egressbundle/fn"
)

// Run executes the command with its arguments, without the name of the program, and
// returns its exit status: 0; 1 if anything is wrong with the input, and 2 with the command
// line, of which standard error then says what; 3 if two states were compared that differ.
// Without arguments it is the KRM function, or prints help if standard input is a terminal.
func Run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := rootCommand()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.Execute()
	if err != nil && !errors.Is(err, errChanged) {
		fmt.Fprintln(stderr, err)
	}
	return status(err)
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "egressbundle",
		Short:         "Let workloads of an Istio mesh reach the outside world",
		Long:          strings.TrimSpace(fn.README),
		Version:       version(),
		Args:          onlyCommands,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if isTerminal(cmd.InOrStdin()) {
				return cmd.Help()
			}
			return fn.Run(cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	root.AddCommand(
		renderCommand(), buildCommand(), explainCommand(), runbookCommand(), patchCommand(), smokeCommand(), schemaCommand(), versionCommand(),
	)
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	judgeUsage(root)
	return root
}

// isTerminal reports whether somebody would have to type the ResourceList.
func isTerminal(in io.Reader) bool {
	file, ok := in.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
