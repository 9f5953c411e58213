// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package folder keeps rendered objects in a folder, one file each, beside the files of
// others.
package folder

import (
	"errors"
	"io"
	"iter"
	"os"

	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// Update makes a folder hold exactly the objects, one file each, beside the files that are
// not of this program. It makes the folder if there is none. One call at a time does so.
//
// Either everything changes or nothing does. All files are written before one takes its
// place, and then ready is called, which may still fail. A call that is killed while files
// take their places leaves some of before and some of now, each of them whole; the next one
// warns of that, and writes all of them. It fails with every problem at once if something of
// others is in the way, or if objects of this program stand where no call would remove them;
// and as the file system does.
func Update(dir string, objects iter.Seq[object.Object], ready func() error) (warnings []diag.Diagnostic, err error) {
	if err := mustBeFolder(dir); err != nil {
		return nil, err
	}
	w := writer{stages: map[string]string{}}
	defer func() { err = errors.Join(err, w.close()) }()
	if err := w.lock(dir); err != nil {
		return nil, err
	}
	f, err := compare(dir, objects)
	if err != nil {
		return nil, err
	}
	if err := w.write(f.changes(), ready); err != nil {
		return nil, err
	}
	return f.warnings(), removeAll(f.left)
}

// Check prints what Update would change, as a unified diff, and changes nothing. It waits for
// calls that write. It fails with ErrDiffers unless there is no change, and as Update does.
func Check(dir string, objects iter.Seq[object.Object], stdout io.Writer) (warnings []diag.Diagnostic, err error) {
	if err := mustBeFolder(dir); err != nil {
		return nil, err
	}
	var w writer
	defer func() { err = errors.Join(err, w.close()) }()
	if err := w.share(dir); err != nil {
		return nil, err
	}
	f, err := compare(dir, objects)
	if err != nil {
		return nil, err
	}
	return f.warnings(), printDiff(stdout, dir, f.changes())
}

// mustBeFolder fails if there is something of the name that is no folder.
func mustBeFolder(dir string) error {
	if _, err := os.Lstat(dir); os.IsNotExist(err) {
		return nil
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return notAFolder(dir)
	}
	return nil
}
