// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package kustomization

import (
	"bytes"
	"iter"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egressbundle/egressbundle/fn/identity"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
)

// originals are the documents of this API as they stand in files. kustomize keeps neither
// lines nor, unless it is asked to, files.
type originals struct {
	dir, root string // the folder that is built, as the user named it and as it is
	files     map[string]bool
	documents []original
}

func newOriginals(dir, root string) originals {
	return originals{dir: dir, root: root, files: map[string]bool{}}
}

// An original is a document, and the text of its file up to its end, without the documents
// before it.
type original struct {
	object *kyaml.RNode
	file   string
	text   []byte
}

// note notes the documents of a file that kustomize reads.
func (o *originals) note(path string, text []byte) {
	if o.files[path] || !bytes.Contains(text, []byte(api.Group)) {
		return
	}
	o.files[path] = true
	lines := strings.SplitAfter(string(text), "\n")
	for object := range documentsOfAPI(text) {
		before := object.YNode().Line - 1
		alone := strings.Repeat("\n", before) + firstDocument(lines[before:])
		o.documents = append(o.documents, original{object: object, file: o.name(path), text: []byte(alone)})
	}
}

// documentsOfAPI yields the documents of this API. What is wrong with others, kustomize says.
func documentsOfAPI(text []byte) iter.Seq[*kyaml.RNode] {
	return func(yield func(object *kyaml.RNode) bool) {
		decoder := yaml.NewDecoder(bytes.NewReader(text))
		for {
			var document yaml.Node
			if err := decoder.Decode(&document); err != nil {
				return
			}
			object := kyaml.NewRNode(document.Content[0])
			if object.YNode().Kind == yaml.MappingNode && isOfAPI(object) && !yield(object) {
				return
			}
		}
	}
}

// firstDocument returns lines up to the end of a document.
func firstDocument(lines []string) string {
	var text strings.Builder
	for _, line := range lines {
		if isEnd := strings.HasPrefix(line, "---") || strings.HasPrefix(line, "..."); isEnd {
			break
		}
		text.WriteString(line)
	}
	return text.String()
}

// name returns the name of a file as the user would write it.
func (o *originals) name(path string) string {
	relative, err := filepath.Rel(o.root, path)
	if err != nil {
		return path
	}
	return filepath.Join(o.dir, relative)
}

// position returns where an entry of a kustomization stands.
func (o *originals) position(at entryAt) diag.Position {
	return diag.Position{File: o.name(at.file), Line: at.node.Line, Column: at.node.Column}
}

// Original returns the file of a resource, and its text, in which other documents are empty
// lines. It returns nothing for what is not of this API, or was not read from a file.
func (b *Build) Original(resource *kyaml.RNode) (file string, text []byte) {
	hasName := func(o original) bool { return identity.Of(o.object) == identity.Of(resource) }
	saysSame := func(o original) bool { return saySame(o.object, resource) }
	isSame := func(o original) bool { return hasName(o) && saysSame(o) }
	// Overlays change what is said, or names. kustomize reads a patch after what it changes.
	for _, matches := range []func(original) bool{isSame, hasName, saysSame} {
		if i := slices.IndexFunc(b.originals.documents, matches); i >= 0 {
			return b.originals.documents[i].file, b.originals.documents[i].text
		}
	}
	return "", nil
}
