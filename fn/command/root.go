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
	"github.com/egressbundle/egressbundle/fn/folder"
)

// Run executes the command with its arguments, without the name of the program, and
// returns its exit status: 0, or 1 if anything went wrong, of which standard error then
// says what, or 3 if two states were compared that differ. Without arguments it is the KRM function, or prints help if standard input is
// a terminal.
func Run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := rootCommand()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.Execute()
	if err != nil && !errors.Is(err, errChanged) { // A report of changes says all of it.
		fmt.Fprintln(stderr, err)
	}
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errChanged), errors.Is(err, folder.ErrDiffers):
		return 3
	default:
		return 1
	}
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:               "egressbundle",
		Short:             "Let workloads of an Istio mesh reach the outside world",
		Long:              strings.TrimSpace(fn.README),
		Args:              cobra.NoArgs,
		SilenceUsage:      true,
		SilenceErrors:     true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if isTerminal(cmd.InOrStdin()) {
				return cmd.Help()
			}
			return fn.Run(cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	root.AddCommand(renderCommand(), patchCommand(), schemaCommand(), versionCommand())
	return root
}

// isTerminal reports whether somebody would have to type the ResourceList.
func isTerminal(in io.Reader) bool {
	file, ok := in.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
