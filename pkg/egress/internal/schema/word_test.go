// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"testing"

	"cuelang.org/go/cue"
)

// TestWordsAreOfOthers: no word of words.cue is one that its definition knows, else nobody would
// ever read the sentence, and none has two sentences at one place.
func TestWordsAreOfOthers(t *testing.T) {
	c := &checker{compiled: compile()}
	fields, err := c.root.LookupPath(cue.ParsePath("words")).Fields()
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for fields.Next() {
		name := fields.Selector().String()
		place := c.placeOf(name)
		seen := map[string]bool{}
		for _, word := range c.wordsOf(name) {
			found++
			if seen[word] {
				t.Errorf("%s: %s stands twice", name, word)
			}
			seen[word] = true
			if place != nil && (place.fields[word] != nil || place.fields == nil && c.unifies(place, word)) {
				t.Errorf("%s: %s is a word of the definition itself", name, word)
			}
		}
	}
	if found < 100 {
		t.Errorf("found %d words, want most of them", found)
	}
}

// placeOf returns the place of which the words of a definition are: an entry, if it is a map, and
// a port of any pattern. It returns nil for Anywhere.
func (c *checker) placeOf(name string) *node {
	if name == "Port" {
		return c.anyPattern(c.patterns())
	}
	n := c.definition(name)
	if n != nil && n.values != nil {
		n = n.values
		c.read(n)
	}
	return n
}

func (c *compiled) wordsOf(name string) []string {
	var words []string
	for _, a := range c.words(name) {
		for i := range a.NumArgs() - 1 {
			words = append(words, orPanic(a.String(i)))
		}
	}
	return words
}
