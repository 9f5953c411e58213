// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package yamlfile says which files of a folder are read.
package yamlfile

import (
	"bytes"
	"encoding/json"
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

// IsYAML reports whether a path is named as one of a YAML file: .yaml, .yml or .json, for JSON
// is YAML, in letters of any case.
func IsYAML(path string) bool {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".yaml", ".yml", extJSON:
		return true
	default:
		return false
	}
}

// IsOther reports whether a file that is named as one of a YAML file is for another program. Some
// write comments into JSON, which makes it neither JSON nor YAML, and where nothing has an
// apiVersion, there is no object of Kubernetes.
func IsOther(path string, text []byte) bool {
	return strings.EqualFold(filepath.Ext(path), extJSON) && !json.Valid(text) && !bytes.Contains(text, []byte("apiVersion"))
}

const extJSON = ".json"
