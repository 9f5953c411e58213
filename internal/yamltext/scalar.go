// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package yamltext

import (
	"fmt"
	"strconv"
	"strings"
)

func (w *writer) scalar(value any, p place) {
	switch value := value.(type) {
	case string:
		w.string(value, styleOf(value), p)
	case bool:
		w.word(strconv.FormatBool(value), p)
	case int64:
		w.word(strconv.FormatInt(value, 10), p)
	default:
		w.failed = true
	}
}

// word writes what needs no quotes.
func (w *writer) word(text string, p place) {
	if p.after != nothing {
		w.text = append(w.text, ' ')
	}
	w.text = append(w.text, text...)
}

// string writes text. A document that is no more than that is for the library.
func (w *writer) string(text string, s style, p place) {
	if p.after == nothing {
		s = unknown
	}
	w.text = append(w.text, ' ')
	w.styled(text, s, p.indent+step)
}

// key writes the key of a map, and its colon. The library writes long keys, and those of
// several lines, behind a question mark.
func (w *writer) key(key string, s style) {
	if len(key) > longestKey || strings.Contains(key, "\n") {
		s = unknown
	}
	w.styled(key, s, 0)
	w.text = append(w.text, colon)
}

const longestKey = 128

func (w *writer) styled(text string, s style, indent int) {
	switch s {
	case plain:
		w.text = append(w.text, text...)
	case singleQuoted:
		w.text = append(w.text, '\'')
		w.text = append(w.text, strings.ReplaceAll(text, "'", "''")...)
		w.text = append(w.text, '\'')
	case doubleQuoted:
		w.doubleQuoted(text)
	case literal:
		w.literal(text, indent)
	case unknown:
		w.failed = true
	}
}

func (w *writer) doubleQuoted(text string) {
	w.text = append(w.text, '"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			w.text = append(w.text, '\\', byte(r))
		case r == '\n':
			w.text = append(w.text, `\n`...)
		case r == '\t':
			w.text = append(w.text, `\t`...)
		case needsEscape(r):
			w.text = fmt.Appendf(w.text, `\U%08X`, r)
		default:
			w.text = append(w.text, string(r)...)
		}
	}
	w.text = append(w.text, '"')
}

// literal writes text as a block of lines.
func (w *writer) literal(text string, indent int) {
	w.text = append(w.text, '|')
	if text[0] == ' ' || text[0] == '\n' {
		w.text = strconv.AppendInt(w.text, step, 10)
	}
	text, isWhole := strings.CutSuffix(text, "\n")
	if !isWhole {
		w.text = append(w.text, '-')
	}
	for line := range strings.SplitSeq(text, "\n") {
		if line == "" {
			w.newLine(0)
		} else {
			w.newLine(indent)
		}
		w.text = append(w.text, line...)
	}
}
