// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue"
)

// A node is what the definitions say of one place in a document.
type node struct {
	schema cue.Value
	// must completes the sentence "must ..." for a value that is refused.
	must string
	// isUnread says that the place holds a struct, of which nobody has asked for the fields yet.
	isUnread bool
	// fields are those of a struct, by name; nil if the place holds no struct.
	fields   map[string]*node
	required []string
	// values is what stands behind the keys of a map; nil if it is no map.
	values *node
	// mustKey completes the sentence "must ..." for a key that is refused.
	mustKey string
	// items is what a list holds; nil if the place holds no list.
	items *node
	// isPlain says that the place holds a scalar, or a list of them.
	isPlain bool
	// choice marks a place where the field pattern names the definition.
	choice bool
	// name is that of the definition for the place, or for the map of which it is an entry.
	name string
}

func (c *compiled) newNode(v cue.Value) *node {
	n := &node{schema: v, must: must(v), name: reference(v)}
	switch kind := v.IncompleteKind(); {
	case n.name == "Port":
		n.choice = true
	case kind == cue.StructKind:
		n.isUnread = true
	case kind == cue.ListKind:
		n.items = c.newNode(v.LookupPath(cue.MakePath(cue.AnyIndex)))
		n.isPlain = n.items.isPlain
	default:
		n.isPlain = kind&(cue.StructKind|cue.ListKind) == 0
	}
	return n
}

// read finds the fields of a struct when one is met: most documents have few of all that there
// may be.
func (c *compiled) read(n *node) {
	if n.isUnread {
		n.isUnread = false
		c.readFields(n)
	}
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

// readValues finds the value of a pattern constraint by asking for keys that no
// field has: a name, a number, and a path.
func (c *compiled) readValues(n *node) {
	for _, key := range []string{"k", "1", "/"} {
		if n.fields[key] != nil || !n.schema.Allows(cue.Str(key)) {
			continue
		}
		probe := c.context.CompileString("{" + strconv.Quote(key) + ": _}")
		n.values = c.newNode(n.schema.Unify(probe).LookupPath(cue.MakePath(cue.Str(key))))
		n.values.must = cmp.Or(attribute(n.schema, "value"), n.values.must)
		n.values.name = n.name
		n.mustKey = attribute(n.schema, "key")
		return
	}
}

// must returns the sentence that stands beside a field or beside the definition
// that the field refers to.
func must(v cue.Value) string {
	if sentence := attribute(v, "must"); sentence != "" {
		return sentence
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

// reference returns the definition that a field refers to, or nothing.
func reference(v cue.Value) string {
	_, path := v.ReferencePath()
	if selectors := path.Selectors(); len(selectors) == 1 {
		return strings.TrimPrefix(selectors[0].String(), "#")
	}
	return ""
}

// attribute returns the text of an attribute of a field, or of the definition
// that the field refers to.
func attribute(v cue.Value, name string) string {
	for _, v := range []cue.Value{v, cue.Dereference(v)} {
		if a := v.Attribute(name); a.Err() == nil {
			if text, err := a.String(0); err == nil {
				return text
			}
		}
	}
	return ""
}
