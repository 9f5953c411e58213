// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/diagnose"
)

// A yamlProblem is one of the things that the YAML library may say.
type yamlProblem struct {
	text string // how it starts
	hint string // what to do about it
	// above says that the library names the line above: it counts from 0 where
	// its parser complains, and from 1 where its scanner does.
	above bool
}

var yamlProblems = []yamlProblem{
	{
		text:  "did not find expected key",
		hint:  "a line of the map that starts here does not belong to it: look for wrong indentation and for quotes that end too early",
		above: true,
	},
	{
		text:  "did not find expected '-' indicator",
		hint:  "a line of the list that starts here does not belong to it: look for wrong indentation",
		above: true,
	},
	{
		text:  "did not find expected ',' or",
		hint:  "the [ or { that opens here is not closed",
		above: true,
	},
	{
		text:  "did not find expected",
		hint:  "look for wrong indentation, and for a [ or { that is not closed; render templates such as {{ .x }} first",
		above: true,
	},
	{
		text:  "did not find expected <document start>",
		hint:  "the document above has ended: put --- in front of the next one, or indent a line that belongs to the one above",
		above: true,
	},
	{
		text: "did not find expected alphabetic or numeric character",
		hint: "text that starts with * or & needs quotes",
	},
	{
		text: "mapping values are not allowed in this context",
		hint: "text with a colon and a space needs quotes",
	},
	{
		text: "found character that cannot start any token",
		hint: "text that starts with @, ` or % needs quotes, and lines are indented with spaces and not with tabs",
	},
	{
		text: "found unexpected end of stream",
		hint: "the quote that opens here is not closed",
	},
	{
		text:  "found incompatible YAML document",
		hint:  "remove the line with %YAML",
		above: true,
	},
	{
		text: "control characters are not allowed",
		hint: "write such characters as escapes, in double quotes",
	},
	{
		text: "invalid",
		hint: "save the file as UTF-8",
	},
	{
		text: "incomplete UTF-8",
		hint: "save the file as UTF-8",
	},
	{
		text: "anchor",
		hint: "write the values out",
	},
	{
		text: "unknown anchor",
		hint: "define it before, in the same document, or put text that starts with * in quotes",
	},
	{
		text: "map merge requires map",
		hint: "name a map after <<",
	},
	{
		text: "document contains excessive aliasing",
		hint: "write the values out",
	},
	{
		text: "cannot decode",
		hint: "remove the tag, which starts with !!, or change the value",
	},
}

// explain returns the most specific problem that a text starts with.
func explain(text string) yamlProblem {
	var best yamlProblem
	for _, problem := range yamlProblems {
		if strings.HasPrefix(text, problem.text) && len(problem.text) > len(best.text) {
			best = problem
		}
	}
	return best
}

// yamlLine finds the line in an error of the YAML library, which has no other
// way to tell it.
var yamlLine = regexp.MustCompile(`^line (\d+): `)

// reportYAML reports an error of the YAML library. The line is for errors that tell none
// and leave no trace in the text.
func (p *parser) reportYAML(r *diagnose.Reporter, err error, line int) {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	text, _, _ = strings.Cut(strings.TrimSpace(strings.TrimPrefix(text, "unmarshal errors:")), "\n")
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		text = text[len(m[0]):]
		line, _ = strconv.Atoi(m[1])
		if explain(text).above {
			line++
		}
	} else if offset := p.offset(text); offset >= 0 {
		line = 1 + bytes.Count(p.src[:offset], []byte("\n"))
	}
	at := diag.Position{File: p.file}
	if !p.isRewritten {
		at.Line, at.Column = line, 1
	}
	r.ReportAt(at, "", invalidYAML(strings.Map(printable, text), explain(text).hint))
}

// printable keeps what the library quotes of a file from breaking a line.
func printable(r rune) rune {
	if strconv.IsPrint(r) {
		return r
	}
	return utf8.RuneError
}

// yamlAnchor finds the name of an anchor in an error of the YAML library.
var yamlAnchor = regexp.MustCompile(`anchor '([^']*)'`)

// offset finds what an error without a line is about, or returns -1.
func (p *parser) offset(text string) int {
	switch m := yamlAnchor.FindStringSubmatch(text); {
	case m != nil:
		return bytes.Index(p.src, []byte("*"+m[1]))
	case strings.HasPrefix(text, "map merge"):
		return bytes.Index(p.src, []byte("<<"))
	case strings.Contains(text, "UTF-8"), strings.HasPrefix(text, "control characters"):
		return unreadable(p.src)
	default:
		return -1
	}
}

// unreadable returns the offset of the first character that YAML does not allow,
// or -1.
// https://yaml.org/spec/1.2.2/#51-character-set
func unreadable(src []byte) int {
	for i := 0; i < len(src); {
		r, size := utf8.DecodeRune(src[i:])
		control := r < ' ' && r != '\t' && r != '\n' && r != '\r' || r >= 0x7f && r < 0xa0 && r != 0x85
		if control || r >= 0xfffe && r <= 0xffff || r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}
