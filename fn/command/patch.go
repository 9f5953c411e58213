// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"github.com/spf13/cobra"

	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

func patchCommand() *cobra.Command {
	var mesh meshFlag
	var helm bool
	cmd := &cobra.Command{
		Use:               "patch PATH...",
		Short:             "Print what existing workloads need that no object can give them",
		Long:              patchHelp,
		Args:              needs("PATH"),
		ValidArgsFunction: completePaths,
		RunE: func(cmd *cobra.Command, paths []string) error {
			output, err := mesh.render(cmd, renderFiles, paths)
			if err != nil {
				return err
			}
			warnOfUnread(cmd, output)
			if helm {
				return output.EncodeHelmValues(cmd.OutOrStdout())
			}
			return object.EncodeComponent(cmd.OutOrStdout(), output.Patches)
		},
	}
	mesh.addTo(cmd)
	cmd.Flags().BoolVar(&helm, "helm", false, "print values for the Helm charts of Istio")
	return cmd
}
