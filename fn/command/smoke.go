// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/egressbundle/egressbundle/fn/warning"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

const (
	// smokeImage is that of the authors of curl.
	smokeImage = "docker.io/curlimages/curl:8.20.0"
	// smokeTimeout is longer than proxies try to connect, which is 10s where nothing is said.
	smokeTimeout = 15 * time.Second
	// curl takes less than the shortest for no limit.
	shortestTimeout = time.Millisecond
	longestTimeout  = time.Hour
)

func smokeCommand() *cobra.Command {
	var mesh meshFlag
	var image string
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:               "smoke PATH...",
		Short:             "Print Jobs that try on a cluster what passes and what does not",
		Long:              smokeHelp,
		Args:              needs("PATH"),
		ValidArgsFunction: completePaths,
		RunE: func(cmd *cobra.Command, paths []string) error {
			if timeout < shortestTimeout || timeout > longestTimeout {
				return usageError{fmt.Errorf("--timeout must be from %s to %s, got %s", shortestTimeout, longestTimeout, timeout)}
			}
			output, err := mesh.render(cmd, renderFiles, paths)
			if err != nil {
				return err
			}
			jobs, err := output.SmokeJobs(image, timeout)
			if err != nil {
				return err
			}
			warning.Print(cmd.ErrOrStderr(), output.Warnings...)
			return object.Encode(cmd.OutOrStdout(), slices.Values(jobs))
		},
	}
	mesh.addTo(cmd)
	cmd.Flags().StringVar(&image, "image", smokeImage, "run the Jobs with `IMAGE`, which needs sh and curl 7.75 or newer")
	cmd.Flags().DurationVar(&timeout, "timeout", smokeTimeout, "give each call `TIME`, with its unit, such as 500ms, 15s or 1m")
	return cmd
}
