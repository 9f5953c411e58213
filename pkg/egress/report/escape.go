// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"unicode"
)

// What people wrote is text in the report: it ends no cell, and makes no heading, link or tag.

// special are the characters that Markdown gives a meaning within a line, but for the underscore:
// within words, as in ALLOW_ANY, it has none.
// https://spec.commonmark.org/0.31.2/#backslash-escapes
const special = "\\`*[]<>|~&!"

// plain returns text that Markdown shows as it is, in one line.
func plain(text string) string {
	var escaped strings.Builder
	for _, r := range oneLine(text) {
		if strings.ContainsRune(special, r) {
			escaped.WriteRune('\\')
		}
		escaped.WriteRune(r)
	}
	return escaped.String()
}

// code returns text as code in a cell. The fence is longer than any in the text.
// https://spec.commonmark.org/0.31.2/#code-spans
func code(text string) string {
	text = strings.ReplaceAll(oneLine(text), "|", `\|`)
	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	if len(fence) > 1 {
		text = " " + text + " "
	}
	return fence + text + fence
}

// oneLine replaces what breaks lines, and what nobody sees, by spaces.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
}
