// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"slices"

	"cuelang.org/go/cue"
)

// A node is what the definitions say of one place in a document.
type node struct {
	schema cue.Value
	// must completes the sentence "must ..." for a value that is refused.
	must string
	// fields are those of a struct, by name; nil if the place holds no struct.
	fields   map[string]*node
	required []string
	// values is what stands behind the keys of a map; nil if it is no map.
	values *node
	// items is what a list holds; nil if the place holds no list.
	items *node
	// choice marks a place where the field pattern names the definition.
	choice bool
}

func (c *compiled) newNode(v cue.Value) *node {
	n := &node{schema: v, must: must(v)}
	switch {
	case refersTo(v, "Port"):
		n.choice = true
	case v.IncompleteKind() == cue.StructKind:
		c.readFields(n)
	case v.IncompleteKind() == cue.ListKind:
		n.items = c.newNode(v.LookupPath(cue.MakePath(cue.AnyIndex)))
	}
	return n
}

// readFields leaves a choice between structs alone: it has no fields of its own.
func (c *compiled) readFields(n *node) {
	fields, err := n.schema.Fields(cue.Optional(true))
	if err != nil {
		return
	}
	n.fields = map[string]*node{}
	for fields.Next() {
		name := fields.Selector().Unquoted()
		n.fields[name] = c.newNode(fields.Value())
		if fields.FieldType().ConstraintType() == cue.RequiredConstraint {
			n.required = append(n.required, name)
		}
	}
	slices.Sort(n.required)
	c.readValues(n)
}

// readValues finds the value of a pattern constraint by asking for a key that
// no field has.
func (c *compiled) readValues(n *node) {
	const key = "k"
	if n.fields[key] != nil || !n.schema.Allows(cue.Str(key)) {
		return
	}
	probe := c.context.CompileString("{" + key + ": _}")
	n.values = c.newNode(n.schema.Unify(probe).LookupPath(cue.MakePath(cue.Str(key))))
}

// must returns the sentence that stands beside a field or beside the definition
// that the field refers to.
func must(v cue.Value) string {
	for _, v := range []cue.Value{v, cue.Dereference(v)} {
		if a := v.Attribute("must"); a.Err() == nil {
			if sentence, err := a.String(0); err == nil {
				return sentence
			}
		}
	}
	switch v.IncompleteKind() {
	case cue.StructKind:
		return "be a map"
	case cue.ListKind:
		return "be a list"
	default:
		return "be text in quotes"
	}
}

func refersTo(v cue.Value, definition string) bool {
	_, path := v.ReferencePath()
	selectors := path.Selectors()
	return len(selectors) == 1 && selectors[0] == cue.Def(definition)
}
