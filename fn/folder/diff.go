// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package folder

import (
	"io"
	"os"

	"github.com/aymanbagabas/go-udiff"
)

// printDiff prints the changes of a folder as a unified diff. It fails unless there is none,
// and if it cannot print.
func printDiff(stdout io.Writer, dir string, changes []change) error {
	if len(changes) == 0 {
		return nil
	}
	for _, c := range changes {
		if _, err := io.WriteString(stdout, c.diff()); err != nil {
			return err
		}
	}
	return notUpToDate(dir, len(changes))
}

func (c change) diff() string {
	from, to := c.path, c.path
	if c.before == nil {
		from = os.DevNull
	}
	if c.after == nil {
		to = os.DevNull
	}
	return udiff.Unified(from, to, string(c.before), string(c.after))
}
