// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package folder

import (
	"io"
	"os"

	"github.com/aymanbagabas/go-udiff"
)

// Check prints the changes of a folder as a unified diff, and changes nothing. It fails
// unless there is no change, and if it cannot print.
func Check(stdout io.Writer, dir string, changes []Change) error {
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

func (c Change) diff() string {
	from, to := c.path, c.path
	if c.before == nil {
		from = os.DevNull
	}
	if c.after == nil {
		to = os.DevNull
	}
	return udiff.Unified(from, to, string(c.before), string(c.after))
}
