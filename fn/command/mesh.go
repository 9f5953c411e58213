// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/egressbundle/egressbundle/fn/code"
	"github.com/egressbundle/egressbundle/fn/input"
	"github.com/egressbundle/egressbundle/fn/warning"
)

const flagMesh = "mesh"

// A meshFlag is an EgressMesh from elsewhere.
type meshFlag struct {
	file string
	read *input.Input // nil: not yet
}

func (m *meshFlag) addTo(cmd *cobra.Command) {
	cmd.Flags().StringVar(&m.file, flagMesh, "", "the EgressMesh is that of `FILE`, which is not among what is rendered; - is standard input")
	completeFlag(cmd, flagMesh, completePaths)
}

// giveTo gives the EgressMesh to what is read from paths.
func (m *meshFlag) giveTo(in *input.Input, cmd *cobra.Command, paths []string) error {
	if !cmd.Flags().Changed(flagMesh) {
		return nil
	}
	if m.file == "" {
		return usageError{errors.New("--mesh needs the name of a file, and got none")}
	}
	if m.file == input.Stdin && slices.Contains(paths, input.Stdin) {
		return usageError{errors.New("standard input is one PATH, or the EgressMesh by --mesh, and not both")}
	}
	if m.read == nil {
		var err error
		if m.read, err = input.ReadMesh(cmd.InOrStdin(), m.file); err != nil {
			return err
		}
	}
	in.Add(m.read)
	return nil
}

// render renders what the paths of a command hold, with the EgressMesh.
func (m *meshFlag) render(cmd *cobra.Command, render renderer, paths []string) (rendering, error) {
	in := &input.Input{}
	if err := m.giveTo(in, cmd, paths); err != nil {
		return rendering{}, err
	}
	return render(in, cmd.InOrStdin(), paths)
}

// warnOfUnread warns that bundles miss an EgressMesh, in commands that print no other warning.
func warnOfUnread(cmd *cobra.Command, r rendering) {
	for _, w := range r.Warnings {
		if w.Code == code.UnreadMesh {
			warning.Print(cmd.ErrOrStderr(), w)
		}
	}
}
