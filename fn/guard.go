// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package fn

import (
	"runtime/debug"

	"github.com/egressbundle/egressbundle/fn/code"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
)

// guard turns a panic into an error that names the object at which the call is: a host that
// gets no ResourceList back does not tell its user what happened to which object.
func (c *call) guard(work func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = c.defect(cause)
		}
	}()
	return work()
}

func (c *call) defect(cause any) error {
	d := diag.Diagnostic{Code: code.Defect, Severity: diag.SeverityError}
	at := ""
	if c.at != nil {
		d.Object = refOfNode(c.at.YNode())
		d.Position.File = fileOfNode(c.at.YNode())
		at = " at " + d.Object.String()
	}
	d.Message = defect(at, cause)
	return &diag.InvalidError{Diagnostics: []diag.Diagnostic{d}}
}

// version returns the version of the program.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return "of an unknown version"
}
