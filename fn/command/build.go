// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/egressbundle/egressbundle/fn"
	"github.com/egressbundle/egressbundle/fn/input"
	"github.com/egressbundle/egressbundle/fn/kustomization"
)

func buildCommand() *cobra.Command {
	var opts renderOptions
	cmd := &cobra.Command{
		Use:               "build DIR",
		Short:             "Print what kustomize builds, with the EgressBundles among it rendered",
		Long:              buildHelp,
		Args:              cobra.MatchAll(needs("DIR"), cobra.ExactArgs(1)),
		ValidArgsFunction: completeFolder,
		RunE:              opts.run(renderBuild),
	}
	opts.addTo(cmd)
	return cmd
}

// renderBuild is the renderer of a kustomization.
func renderBuild(in *input.Input, _ io.Reader, dirs []string) (rendering, error) {
	if len(dirs) != 1 {
		return rendering{}, usageError{errors.New("--since of a build is one folder")}
	}
	built, err := kustomization.Run(dirs[0])
	if err != nil {
		return rendering{}, err
	}
	in.LookForMesh(dirs[0])
	b, err := fn.RenderBuild(built, in)
	if err != nil {
		return rendering{}, err
	}
	return rendering{Output: b.Output, encode: b.Encode, warnings: b.Warnings()}, nil
}
