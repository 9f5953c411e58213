// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"cmp"
	"errors"
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
	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egressbundle/egressbundle/fn/identity"
	"github.com/egressbundle/egressbundle/fn/yamlfile"
	"github.com/egressbundle/egressbundle/pkg/egress"
)

// A change is what must happen to a file of a folder.
type change struct {
	path          string
	before, after []byte // nil: there is no file
}

// changesOf returns what must happen for the folder to hold exactly the objects, one
// file each, beside the files that are not ours. It fails if something that is not ours
// is in the way, and if objects of ours stand where no call would remove them.
func changesOf(dir string, objects []egress.Object) ([]change, error) {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return nil, notAFolder(dir)
	}
	f := folder{
		dir:     dir,
		wanted:  map[string][]byte{},
		owned:   map[string]bool{},
		parents: map[string]bool{},
		own:     map[string][]byte{},
	}
	for _, o := range objects {
		var text bytes.Buffer
		if err := egress.Encode(&text, []egress.Object{o}); err != nil {
			return nil, err
		}
		path := filepath.Join(dir, fileName(o.Namespace, o.Kind, o.Name))
		f.wanted[path] = text.Bytes()
		f.owned[path] = o.Annotations[egress.AnnotationBundle] != ""
		f.parents[filepath.Dir(path)] = true
	}
	if err := f.look(); err != nil {
		return nil, err
	}
	all := maps.Clone(f.wanted)
	maps.Copy(all, f.own)
	var changes []change
	for _, path := range slices.Sorted(maps.Keys(all)) {
		if !bytes.Equal(f.own[path], f.wanted[path]) {
			changes = append(changes, change{path, f.own[path], f.wanted[path]})
		}
	}
	return changes, nil
}

// A folder is what a call wants of a folder, and what it finds there.
type folder struct {
	dir     string
	wanted  map[string][]byte // by path
	owned   map[string]bool   // the wanted paths of objects that are of one bundle
	parents map[string]bool   // of the paths that are wanted
	own     map[string][]byte // files of ours
}

// look finds the files of ours in the folder, and everything that is in the way.
func (f *folder) look() error {
	var problems []error
	root := f.dir + string(filepath.Separator) // It may be a link.
	err := yamlfile.Walk(root, func(path string, entry fs.DirEntry, err error) error {
		if os.IsNotExist(err) && path == root {
			return nil
		}
		if err != nil {
			return err
		}
		switch {
		case f.parents[path] && !entry.IsDir():
			problems = append(problems, notAFolder(path))
		case f.wanted[path] != nil && !entry.Type().IsRegular():
			problems = append(problems, notOurs(path))
		case entry.Type().IsRegular() && yamlfile.IsYAML(path):
			problem, err := f.lookAt(path)
			if err != nil {
				return err
			}
			problems = append(problems, problem)
		}
		return nil
	})
	return cmp.Or(err, errors.Join(problems...))
}

// lookAt looks at a YAML file.
func (f *folder) lookAt(path string) (problem, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	objects := objectsIn(text)
	ours := slices.IndexFunc(objects, identity.IsOurs)
	switch {
	case ours < 0 && f.wanted[path] != nil:
		return notOurs(path), nil
	case ours < 0:
		return nil, nil
	}
	id := identity.Of(objects[ours])
	name := filepath.FromSlash(fileName(id.Namespace, id.Kind, id.Name))
	place := filepath.Join(f.dir, name)
	alone := len(objects) == 1 && !bytes.Contains(text, []byte("\n---"))
	switch {
	case alone && path == place:
		f.own[path] = text
		return nil, nil
	case alone && strings.HasSuffix(path, string(filepath.Separator)+name) && !f.owned[place]:
		return nil, nil // Another call wrote it, to a folder inside this one.
	case path == place:
		return fmt.Errorf("%s: must hold the one document that egressbundle writes, and nothing beside it; move the rest to another file, or remove it", path), nil
	default:
		return fmt.Errorf("%s: must not hold %s %s/%s of egressbundle, whose file in this folder is %s; remove it from here, for nothing else would", path, id.Kind, id.Namespace, id.Name, place), nil
	}
}

// objectsIn returns the objects of a YAML file, those of lists included, and none if it is
// not such a file.
func objectsIn(text []byte) []*yaml.RNode {
	reader := &kio.ByteReader{Reader: bytes.NewReader(text), OmitReaderAnnotations: true}
	objects, err := reader.Read()
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(objects, func(n *yaml.RNode) bool { return n.YNode().Kind != yaml.MappingNode })
}

func notAFolder(path string) error {
	return fmt.Errorf("%s: must be a folder, for objects go there, and is none; move or remove it, or write to another folder", path)
}

func notOurs(path string) error {
	return fmt.Errorf("%s: is not a file of egressbundle and will not be overwritten; move or remove it, or write to another folder", path)
}

// writeChanges writes everything before anything takes its place, so that no file is there
// by half, and if one cannot be written, none changes. It removes last, so that nothing is
// missing in between.
func writeChanges(changes []change) (err error) {
	var writes, removals []change
	for _, c := range changes {
		if c.after == nil {
			removals = append(removals, c)
		} else {
			writes = append(writes, c)
		}
	}
	stages := map[string]string{} // by folder, each inside it and so on the same device
	defer func() {
		for _, stage := range stages {
			err = errors.Join(err, os.RemoveAll(stage))
		}
	}()
	// Nobody takes such a name for one of a YAML file.
	staged := func(dir, name string) string { return filepath.Join(stages[dir], name+".tmp") }
	for _, c := range writes {
		dir, name := filepath.Split(c.path)
		if stages[dir] == "" {
			if stages[dir], err = newStage(dir); err != nil {
				return err
			}
		}
		if err := os.WriteFile(staged(dir, name), c.after, 0o644); err != nil {
			return err
		}
	}
	for _, c := range writes {
		if err := os.Rename(staged(filepath.Split(c.path)), c.path); err != nil {
			return err
		}
	}
	for _, c := range removals {
		if err := os.Remove(c.path); err != nil {
			return err
		}
	}
	return nil
}

// newStage returns a new folder in a folder.
func newStage(dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	return os.MkdirTemp(dir, ".egressbundle-")
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
	return fmt.Errorf("%s: is not what the bundles say, in %d files; write it again, with the same command without --check", dir, len(changes))
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
