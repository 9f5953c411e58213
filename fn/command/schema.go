// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/egressbundle/egressbundle/pkg/egress"
)

func schemaCommand() *cobra.Command {
	kinds := egress.SchemaKinds()
	return &cobra.Command{
		Use:       "schema [" + strings.Join(kinds, "|") + "]",
		Short:     "Print the JSON Schema of what people write, for editors, or of one kind, also of what is written for machines",
		Long:      schemaHelp,
		Args:      cobra.MaximumNArgs(1),
		ValidArgs: kinds,
		RunE: func(cmd *cobra.Command, args []string) error {
			schema, err := egress.JSONSchema(strings.Join(args, ""))
			if err != nil {
				return usageError{err}
			}
			_, err = cmd.OutOrStdout().Write(schema)
			return err
		},
	}
}
