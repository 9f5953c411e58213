// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package folder

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"

	"github.com/gofrs/flock"
)

// locked waits until no other call stands in the way, and keeps others out. The lock ends
// with the process, however that ends. Where the file system knows no locks, there is none.
func locked(dir string, lock func(*flock.Flock) error) (*flock.Flock, error) {
	l := flock.New(dir, flock.SetFlag(os.O_RDONLY))
	if runtime.GOOS == "windows" { // It locks no folders; so all of them share a file.
		l = flock.New(filepath.Join(os.TempDir(), "egressbundle.lock"))
	}
	if err := lock(l); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return nil, err
	}
	return l, nil
}
