// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"github.com/spf13/cobra"

	"github.com/egressbundle/egressbundle/fn"
	"github.com/egressbundle/egressbundle/fn/kustomization"
)

func buildCommand() *cobra.Command {
	var opts renderOptions
	cmd := &cobra.Command{
		Use:   "build DIR",
		Short: "Print what kustomize builds, with the EgressBundles among it rendered",
		Long:  buildHelp,
		Args:  cobra.ExactArgs(1),
		RunE: opts.run(func(_ *cobra.Command, args []string) (rendering, error) {
			built, err := kustomization.Run(args[0])
			if err != nil {
				return rendering{}, err
			}
			b, err := fn.RenderBuild(built, opts.newInput())
			if err != nil {
				return rendering{}, err
			}
			return rendering{Output: b.Output, encode: b.Encode, warnings: b.Warnings()}, nil
		}),
	}
	opts.addTo(cmd)
	return cmd
}
