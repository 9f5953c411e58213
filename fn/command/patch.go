// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"github.com/spf13/cobra"

	"github.com/egressbundle/egressbundle/fn/input"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

func patchCommand() *cobra.Command {
	var helm bool
	cmd := &cobra.Command{
		Use:   "patch PATH...",
		Short: "Print what existing workloads need that no object can give them",
		Long:  patchHelp,
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, paths []string) error {
			output, err := renderPaths(&input.Input{}, cmd.InOrStdin(), paths)
			if err != nil {
				return err
			}
			if helm {
				return output.EncodeHelmValues(cmd.OutOrStdout())
			}
			return object.EncodeComponent(cmd.OutOrStdout(), output.Patches)
		},
	}
	cmd.Flags().BoolVar(&helm, "helm", false, "print values for the Helm charts of Istio")
	return cmd
}
