// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"maps"
	"slices"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/encoding/yaml"
)

func (w *writer) scalar(v cue.Value) part { return typed(v, attribute(v, "must")) }

// typed returns what a scalar may be. The sentence says so to people.
func typed(v cue.Value, must string) part {
	p := constraints(v, must)
	switch v.IncompleteKind() {
	case cue.BoolKind:
		p["type"] = "boolean"
	case cue.IntKind:
		p["type"] = "integer"
	default:
		p["type"] = "string"
	}
	return p
}

// constraints returns what narrows a scalar. What JSON Schema has no words for, such as that an
// address exists, is left to egressbundle.
func constraints(v cue.Value, must string) part {
	op, args := v.Expr()
	if _, path := v.ReferencePath(); len(path.Selectors()) > 0 && cue.Dereference(v).Exists() {
		op, args = cue.Dereference(v).Expr()
	}
	switch op {
	case cue.AndOp:
		return all(args, must)
	case cue.OrOp:
		return alternatives(args, must)
	case cue.RegexMatchOp:
		return pattern(args[0], must)
	case cue.NotRegexMatchOp:
		return part{"not": part{"pattern": orPanic(args[0].String())}}
	case cue.GreaterThanEqualOp:
		return part{"minimum": args[0]}
	case cue.LessThanEqualOp:
		return part{"maximum": args[0]}
	case cue.CallOp:
		return call(args)
	default:
		if v.IsConcrete() {
			return part{"const": v}
		}
		return part{}
	}
}

func pattern(v cue.Value, must string) part {
	p := part{"pattern": orPanic(v.String())}
	if must != "" {
		p["patternErrorMessage"] = "must " + must
	}
	return p
}

func call(args []cue.Value) part {
	if _, path := args[0].ReferencePath(); path.String() == "MaxRunes" {
		return part{"maxLength": args[1]}
	}
	return part{}
}

// all joins constraints. Each pattern after the first needs a part of its own.
func all(args []cue.Value, must string) part {
	joined, patterns := part{}, []part{}
	for _, arg := range args {
		more := constraints(arg, must)
		if joined["pattern"] != nil && more["pattern"] != nil {
			patterns = append(patterns, more)
			continue
		}
		maps.Copy(joined, more)
	}
	if len(patterns) > 0 {
		joined["allOf"] = patterns
	}
	return joined
}

// alternatives returns values to choose from, other forms, or both.
func alternatives(args []cue.Value, must string) part {
	var values []cue.Value
	var forms []part
	for _, arg := range args {
		if arg.IsConcrete() {
			values = append(values, arg)
		} else {
			forms = append(forms, constraints(arg, must))
		}
	}
	choice := part{"enum": values}
	switch {
	case len(forms) == 0:
		return choice
	case len(values) == 0:
		return part{"anyOf": forms}
	default:
		return part{"anyOf": append([]part{choice}, forms...)}
	}
}

// named returns the value that the first of some sentences names after a word, such as 10s in
// "Default: 10s.", if the place takes it: "Default: no limit." names none.
func (w *writer) named(v cue.Value, word string, sentences ...string) (cue.Value, bool) {
	for _, sentence := range sentences {
		_, rest, _ := strings.Cut(sentence, word)
		for end := 1; end <= len(rest); end++ {
			if !mayEnd(rest[end:]) {
				continue
			}
			if value := w.read(rest[:end]); value.Exists() && v.Unify(value).Validate(cue.Concrete(true)) == nil {
				return value, true
			}
		}
	}
	return cue.Value{}, false
}

// mayEnd reports whether a value may end before the rest of a sentence.
func mayEnd(rest string) bool {
	begins := func(end string) bool { return strings.HasPrefix(rest, end) }
	return rest == "" || rest == "." || slices.ContainsFunc([]string{", ", ". ", " or "}, begins)
}

// read returns the value of a text of YAML, and none for other text.
func (w *writer) read(text string) cue.Value {
	file, err := yaml.Extract("", text)
	if err != nil {
		return cue.Value{}
	}
	return w.context.BuildFile(file)
}
