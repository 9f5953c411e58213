// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package kustomization

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// A layer shows kustomize the disk, but kustomizations so that they name no function: the
// bundles that they name as generators or transformers have become resources.
type layer struct {
	filesys.FileSystem
	*findings

	root string     // the folder that is built
	more references // what is to be looked up there
	// texts are files that the disk does not have, or has otherwise.
	texts map[string]string
	// folders are those that kustomize looked into, and kustomizations the names of those that
	// it found there, by the files that they lead to. Elsewhere a file of such a name is text
	// for a ConfigMap.
	folders        map[string]bool
	kustomizations map[string]string
}

// newLayer returns a layer on a disk, on which some files have another text.
func newLayer(disk filesys.FileSystem, found *findings, texts map[string]string) *layer {
	return &layer{FileSystem: disk, findings: found, texts: texts, folders: map[string]bool{}, kustomizations: map[string]string{}}
}

// CleanedAbs finds the files that the disk does not have, too.
func (l *layer) CleanedAbs(path string) (filesys.ConfirmedDir, string, error) {
	if _, ok := l.texts[path]; ok {
		return filesys.ConfirmedDir(filepath.Dir(path)), filepath.Base(path), nil
	}
	dir, file, err := l.FileSystem.CleanedAbs(path)
	if err != nil {
		return "", "", err
	}
	in, name := filepath.Split(path)
	switch {
	case file == "":
		l.folders[dir.String()] = true
	case l.folders[filepath.Clean(in)] && slices.Contains(konfig.RecognizedKustomizationFileNames(), name):
		l.kustomizations[dir.Join(file)] = path
	}
	return dir, file, nil
}

// ReadFile reads a file as kustomize is to see it.
func (l *layer) ReadFile(path string) ([]byte, error) {
	if text, ok := l.texts[path]; ok {
		return []byte(text), nil
	}
	text, err := l.FileSystem.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if name, ok := l.kustomizations[path]; ok {
		return l.edited(name, text), nil
	}
	l.originals.note(path, text)
	return text, nil
}

// fieldsOfFunctions are the fields of a kustomization that name functions.
var fieldsOfFunctions = []string{"generators", "transformers", "validators"}

// edited returns the text of a kustomization without functions. Where it has another shape than
// kustomizations have, kustomize says so.
func (l *layer) edited(path string, text []byte) []byte {
	k, err := yaml.Parse(string(text))
	if err != nil || k.YNode().Kind != yaml.MappingNode {
		return text
	}
	isEdited, err := l.edit(path, k)
	if err != nil || !isEdited {
		return text
	}
	shown, err := k.String()
	if err != nil {
		return text
	}
	return []byte(shown)
}

// edit takes functions out of a kustomization, and adds what the build itself needs. It reports
// whether there was anything to do.
func (l *layer) edit(path string, k *yaml.RNode) (isEdited bool, err error) {
	l.notePatches(path, k)
	for _, field := range fieldsOfFunctions {
		list := k.Field(field)
		if list == nil || list.Value.YNode().Kind != yaml.SequenceNode {
			continue
		}
		entries := list.Value.YNode()
		rest, bundles := l.split(path, field, entries.Content)
		isEdited = isEdited || !slices.Equal(rest, entries.Content)
		entries.Content = rest
		if err := appendTo(k, "resources", bundles...); err != nil {
			return false, err
		}
	}
	if filepath.Dir(path) != l.root {
		return isEdited, nil
	}
	if err := l.ask(path, k); err != nil {
		return false, err
	}
	return true, appendTo(k, "transformers", yaml.NewStringRNode(keepLocal).YNode())
}

func appendTo(k *yaml.RNode, field string, entries ...*yaml.Node) error {
	if len(entries) == 0 {
		return nil
	}
	return k.PipeE(yaml.LookupCreate(yaml.SequenceNode, field), yaml.Append(entries...))
}

// split splits the entries of a field into those that kustomize runs itself, and files with
// the bundles of the others.
func (l *layer) split(path, field string, entries []*yaml.Node) (rest, bundles []*yaml.Node) {
	for i, entry := range entries {
		at := entryAt{file: path, field: fmt.Sprintf("%s[%d]", field, i), node: entry}
		configs, err := l.configsOf(at)
		if err != nil { // kustomize meets the same, and says what is wrong.
			rest = append(rest, entry)
			continue
		}
		found := l.sort(at, configs)
		if len(found.builtin) == len(configs) {
			rest = append(rest, entry)
			continue
		}
		for _, config := range found.builtin {
			rest = append(rest, yaml.NewStringRNode(config.MustString()).YNode())
		}
		if len(found.bundles) > 0 {
			bundles = append(bundles, yaml.NewStringRNode(l.show(at, found.bundles)).YNode())
		}
	}
	return rest, bundles
}

// show makes a file with bundles, beside the kustomization that names them, and returns its
// name.
func (l *layer) show(at entryAt, bundles []*yaml.RNode) string {
	var text strings.Builder
	for _, bundle := range bundles {
		text.WriteString("---\n" + bundle.MustString())
	}
	path := at.file + "#" + at.field
	l.texts[path] = text.String()
	return filepath.Base(path)
}

// configsOf returns the objects that an entry names: written in it, or in the file, folder or
// repository of which it is the name, as kustomize reads resources.
func (l *layer) configsOf(at entryAt) ([]*yaml.RNode, error) {
	if inline := objectsIn(at.node.Value); len(inline) > 0 {
		return inline, nil
	}
	key := at.file + "#" + at.field
	if l.reading[key] {
		return nil, fmt.Errorf("%s names itself", key)
	}
	l.reading[key] = true
	defer delete(l.reading, key)
	text, err := yaml.Marshal(map[string]any{"resources": []string{at.node.Value}, "transformers": []string{keepLocal}})
	if err != nil {
		return nil, err
	}
	shown := newLayer(l.FileSystem, l.findings, map[string]string{at.file: string(text)})
	return build(shown, filepath.Dir(at.file))
}

// objectsIn returns the objects that a text holds, and none if it is the name of a file.
func objectsIn(text string) []*yaml.RNode {
	objects, err := kio.FromBytes([]byte(text))
	isObject := func(node *yaml.RNode) bool { return node.YNode().Kind == yaml.MappingNode }
	if err != nil || !slices.ContainsFunc(objects, isObject) {
		return nil
	}
	return objects
}
