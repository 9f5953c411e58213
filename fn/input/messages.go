// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package input

import (
	"fmt"
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
	case mode.IsDir():
		return "must be a file, and is a folder"
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

// LeftOut warns that what is of others is not printed.
func (o Others) LeftOut() diag.Diagnostic {
	what := "an object of others is"
	if o.Objects > 1 {
		what = fmt.Sprintf("%d objects of others are", o.Objects)
	}
	return diag.Diagnostic{
		Code:     code.LeftOut,
		Severity: diag.SeverityWarning,
		Position: diag.Position{File: Stdin},
		Message:  what + " not printed; --keep-others prints them too, as they are",
	}
}

func mixed(at diag.Position) diag.Diagnostic {
	return wrongDocument(at, "must not hold objects of egressbundle beside others, for --keep-others leaves documents as they "+
		"are written; write each object as a document of its own, after a line ---")
}

func notAlone(at diag.Position, err error) diag.Diagnostic {
	return wrongDocument(at, fmt.Sprintf("must be a document that stands for itself, without directives such as %%YAML, where "+
		"--keep-others leaves documents as they are written: %v", err))
}

func notUTF8(at diag.Position) diag.Diagnostic {
	return wrongDocument(at, "must be UTF-8 for --keep-others, which leaves documents as they are written")
}

func wrongDocument(at diag.Position, message string) diag.Diagnostic {
	return diag.Diagnostic{Code: diag.InvalidYAML, Severity: diag.SeverityError, Position: at, Message: message}
}

const holdsNoMesh = "must hold an " + api.KindMesh + " (apiVersion: " + api.APIVersion + "), and holds none"

func holdsBundle(bundle diag.ObjectRef) string {
	return "must hold an " + api.KindMesh + " alone where --mesh names it, and holds " + bundle.String() +
		" too; name the file as a PATH, or move one of the two to another file"
}

func unreadMesh(file string) string {
	return "is missing, and the " + api.KindMesh + " in " + file + " is not read, so the objects are for a standard installation of Istio; " +
		"read it too, by --mesh " + file + ", or write mesh: {} if the installation is a standard one"
}
