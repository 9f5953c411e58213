// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/egressbundle/egressbundle/fn/folder"
)

// errChanged is what a report of changes ends with if there are any. The report says all of it.
var errChanged = errors.New("something changes")

// A usageError is a wrong command line.
type usageError struct{ error }

// status is the exit status for an error.
func status(err error) int {
	_, isUsage := errors.AsType[usageError](err)
	switch {
	case err == nil:
		return 0
	case isUsage:
		return 2
	case errors.Is(err, errChanged), errors.Is(err, folder.ErrDiffers):
		return 3
	default:
		return 1
	}
}

// judgeUsage makes what cobra finds wrong with the command line of a command, and of those below
// it, a usageError. Of help and of what has only commands below it, cobra finds nothing wrong.
func judgeUsage(cmd *cobra.Command) {
	for _, below := range cmd.Commands() {
		judgeUsage(below)
	}
	if cmd.Name() == "help" {
		cmd.Args = onlyTopics
	}
	if !cmd.Runnable() {
		cmd.Args = onlyCommands
		cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	}
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usageError{withNearFlag(cmd, err)} })
	check := cmd.Args
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{err}
		}
		return nil
	}
}
