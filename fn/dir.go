// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egressbundle/egressbundle/pkg/egress"
)

// A change is what must happen to a file of a folder.
type change struct {
	path          string
	before, after []byte // nil: there is no file
}

// changesOf returns what must happen for the folder to hold exactly the objects, one
// file each, beside the files that are not ours. It fails if a file that is not ours
// is in the way.
func changesOf(dir string, objects []egress.Object) ([]change, error) {
	if resolved, err := filepath.EvalSymlinks(dir); err == nil {
		dir = resolved
	}
	wanted := map[string][]byte{}
	for _, o := range objects {
		var text bytes.Buffer
		if err := egress.Encode(&text, []egress.Object{o}); err != nil {
			return nil, err
		}
		wanted[filepath.Join(dir, fileName(o.Namespace, o.Kind, o.Name))] = text.Bytes()
	}
	present, err := ownFiles(dir, wanted)
	if err != nil {
		return nil, err
	}
	all := maps.Clone(wanted)
	maps.Copy(all, present)
	var changes []change
	for _, path := range slices.Sorted(maps.Keys(all)) {
		if !bytes.Equal(present[path], wanted[path]) {
			changes = append(changes, change{path, present[path], wanted[path]})
		}
	}
	return changes, nil
}

// writeChanges writes first and removes last, so that nothing is missing in between.
func writeChanges(changes []change) error {
	for _, c := range changes {
		if c.after == nil {
			continue
		}
		if err := writeFile(c.path, c.after); err != nil {
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

// checkChanges prints what would happen to a folder. It fails unless that is nothing.
func checkChanges(stdout io.Writer, dir string, changes []change) error {
	if len(changes) == 0 {
		return nil
	}
	for _, c := range changes {
		if _, err := io.WriteString(stdout, c.diff()); err != nil {
			return err
		}
	}
	return fmt.Errorf("%s: is not what the bundles say, in %d files; write it again with egressbundle render -o %s", dir, len(changes), dir)
}

func (c change) diff() string {
	from, to := c.path, c.path
	if c.before == nil {
		from = os.DevNull
	}
	if c.after == nil {
		to = os.DevNull
	}
	return udiff.Unified(from, to, string(c.before), string(c.after))
}

// fileName places an object where kpt would, with slashes on every system.
func fileName(namespace, kind, name string) string {
	return path.Join(namespace, fmt.Sprintf("%s_%s.yaml", strings.ToLower(kind), name))
}

// ownFiles returns the files of ours in a folder. It fails if a file that is not
// ours stands where one is wanted.
func ownFiles(dir string, wanted map[string][]byte) (map[string][]byte, error) {
	own := map[string][]byte{}
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
		if isOwnFile(dir, path, text) {
			own[path] = text
		} else if _, want := wanted[path]; want {
			return fmt.Errorf("%s: is not a file of egressbundle and will not be overwritten; move it, or write to another folder", path)
		}
		return nil
	})
	return own, err
}

// isOwnFile reports whether a file stands where changesOf puts an object, and holds
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
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	temporary := path + ".tmp"
	if err := os.WriteFile(temporary, text, 0o644); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}
