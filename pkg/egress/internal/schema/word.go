// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"

	"cuelang.org/go/cue"
)

// wordOfField returns what is said of the name of a field that there is not at a place, if it is
// a word that others have.
func (c *compiled) wordOfField(place *node, name string) string {
	return cmp.Or(c.word(place.name, name), c.word("Anywhere", name))
}

// wordOfValue returns the same of a value that is refused: a text, or a map with such a name.
func (c *compiled) wordOfValue(place *node, data any) string {
	switch data := data.(type) {
	case string:
		upper := strings.ToUpper(data)
		return cmp.Or(c.word(place.name, data), c.word(place.name, upper), c.word(place.name, numbers.ReplaceAllString(upper, "N")))
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(data)) {
			if sentence := c.word(place.name, name); sentence != "" {
				return sentence
			}
		}
	}
	return ""
}

// numbers are what N stands for in a word.
var numbers = regexp.MustCompile("[0-9]+")

func (c *compiled) word(definition, name string) string {
	for _, a := range c.words(definition) {
		sentence := a.NumArgs() - 1
		for i := range sentence {
			if orPanic(a.String(i)) == name {
				return orPanic(a.String(sentence))
			}
		}
	}
	return ""
}

// words returns the lines of words.cue about a definition: words, and a sentence at the end.
func (c *compiled) words(definition string) []cue.Attribute {
	return c.root.LookupPath(cue.MakePath(cue.Str("words"), cue.Str(definition))).Attributes(cue.FieldAttr)
}
