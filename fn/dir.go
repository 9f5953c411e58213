// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egressbundle/egressbundle/pkg/egress"
)

// writeDir makes the folder hold exactly the objects, one file each, beside the
// files that are not ours. It looks at everything before it writes anything.
func writeDir(dir string, objects []egress.Object) error {
	if resolved, err := filepath.EvalSymlinks(dir); err == nil {
		dir = resolved
	}
	wanted := map[string][]byte{}
	for _, o := range objects {
		var text bytes.Buffer
		if err := egress.Encode(&text, []egress.Object{o}); err != nil {
			return err
		}
		wanted[filepath.Join(dir, fileName(o.Namespace, o.Kind, o.Name))] = text.Bytes()
	}
	stale, err := staleFiles(dir, wanted)
	if err != nil {
		return err
	}
	for path, text := range wanted {
		if err := writeFile(path, text); err != nil {
			return err
		}
	}
	for _, path := range stale {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return nil
}

// fileName places an object where kpt would.
func fileName(namespace, kind, name string) string {
	return filepath.Join(namespace, fmt.Sprintf("%s_%s.yaml", strings.ToLower(kind), name))
}

// staleFiles returns the files of ours in a folder that are no longer wanted. It
// fails if a file that is not ours is in the way.
func staleFiles(dir string, wanted map[string][]byte) ([]string, error) {
	var stale []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if os.IsNotExist(err) && path == dir {
			return nil
		}
		if err != nil || !entry.Type().IsRegular() || filepath.Ext(path) != ".yaml" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		_, want := wanted[path]
		ours := isOwnFile(dir, path, text)
		switch {
		case !ours && want:
			return fmt.Errorf("%s: is not a file of egressbundle and will not be overwritten; move it, or write to another folder", path)
		case ours && !want:
			stale = append(stale, path)
		}
		return nil
	})
	return stale, err
}

// isOwnFile reports whether a file stands where writeDir puts an object, and holds
// an object that egressbundle made and nothing else. So a folder inside the
// folder, with files that another call wrote, is left alone.
func isOwnFile(dir, path string, text []byte) bool {
	node, err := yaml.Parse(string(text))
	if err != nil || bytes.Contains(text, []byte("\n---")) {
		return false
	}
	place := filepath.Join(dir, fileName(node.GetNamespace(), node.GetKind(), node.GetName()))
	return path == place && isOurs(node)
}

// writeFile replaces a file in one step, so that no reader sees half of it.
func writeFile(path string, text []byte) error {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, text) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	temporary := path + ".tmp"
	if err := os.WriteFile(temporary, text, 0o644); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}
