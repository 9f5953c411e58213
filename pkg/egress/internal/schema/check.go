// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"cuelang.org/go/cue"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
)

// A Rule is what a Violation breaks.
type Rule int

// The rules that a document can break by itself.
const (
	// Invalid: the value is not what the field takes.
	Invalid Rule = iota
	// InvalidKey: the name of an entry is not what the map takes.
	InvalidKey
	// Required: the field is missing.
	Required
	// Unknown: there is no such field.
	Unknown
)

// A Violation is one place where a document breaks its definition.
type Violation struct {
	Rule Rule
	// Path leads to the place, or to where it would be: spec.ports[0].port.
	Path field.Path
	// Must completes the sentence "must ...", unless Rule is Unknown.
	Must string
	// Known are the fields that are known instead, if Rule is Unknown.
	Known []string
	// Elsewhere are the patterns that do know the field, if Rule is Unknown.
	Elsewhere []string
	// Value is the value or the name that is refused, if Rule is Invalid or
	// InvalidKey.
	Value any
	// Word says what there is for a word that others have, if it is one.
	Word string
}

// Check returns everything in which a document breaks a definition, sorted by
// place. A document is what encoding/json decodes into an any.
//
// Structs are judged field by field and everything else by CUE as a whole: a
// definition may constrain a struct in its fields, not in how many it has.
func Check(definition string, document any) []Violation {
	c := borrow()
	defer pool.Put(c)
	check := checker{compiled: c, accepted: map[leaf]bool{}}
	check.value("", c.definition(definition), document)
	return check.violations
}

type checker struct {
	*compiled

	violations []Violation
	// accepted remembers verdicts: most ports of a large bundle are the same.
	accepted map[leaf]bool
	// undecided is a port of no pattern; nil: no such port was met.
	undecided *node
}

// A leaf is a scalar at a place of the definitions.
type leaf struct {
	*node

	value any
}

func (c *checker) value(path field.Path, n *node, data any) {
	switch data := data.(type) {
	case map[string]any:
		c.read(n)
		switch {
		case n.choice:
			c.choose(path, n, data)
			return
		case n.fields != nil:
			c.fields(path, n, n, data)
			return
		}
	case []any:
		if n.items != nil && len(data) > 0 {
			c.items(path, n, data)
			return
		}
	}
	if n.choice || !c.accepts(n, data) {
		c.report(Violation{Rule: Invalid, Path: path, Must: n.must, Value: data, Word: c.wordOfValue(n, data)})
	}
}

func (c *checker) accepts(n *node, data any) bool {
	switch data.(type) {
	case map[string]any, []any:
		return c.unifies(n, data)
	}
	at := leaf{n, data}
	verdict, known := c.accepted[at]
	if !known {
		verdict = c.unifies(n, data)
		c.accepted[at] = verdict
	}
	return verdict
}

func (c *checker) unifies(n *node, data any) bool {
	v := c.context.Encode(data, cue.NilIsAny(false))
	// This is many times as fast, and misses only fields that are required.
	if n.isPlain && v.Err() == nil && n.schema.Subsume(v, cue.Final()) == nil {
		return true
	}
	return n.schema.Unify(v).Validate(cue.Concrete(true)) == nil
}

// fields checks a struct, whose place may have words that its definition does not have.
func (c *checker) fields(path field.Path, n, place *node, data map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(data)) {
		switch known := n.fields[name]; {
		case known != nil:
			c.value(path.Child(name), known, data[name])
		case n.values != nil && n.schema.Allows(cue.Str(name)):
			c.value(path.Child(name), n.values, data[name])
		case n.values != nil:
			c.report(Violation{Rule: InvalidKey, Path: path.Child(name), Must: cmp.Or(n.mustKey, c.definition("Name").must), Value: name})
		default:
			known := slices.Sorted(maps.Keys(n.fields))
			c.report(Violation{Rule: Unknown, Path: path.Child(name), Known: known, Word: c.wordOfField(place, name)})
		}
	}
	for _, name := range n.required {
		if _, ok := data[name]; !ok {
			c.report(Violation{Rule: Required, Path: path.Child(name), Must: n.fields[name].must})
		}
	}
}

func (c *checker) items(path field.Path, n *node, data []any) {
	if !n.items.choice && c.accepts(n, data) {
		return
	}
	for i, item := range data {
		c.value(path.Item(i), n.items, item)
	}
}

// choose checks a port against the definition that its pattern names. Unifying
// it with all of them at once would hide which field is wrong, and costs more
// with every pattern.
func (c *checker) choose(path field.Path, n *node, data map[string]any) {
	names := c.patterns()
	name, _ := data["pattern"].(string)
	if !slices.Contains(names, name) {
		c.fields(path, c.anyPattern(names), n, data)
		return
	}
	before := len(c.violations)
	c.fields(path, c.definition(name), n, data)
	for i := range c.violations[before:] {
		c.findElsewhere(path, &c.violations[before+i], names)
	}
}

// anyPattern returns a port that has the options of all patterns, and still has to name one.
func (c *checker) anyPattern(names []string) *node {
	if c.undecided == nil {
		pattern := *c.definition("Pattern")
		pattern.must = "name a pattern: " + strings.Join(names, ", ")
		c.undecided = &node{fields: map[string]*node{}, required: []string{"pattern", "port"}}
		for _, name := range names {
			maps.Copy(c.undecided.fields, c.definition(name).fields)
		}
		c.undecided.fields["pattern"] = &pattern
	}
	return c.undecided
}

// findElsewhere notes which other patterns know an unknown field of a port.
func (c *checker) findElsewhere(path field.Path, v *Violation, patterns []string) {
	if v.Rule != Unknown {
		return
	}
	for _, pattern := range patterns {
		for option := range c.definition(pattern).fields {
			if v.Path == path.Child(option) {
				v.Elsewhere = append(v.Elsewhere, pattern)
			}
		}
	}
}

// patterns returns the names of all patterns, sorted.
func (c *compiled) patterns() []string {
	fields, err := c.root.LookupPath(cue.ParsePath("patterns")).Fields()
	if err != nil {
		panic(err)
	}
	var names []string
	for fields.Next() {
		names = append(names, fields.Selector().Unquoted())
	}
	slices.Sort(names)
	return names
}

func (c *checker) report(v Violation) { c.violations = append(c.violations, v) }
