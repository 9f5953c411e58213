// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package folder

import (
	"errors"
	"fmt"

	"github.com/egressbundle/egressbundle/fn/code"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

func notAFolder(path string) error {
	return fmt.Errorf("%s: must be a folder, for objects go there, and is none; "+
		"move or remove it, or write to another folder", path)
}

func notAFile(path string) error {
	return fmt.Errorf("%s: must be a regular file, and is none, and so will not be overwritten; "+
		"move or remove it, or write to another folder", path)
}

func notOurs(path string) error {
	return fmt.Errorf("%s: is not a file of egressbundle and will not be overwritten; "+
		"move or remove it, or write to another folder", path)
}

func notAlone(path string) error {
	return fmt.Errorf("%s: must hold the one document that egressbundle writes, and nothing beside it; "+
		"move the rest to another file, or remove it", path)
}

func misplaced(path string, o object.Object, place string) error {
	return fmt.Errorf("%s: must not hold %s of egressbundle, whose file in this folder is %s; "+
		"remove it from here, for nothing else would", path, o.Ref(), place)
}

// ErrDiffers is what Check fails with where a folder is not what the bundles say.
var ErrDiffers = errors.New("is not what the bundles say")

func notUpToDate(dir string, files int) error {
	return fmt.Errorf("%s: %w, in %d files; write it again, with the same command without --check", dir, ErrDiffers, files)
}

func interrupted(dir string) diag.Diagnostic {
	return diag.Diagnostic{
		Code:     code.Interrupted,
		Severity: diag.SeverityWarning,
		Message: dir + ": an earlier call with -o was killed before its end, and may have left files of before it; " +
			"one that succeeds makes all of them what the bundles say",
	}
}
