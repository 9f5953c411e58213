// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package folder

import (
	"errors"
	"os"
	"path/filepath"
)

// Write makes the changes. It writes everything before anything takes its place, so that
// no file is there by half, and if one cannot be written, none changes. It removes last,
// so that nothing is missing in between. It makes the folders that are missing, and fails
// as the file system does.
func Write(changes []Change) (err error) {
	s := stages{}
	defer func() { err = errors.Join(err, s.remove()) }()
	for _, c := range changes {
		if c.after == nil {
			continue
		}
		if err := s.write(c); err != nil {
			return err
		}
	}
	for _, c := range changes {
		if c.after == nil {
			continue
		}
		if err := os.Rename(s.path(c), c.path); err != nil {
			return err
		}
	}
	for _, c := range changes {
		if c.after != nil {
			continue
		}
		if err := os.Remove(c.path); err != nil {
			return err
		}
	}
	return nil
}

// stages are folders for files that do not stand in their place yet, by the folder of that
// place: each is inside it, and so on the same device.
type stages map[string]string

// write writes the text of a change to its stage, which it makes if there is none.
func (s stages) write(c Change) error {
	dir, _ := filepath.Split(c.path)
	if s[dir] == "" {
		stage, err := newStage(dir)
		if err != nil {
			return err
		}
		s[dir] = stage
	}
	return os.WriteFile(s.path(c), c.after, 0o644)
}

func newStage(dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	return os.MkdirTemp(dir, ".egressbundle-")
}

// path returns where the text of a change stands until it takes its place. Nobody takes
// such a name for one of a YAML file.
func (s stages) path(c Change) string {
	dir, name := filepath.Split(c.path)
	return filepath.Join(s[dir], name+".tmp")
}

func (s stages) remove() error {
	var problems []error
	for _, stage := range s {
		problems = append(problems, os.RemoveAll(stage))
	}
	return errors.Join(problems...)
}
