// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package yamlfile says which files of a folder are read.
package yamlfile

import (
	"io/fs"
	"path/filepath"
	"strings"
)

// Walk calls visit for a root and for everything below it, as filepath.WalkDir does, but
// for hidden files and folders. The root is visited whatever its name, for the user named
// it. Errors are those of visit; one that it gets and does not return is passed over.
func Walk(root string, visit fs.WalkDirFunc) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if path != root && strings.HasPrefix(filepath.Base(path), ".") {
			return skip(entry)
		}
		return visit(path, entry, err)
	})
}

func skip(entry fs.DirEntry) error {
	if entry.IsDir() {
		return fs.SkipDir
	}
	return nil
}

// IsYAML reports whether a path is named as one of a YAML file: .yaml or .yml.
func IsYAML(path string) bool {
	ext := filepath.Ext(path)
	return ext == ".yaml" || ext == ".yml"
}
