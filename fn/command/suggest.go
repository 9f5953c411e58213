// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// mostTypos is how many letters of a name may be wrong for it to be meant.
const mostTypos = 2

// remedy asks which of some names is meant, and says where all of them stand if none is near. What
// somebody did not type to its end is near.
func remedy(cmd *cobra.Command, typed string, names []string) string {
	begins := func(name string) bool { return strings.HasPrefix(name, typed) }
	isNear := func(name string) bool { return levenshtein.ComputeDistance(typed, name) <= mostTypos }
	for _, matches := range []func(string) bool{begins, isNear} {
		if near := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !matches(n) }); len(near) > 0 {
			return "; did you mean " + strings.Join(near, " or ") + "?"
		}
	}
	return "; see " + cmd.CommandPath() + " --help"
}

// onlyCommands refuses what is no command.
func onlyCommands(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	return fmt.Errorf("unknown command %q%s", args[0], remedy(cmd, args[0], names))
}

// needs refuses a command line without an argument, which it names.
func needs(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < len(names) {
			return fmt.Errorf("%s is missing; see %s --help", names[len(args)], cmd.CommandPath())
		}
		return nil
	}
}

// onlyTopics refuses what there is no help about.
func onlyTopics(help *cobra.Command, args []string) error {
	cmd, rest, err := help.Root().Find(args)
	if err != nil {
		return err
	}
	return onlyCommands(cmd, rest)
}

// withNearFlag says which flag may be meant, where there is none of a name.
func withNearFlag(cmd *cobra.Command, err error) error {
	unknown, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok {
		return err
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
	return fmt.Errorf("%w%s", err, remedy(cmd, "--"+unknown.GetSpecifiedName(), names))
}
