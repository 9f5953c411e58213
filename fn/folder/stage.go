// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package folder

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// How stages are named, and the files in them. Nobody takes these for YAML files.
const (
	stagePrefix = ".egressbundle-"
	stageSuffix = ".tmp"
)

// stagesIn returns the stages in a folder. There are none but of calls that were killed, if
// no other one is at work.
func stagesIn(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var stages []string
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if e.IsDir() && strings.HasPrefix(e.Name(), stagePrefix) && holdsStaged(path) {
			stages = append(stages, path)
		}
	}
	return stages, nil
}

// holdsStaged reports whether a folder holds nothing but files that were to take their places.
func holdsStaged(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && !slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		return !e.Type().IsRegular() || !strings.HasSuffix(e.Name(), stageSuffix)
	})
}

func removeAll(paths []string) error {
	var problems []error
	for _, path := range paths {
		problems = append(problems, os.RemoveAll(path))
	}
	return errors.Join(problems...)
}
