// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package folder keeps rendered objects in a folder, one file each, beside the files of
// others.
package folder

import (
	"bytes"
	"cmp"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egressbundle/egressbundle/fn/identity"
	"github.com/egressbundle/egressbundle/fn/yamlfile"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// A Change is what must happen to a file of a folder: to be written, or to be removed.
type Change struct {
	path          string
	before, after []byte // nil: there is no file
}

// Compare returns what must happen for the folder to hold exactly the objects, one file
// each, beside the files that are not of this program: nothing if it does, and a file for
// each object if there is no folder. It changes nothing itself. It fails with every
// problem at once if something of others is in the way, or if objects of this program
// stand where no call would remove them; and if the folder cannot be read.
func Compare(dir string, objects []object.Object) ([]Change, error) {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return nil, notAFolder(dir)
	}
	f := comparison{
		dir:     dir,
		wanted:  map[string][]byte{},
		owned:   map[string]bool{},
		parents: map[string]bool{},
		own:     map[string][]byte{},
	}
	for _, o := range objects {
		if err := f.want(o); err != nil {
			return nil, err
		}
	}
	if err := f.look(); err != nil {
		return nil, err
	}
	return f.changes(), nil
}

// A comparison is what a call wants of a folder, and what it finds there.
type comparison struct {
	dir     string
	wanted  map[string][]byte // by path
	owned   map[string]bool   // the wanted paths of objects that are of one bundle
	parents map[string]bool   // of the paths that are wanted
	own     map[string][]byte // files of ours
}

// want notes the file of an object.
func (f *comparison) want(o object.Object) error {
	var text bytes.Buffer
	if err := object.Encode(&text, []object.Object{o}); err != nil {
		return err
	}
	path := filepath.Join(f.dir, FileName(o.Namespace, o.Kind, o.Name))
	f.wanted[path] = text.Bytes()
	f.owned[path] = o.Annotations[object.AnnotationBundle] != ""
	f.parents[filepath.Dir(path)] = true
	return nil
}

// look finds the files of ours in the folder, and everything that is in the way.
func (f *comparison) look() error {
	var problems []error
	root := f.dir + string(filepath.Separator) // It may be a link.
	err := yamlfile.Walk(root, func(path string, entry fs.DirEntry, err error) error {
		if os.IsNotExist(err) && path == root {
			return nil
		}
		if err != nil {
			return err
		}
		problem, err := f.lookAt(path, entry)
		problems = append(problems, problem)
		return err
	})
	return cmp.Or(err, errors.Join(problems...))
}

func (f *comparison) lookAt(path string, entry fs.DirEntry) (problem, err error) {
	switch {
	case f.parents[path] && !entry.IsDir():
		return notAFolder(path), nil
	case f.wanted[path] != nil && !entry.Type().IsRegular():
		return notOurs(path), nil
	case entry.Type().IsRegular() && yamlfile.IsYAML(path):
		return f.lookInto(path)
	default:
		return nil, nil
	}
}

// lookInto looks at the objects of a YAML file.
func (f *comparison) lookInto(path string) (problem, err error) {
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
	alone := len(objects) == 1 && !bytes.Contains(text, []byte("\n---"))
	return f.judge(path, text, alone, identity.Of(objects[ours])), nil
}

// judge notes a file with an object of ours, or says why it must not stand there.
func (f *comparison) judge(path string, text []byte, alone bool, object identity.Key) error {
	name := filepath.FromSlash(FileName(object.Namespace, object.Kind, object.Name))
	place := filepath.Join(f.dir, name)
	switch {
	case alone && path == place:
		f.own[path] = text
		return nil
	case alone && strings.HasSuffix(path, string(filepath.Separator)+name) && !f.owned[place]:
		return nil // Another call wrote it, to a folder inside this one.
	case path == place:
		return notAlone(path)
	default:
		return misplaced(path, object, place)
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

// changes returns what must happen, in the order of paths.
func (f *comparison) changes() []Change {
	all := maps.Clone(f.wanted)
	maps.Copy(all, f.own)
	var changes []Change
	for _, path := range slices.Sorted(maps.Keys(all)) {
		if !bytes.Equal(f.own[path], f.wanted[path]) {
			changes = append(changes, Change{path: path, before: f.own[path], after: f.wanted[path]})
		}
	}
	return changes
}
