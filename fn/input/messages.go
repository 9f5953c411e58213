// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package input

import (
	"io/fs"

	"github.com/egressbundle/egressbundle/fn/code"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
)

const (
	noBundle      = "there must be an EgressBundle, and there is none"
	holdsNoBundle = "must hold an EgressBundle (apiVersion: " + api.APIVersion + "), and holds none"
)

// nothingRendered warns that there is nothing to do.
func nothingRendered() diag.Diagnostic {
	return diag.Diagnostic{
		Code:     code.NoBundle,
		Severity: diag.SeverityWarning,
		Message:  "there is no EgressBundle, and so there is no object",
	}
}

func unreadable(err error) string { return "must be readable: " + reason(err) }

// notAFile is about what may never end, in a folder or named by the user.
func notAFile(mode fs.FileMode, isNamed bool) string {
	what, remedy := "a device", "remove it, or rename it so that it does not end in .yaml, .yml or .json"
	switch {
	case mode&fs.ModeNamedPipe != 0:
		what = "a named pipe"
	case mode&fs.ModeSocket != 0:
		what = "a socket"
	}
	if isNamed {
		remedy = "for standard input, write -"
	}
	return "must be a file, and is " + what + "; " + remedy
}

// unreadLink is about a link to a folder with a file of this API that was not read.
func unreadLink(file string) string {
	return "must be a folder, and is a link to one, which is not followed although " + file +
		" is of egressbundle; name the target of the link as a PATH too"
}
