// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package input

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/egressbundle/egressbundle/fn/identity"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// Others are what was read of others: neither of this API, nor made from the bundles that are
// rendered.
type Others struct {
	// Text is their documents, each as it is written.
	Text []byte
	// Objects is how many they are.
	Objects int

	problems []diag.Diagnostic
}

// A text is what was read under a name.
type text struct {
	file string
	src  []byte
}

// Others returns what stands in standard input, and with KeepOthers in files, beside what is
// rendered to some objects. It fails with a *diag.InvalidError if a document holds both, for it
// can only stay or go as a whole.
func (in *Input) Others(made iter.Seq[object.Object]) (Others, error) {
	var all Others
	isOurs := ours(made)
	for _, t := range in.texts {
		all.read(t, isOurs)
	}
	return all, diag.ErrorOf(all.problems)
}

func (o *Others) read(t text, isOurs func(object.Object) bool) {
	at := diag.Position{File: t.file, Line: 1, Column: 1}
	if !utf8.Valid(t.src) {
		o.problems = append(o.problems, notUTF8(at))
		return
	}
	for _, document := range split(t.src) {
		objects, err := objectsIn(document)
		others := slices.DeleteFunc(slices.Clone(objects), isOurs)
		switch {
		case err != nil:
			o.problems = append(o.problems, notAlone(at, err))
		case len(others) == len(objects):
			o.Append(document)
		case len(others) > 0:
			o.problems = append(o.problems, mixed(at))
		}
		o.Objects += len(others)
		at.Line += bytes.Count(document, []byte("\n"))
	}
}

// Append appends documents, and divides them from those before.
func (o *Others) Append(documents []byte) {
	if len(o.Text) > 0 && len(documents) > 0 {
		if !bytes.HasSuffix(o.Text, []byte("\n")) {
			o.Text = append(o.Text, '\n')
		}
		if at := divider.FindIndex(documents); at == nil || at[0] > 0 {
			o.Text = append(o.Text, "---\n"...)
		}
	}
	o.Text = append(o.Text, documents...)
}

// divider matches the line that begins a document. It stands in no text of one.
var divider = regexp.MustCompile(`(?m)^---(?:\s|\z)`)

// split splits a stream into documents, each with the line that divides it from that before.
func split(src []byte) [][]byte {
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	var documents [][]byte
	begin := 0
	for _, at := range divider.FindAllIndex(src, -1) {
		if at[0] > begin {
			documents = append(documents, src[begin:at[0]])
		}
		begin = at[0]
	}
	return append(documents, src[begin:])
}

// objectsIn returns the objects of a document, and those of a List one by one.
func objectsIn(document []byte) ([]object.Object, error) {
	var objects []object.Object
	decoder := yaml.NewDecoder(bytes.NewReader(document))
	for {
		var node yaml.Node
		err := decoder.Decode(&node)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, err
		}
		objects = append(objects, objectsOf(node.Content[0])...)
	}
}

func objectsOf(node *yaml.Node) []object.Object {
	if node.Tag == "!!null" {
		return nil
	}
	head, items := identity.HeadOf(node)
	if len(items) == 0 {
		return []object.Object{head}
	}
	var objects []object.Object
	for _, item := range items {
		objects = append(objects, objectsOf(&item)...)
	}
	return objects
}

// ours tells what is of this program: bundles and meshes, and what it made earlier, if it makes
// that again, or other objects in its place.
func ours(made iter.Seq[object.Object]) func(object.Object) bool {
	again := sync.OnceValues(func() (objects map[diag.ObjectRef]bool, bundles map[string]bool) {
		objects, bundles = map[diag.ObjectRef]bool{}, map[string]bool{}
		for o := range made {
			objects[o.Ref()] = true
			if bundle := o.Annotations[object.AnnotationBundle]; bundle != "" {
				bundles[bundle] = true
			}
		}
		return objects, bundles
	})
	return func(o object.Object) bool {
		if isSource := strings.HasPrefix(o.APIVersion, api.Group+"/"); isSource || !o.IsOwn() {
			return isSource
		}
		objects, bundles := again()
		return objects[o.Ref()] || bundles[o.Annotations[object.AnnotationBundle]]
	}
}
