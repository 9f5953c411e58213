// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package folder

import (
	"bytes"
	"cmp"
	"errors"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/fn/warning"
	"github.com/egressbundle/egressbundle/fn/yamlfile"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// A change is what must happen to a file of a folder: to be written, or to be removed.
type change struct {
	path          string
	before, after []byte // nil: there is no file
}

// A comparison is what a call wants of a folder, and what it finds there.
type comparison struct {
	dir     string
	wanted  map[string]file // by path
	bundles map[string]bool // of the wanted files
	parents map[string]bool // of the paths that are wanted
	own     map[string]file // of this program, by path
	left    []string        // stages of calls that were killed
}

// A file is one with an object of this program.
type file struct {
	text   []byte
	bundle string // "": of no single one
}

// compare finds out what must happen for a folder to hold the objects. It changes nothing.
func compare(dir string, objects iter.Seq[object.Object]) (*comparison, error) {
	f := &comparison{
		dir:     dir,
		wanted:  map[string]file{},
		bundles: map[string]bool{},
		parents: map[string]bool{},
		own:     map[string]file{},
	}
	for o := range objects {
		if err := f.want(o); err != nil {
			return nil, err
		}
	}
	return f, f.look()
}

// want notes the file of an object.
func (f *comparison) want(o object.Object) error {
	var text bytes.Buffer
	if err := object.Encode(&text, slices.Values([]object.Object{o})); err != nil {
		return err
	}
	path, bundle := filepath.Join(f.dir, nameOf(o)), o.Annotations[object.AnnotationBundle]
	f.wanted[path] = file{text: text.Bytes(), bundle: bundle}
	f.bundles[bundle] = true
	f.parents[filepath.Dir(path)] = true
	return nil
}

func nameOf(o object.Object) string {
	return filepath.FromSlash(FileName(o.Namespace, o.Kind, o.Name))
}

// look finds the files of this program in the folder, and everything that is in the way.
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
	_, isWanted := f.wanted[path]
	switch {
	case f.parents[path] && !entry.IsDir():
		return notAFolder(path), nil
	case isWanted && !entry.Type().IsRegular():
		return notAFile(path), nil
	case entry.IsDir():
		return nil, f.noteStages(path)
	case entry.Type().IsRegular() && yamlfile.IsYAML(path):
		return f.lookInto(path, isWanted)
	default:
		return nil, nil
	}
}

// noteStages notes the stages in a folder that files are written to. Further below, they are
// of another call, which may be at work.
func (f *comparison) noteStages(path string) error {
	path = filepath.Clean(path)
	if path != f.dir && filepath.Dir(path) != f.dir {
		return nil
	}
	left, err := stagesIn(path)
	f.left = append(f.left, left...)
	return err
}

// lookInto looks at the objects of a YAML file.
func (f *comparison) lookInto(path string, isWanted bool) (problem, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if wanted := f.wanted[path]; isWanted && bytes.Equal(text, wanted.text) {
		f.own[path] = wanted // Most files are as they were, and need not be read as YAML.
		return nil, nil
	}
	own, isAlone := ownIn(text)
	switch {
	case len(own) > 0:
		return f.judge(path, text, own[0], isAlone), nil
	case isWanted:
		return notOurs(path), nil
	default:
		return nil, nil
	}
}

// judge notes a file with an object of this program, or says why it must not stand there.
func (f *comparison) judge(path string, text []byte, o object.Object, isAlone bool) error {
	place := filepath.Join(f.dir, nameOf(o))
	switch {
	case isAlone && path == place:
		f.own[path] = file{text: text, bundle: o.Annotations[object.AnnotationBundle]}
		return nil
	case isAlone && strings.HasSuffix(path, string(filepath.Separator)+nameOf(o)) && f.wanted[place].bundle == "":
		return nil // Another call wrote it, to a folder inside this one.
	case path == place:
		return notAlone(path)
	default:
		return misplaced(path, o, place)
	}
}

// changes returns what must happen, in the order of paths.
func (f *comparison) changes() []change {
	all := maps.Clone(f.wanted)
	maps.Copy(all, f.own)
	var changes []change
	for _, path := range slices.Sorted(maps.Keys(all)) {
		before, after := f.own[path].text, f.wanted[path].text
		if !bytes.Equal(before, after) {
			changes = append(changes, change{path: path, before: before, after: after})
		}
	}
	return changes
}

// warnings say what the user should know of the folder.
func (f *comparison) warnings() []diag.Diagnostic {
	var bundles []string
	for _, own := range f.own {
		if !f.bundles[own.bundle] {
			bundles = append(bundles, own.bundle)
		}
	}
	warnings := warning.Gone(bundles)
	if len(f.left) > 0 {
		warnings = append(warnings, interrupted(f.dir))
	}
	return warnings
}
