// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package yamltext writes trees of maps, lists and scalars as the YAML library does, byte for
// byte and many times as fast. That library, go.yaml.in/yaml with an indent of two and compact
// sequences, makes events of what it writes, and keeps and copies them. What this package does
// not know, it leaves to the library.
package yamltext

import (
	"maps"
	"slices"
	"sync"

	"go.yaml.in/yaml/v3"
)

// AppendDocument appends a map or a list as a document. It is not ok, and the text is of no
// use, if that is for the YAML library.
func AppendDocument(text []byte, value any) (longer []byte, ok bool) {
	return appended(text, value, place{})
}

// AppendItem appends a value as an item of a list that is not indented, as AppendDocument does.
func AppendItem(text []byte, value any) (longer []byte, ok bool) {
	return appended(append(text, dash), value, place{after: dash})
}

func appended(text []byte, value any, p place) (longer []byte, ok bool) {
	w, _ := writers.Get().(*writer)
	*w = writer{text: text, pending: w.pending}
	w.value(value, p)
	w.text = append(w.text, '\n')
	longer, ok = w.text, !w.failed
	w.text = nil
	clear(w.pending[:cap(w.pending)]) // They keep what was written.
	writers.Put(w)
	return longer, ok
}

// writers are those that have nothing to write.
var writers = sync.Pool{New: func() any { return &writer{} }}

type writer struct {
	text []byte
	// failed says that something is for the YAML library.
	failed bool
	// pending are fields of maps that are being written, the innermost last.
	pending []Field
}

// A place is where a value is written.
type place struct {
	after  byte // nothing, dash or colon
	indent int  // of the line that the value starts in
}

const (
	nothing = 0
	dash    = '-'
	colon   = ':'
)

// step is how much deeper one level is indented.
const step = 2

func (w *writer) value(value any, p place) {
	switch value := value.(type) {
	case fielder:
		w.fielder(value, p)
	case map[string]any:
		writeMap(w, value, p)
	case map[string]string:
		writeMap(w, value, p)
	case []any:
		w.list(value, p)
	case *yaml.Node:
		w.node(value, p)
	case yaml.Marshaler:
		w.marshaler(value, p)
	default:
		w.scalar(value, p)
	}
}

// marshaler writes what a value makes of itself. Errors are for the library to report.
func (w *writer) marshaler(value yaml.Marshaler, p place) {
	made, err := value.MarshalYAML()
	if err != nil {
		w.failed = true
		return
	}
	w.value(made, p)
}

// A Field is an entry of a map.
type Field struct {
	Key   string
	Value any
}

// A fielder is a map that is made while it is written.
type fielder interface {
	// AppendFields appends the entries, sorted as CompareKeys does.
	AppendFields(fields []Field) []Field
}

func (w *writer) fielder(value fielder, p place) {
	outer := len(w.pending)
	w.pending = value.AppendFields(w.pending)
	own := w.pending[outer:]
	if len(own) == 0 {
		w.word("{}", p)
	}
	inside := p.inMap()
	for i, f := range own {
		w.startLine(i == 0, p, inside)
		w.key(f.Key, styleOf(f.Key))
		w.value(f.Value, inside)
	}
	w.pending = w.pending[:outer]
}

func writeMap[V any](w *writer, fields map[string]V, p place) {
	if len(fields) == 0 {
		w.word("{}", p)
		return
	}
	inside := p.inMap()
	keys := slices.AppendSeq(make([]string, 0, len(fields)), maps.Keys(fields))
	slices.SortFunc(keys, CompareKeys)
	for i, key := range keys {
		w.startLine(i == 0, p, inside)
		w.key(key, styleOf(key))
		w.value(fields[key], inside)
	}
}

func (w *writer) list(items []any, p place) {
	if len(items) == 0 {
		w.word("[]", p)
		return
	}
	inside := p.inList()
	for i, item := range items {
		w.startLine(i == 0, p, inside)
		w.text = append(w.text, dash)
		w.value(item, inside)
	}
}

// inMap returns the place of the values of a map.
func (p place) inMap() place {
	if p.after == nothing {
		return place{after: colon}
	}
	return place{after: colon, indent: p.indent + step}
}

// inList returns the place of the items of a list. Below a key it is not indented.
func (p place) inList() place {
	if p.after == dash {
		return place{after: dash, indent: p.indent + step}
	}
	return place{after: dash, indent: p.indent}
}

// startLine starts the line of a key or of an item of what stands at a place. The first one
// stands right behind a dash.
func (w *writer) startLine(isFirst bool, p, inside place) {
	switch {
	case !isFirst || p.after == colon:
		w.newLine(inside.indent)
	case p.after == dash:
		w.text = append(w.text, ' ')
	}
}

func (w *writer) newLine(indent int) {
	w.text = append(w.text, '\n')
	for range indent {
		w.text = append(w.text, ' ')
	}
}
