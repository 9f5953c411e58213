// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/egressbundle/egressbundle/fn/warning"
)

func runbookCommand() *cobra.Command {
	var mesh meshFlag
	var build bool
	cmd := &cobra.Command{
		Use:               "runbook PATH...",
		Short:             "Print how to check, diagnose and remove the EgressBundles on a cluster",
		Long:              runbookHelp,
		Args:              needs("PATH"),
		ValidArgsFunction: completePaths,
		RunE: func(cmd *cobra.Command, paths []string) error {
			render := renderer(renderFiles)
			if build {
				render = renderBuild
			}
			if build && len(paths) != 1 {
				return usageError{errors.New("--build takes one folder, that of a kustomization")}
			}
			rendered, err := mesh.render(cmd, render, paths)
			if err != nil {
				return err
			}
			warning.Print(cmd.ErrOrStderr(), rendered.Warnings...)
			return rendered.Runbook().Encode(cmd.OutOrStdout())
		},
	}
	mesh.addTo(cmd)
	cmd.Flags().BoolVar(&build, "build", false, "PATH is one folder, that of a kustomization, and is built as build does")
	return cmd
}
