// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package folder

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/gofrs/flock"
)

// A writer writes files beside their places before they take them.
type writer struct {
	held   *flock.Flock
	made   []string          // folders that were missing
	stages map[string]string // by the folder that each is in
}

// lock makes a folder if there is none, and keeps other calls out until close.
func (w *writer) lock(dir string) (err error) {
	if err := w.makeFolder(dir); err != nil {
		return err
	}
	w.held, err = locked(dir, (*flock.Flock).Lock)
	return err
}

// share keeps calls that write out of a folder, if there is one, until close.
func (w *writer) share(dir string) (err error) {
	if _, err := os.Stat(dir); os.IsNotExist(err) {
		return nil
	}
	w.held, err = locked(dir, (*flock.Flock).RLock)
	return err
}

// makeFolder makes a folder and those above it, where there are none.
func (w *writer) makeFolder(dir string) error {
	above := filepath.Dir(dir)
	if _, err := os.Stat(dir); err == nil || above == dir {
		return err
	}
	if err := w.makeFolder(above); err != nil {
		return err
	}
	err := os.Mkdir(dir, 0o755)
	if os.IsExist(err) {
		return nil // Another call made it.
	}
	if err == nil {
		w.made = append(w.made, dir)
	}
	return err
}

// close removes what is not to stay, and lets other calls in.
func (w *writer) close() error {
	problem := removeAll(slices.Collect(maps.Values(w.stages)))
	for _, dir := range slices.Backward(w.made) {
		_ = os.Remove(dir) // It stays if there is something in it.
	}
	if w.held == nil {
		return problem
	}
	return errors.Join(problem, w.held.Close())
}

// write makes the changes if ready succeeds, and none if anything fails.
func (w *writer) write(changes []change, ready func() error) error {
	if err := w.stage(changes); err != nil {
		return err
	}
	if err := ready(); err != nil {
		return err
	}
	// What goes, goes last, so that nothing is missing in between.
	slices.SortStableFunc(changes, func(a, b change) int { return a.rank() - b.rank() })
	for i, c := range changes {
		if err := w.settle(c); err != nil {
			return errors.Join(err, w.undo(changes[:i]))
		}
	}
	return nil
}

func (c change) rank() int {
	if c.after == nil {
		return 1
	}
	return 0
}

// stage writes the files that are to come. There is a stage in each folder where something
// changes: so none of them is found out too late to be closed, and who is killed leaves a trace.
func (w *writer) stage(changes []change) error {
	for _, c := range changes {
		if err := w.makeStage(filepath.Dir(c.path)); err != nil {
			return err
		}
		if c.after == nil {
			continue
		}
		if err := os.WriteFile(w.staged(c), c.after, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// makeStage makes a folder for files that do not stand in their place yet. It is inside the
// folder of that place, and so on the same device.
func (w *writer) makeStage(dir string) (err error) {
	if w.stages[dir] != "" {
		return nil
	}
	if err := w.makeFolder(dir); err != nil {
		return err
	}
	w.stages[dir], err = os.MkdirTemp(dir, stagePrefix)
	return err
}

// staged returns where the text of a change stands until it takes its place.
func (w *writer) staged(c change) string {
	return filepath.Join(w.stages[filepath.Dir(c.path)], filepath.Base(c.path)+stageSuffix)
}

// settle lets a change happen.
func (w *writer) settle(c change) error {
	if c.after == nil {
		return os.Remove(c.path)
	}
	return os.Rename(w.staged(c), c.path)
}

// undo takes changes back.
func (w *writer) undo(done []change) error {
	var back []change
	for _, c := range done {
		back = append(back, change{path: c.path, before: c.after, after: c.before})
	}
	problem := w.stage(back)
	for _, c := range back {
		problem = errors.Join(problem, w.settle(c))
	}
	return problem
}
