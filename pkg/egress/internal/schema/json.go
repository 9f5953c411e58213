// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"cuelang.org/go/cue"
)

// JSON returns the JSON Schema of documents of some kinds, with a name of its own. It is of draft
// 7, which every tool reads, with the words that editors add to it: the sentences that explain
// what is refused (patternErrorMessage), and what each value of a list means (enumDescriptions).
func JSON(id string, kinds ...string) ([]byte, error) {
	c := borrow()
	defer pool.Put(c)
	w := writer{compiled: c, definitions: part{}}
	root := part{}
	if len(kinds) == 1 {
		root = w.described(c.lookup(kinds[0]), w.object)
	} else {
		root["type"], root["anyOf"] = "object", w.references(kinds)
	}
	root["$schema"], root["$id"], root["definitions"] = "http://json-schema.org/draft-07/schema#", id, w.definitions
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(root)
	return text.Bytes(), err
}

// A part of a JSON Schema.
type part map[string]any

type writer struct {
	*compiled

	// definitions are the structs that have a name. In draft 7 nothing beside a reference to one
	// counts, but what explains a field; so everything else stands where it is used.
	definitions part
}

// described returns what is said of a place: what it takes, what it is for, and values that the
// sentences beside it name.
func (w *writer) described(v cue.Value, takes func(cue.Value) part) part {
	p := takes(v)
	text := doc(v)
	if text != "" {
		p["description"] = text
	}
	if value, ok := w.named(v, "Default: ", text); ok {
		p["default"] = value
	}
	if value, ok := w.named(v, "such as ", text, attribute(v, "must"), doc(cue.Dereference(v))); ok {
		p["examples"] = []any{value}
	}
	return p
}

// doc returns the comment of a field or of a definition, on one line.
func doc(v cue.Value) string {
	var words []string
	for _, group := range v.Doc() {
		words = append(words, strings.Fields(group.Text())...)
	}
	return strings.Join(words, " ")
}

func (w *writer) field(v cue.Value) part { return w.described(v, w.shape) }

func (w *writer) shape(v cue.Value) part {
	switch kind := v.IncompleteKind(); {
	case reference(v) == "Port":
		return w.port()
	case kind == cue.StructKind:
		return w.structure(v)
	case kind == cue.ListKind:
		return w.list(v)
	default:
		return w.scalar(v)
	}
}

// structure returns a struct: by its name, if it has one.
func (w *writer) structure(v cue.Value) part {
	if name := reference(v); name != "" {
		return w.define(name)
	}
	return w.object(v)
}

func (w *writer) references(names []string) []part {
	var all []part
	for _, name := range names {
		all = append(all, w.define(name))
	}
	return all
}

func (w *writer) define(name string) part {
	if w.definitions[name] == nil {
		w.definitions[name] = part{} // It is being written.
		w.definitions[name] = w.described(w.lookup(name), w.object)
	}
	return part{"$ref": "#/definitions/" + name}
}

func (w *writer) object(v cue.Value) part {
	if op, alternatives := cue.Dereference(v).Expr(); op == cue.OrOp {
		var anyOf []part
		for _, alternative := range alternatives {
			anyOf = append(anyOf, w.object(alternative))
		}
		return part{"type": "object", "anyOf": anyOf}
	}
	p := part{"type": "object", "additionalProperties": false}
	properties, required := part{}, []string{}
	for fields := orPanic(v.Fields(cue.Optional(true), cue.Patterns(true))); fields.Next(); {
		if selector := fields.Selector(); selector.ConstraintType() == cue.PatternConstraint {
			w.entries(p, v, selector.Pattern(), fields.Value())
			continue
		}
		name := fields.Selector().Unquoted()
		properties[name] = w.field(fields.Value())
		if fields.FieldType().ConstraintType() == cue.RequiredConstraint {
			required = append(required, name)
		}
	}
	if len(properties) > 0 {
		p["properties"] = properties
	}
	if len(required) > 0 {
		slices.Sort(required)
		p["required"] = required
	}
	return p
}

// entries adds what the keys of a map are and what they hold.
func (w *writer) entries(p part, of, key, value cue.Value) {
	p["additionalProperties"] = w.described(value, func(v cue.Value) part {
		if v.IncompleteKind() == cue.StringKind {
			return typed(v, cmp.Or(attribute(of, "value"), attribute(v, "must")))
		}
		return w.shape(v)
	})
	if names := typed(key, cmp.Or(attribute(of, "key"), attribute(w.lookup("Name"), "must"))); len(names) > 1 {
		p["propertyNames"] = names
	}
}

func (w *writer) list(v cue.Value) part {
	p := part{"type": "array", "items": w.field(v.LookupPath(cue.MakePath(cue.AnyIndex)))}
	if v.LookupPath(cue.MakePath(cue.Index(0))).Exists() {
		p["minItems"] = 1
	}
	return p
}

// port returns one of all patterns, which the field pattern names. Whoever checks a port finds
// what is wrong with that pattern, and nothing of the others.
func (w *writer) port() part {
	var meanings, cases []any
	for _, name := range w.patterns() {
		named := part{"properties": part{"pattern": part{"const": name}}, "required": []string{"pattern"}}
		cases = append(cases, part{"if": named, "then": w.define(name)})
		meanings = append(meanings, doc(w.lookup(name)))
	}
	pattern := w.lookup(w.patterns()[0]).LookupPath(cue.MakePath(cue.Str("pattern").Required()))
	names := func(cue.Value) part {
		return part{"type": "string", "enum": w.patterns(), "enumDescriptions": meanings}
	}
	return part{
		"type":       "object",
		"properties": part{"pattern": w.described(pattern, names)},
		"required":   []string{"pattern"},
		"allOf":      cases,
	}
}
