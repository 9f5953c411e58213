// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package yamltext

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// A style is a way to write text.
type style int

const (
	plain style = iota
	singleQuoted
	doubleQuoted
	literal
	unknown // It is for the library.
)

// styleOf returns the style that the library gives text.
func styleOf(text string) style {
	switch {
	case isName(text):
		return plain
	case strings.Contains(text, "\n"):
		return fit(literal, text)
	case IsText(text):
		return fit(plain, text)
	default:
		return fit(doubleQuoted, text)
	}
}

// isName recognizes most texts at a glance: letters, digits and what stands between them in
// names, but for words that YAML takes for something else than text.
func isName(text string) bool {
	if text == "" || !isLetter(text[0]) || len(text) <= len("false") && isWord[strings.ToLower(text)] {
		return false
	}
	for i := range len(text) {
		if !isInName[text[i]] {
			return false
		}
	}
	return true
}

var isWord = map[string]bool{
	"y": true, "yes": true, "on": true, "true": true, "n": true, "no": true, "off": true, "false": true, "null": true,
}

var isInName = func() (is [256]bool) {
	for c := range is {
		is[c] = isLetter(byte(c)) || '0' <= c && c <= '9' || strings.ContainsRune("-./_", rune(c))
	}
	return is
}()

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// IsText reports whether every version of YAML takes a word without quotes for text: the first
// ones take yes for a truth value, and 22:22 for a number.
func IsText(word string) bool { return tagOf(word) == tagText && !isOldWord(word) }

// isOldWord looks at the first character before it asks, which takes long.
func isOldWord(word string) bool {
	return word != "" && strings.ContainsRune("yYoOnN-+0123456789", rune(word[0])) && oldWord.MatchString(word)
}

var oldWord = regexp.MustCompile(
	`^([yY]|[yY]es|YES|[oO]n|ON|[nN]|[nN]o|NO|[oO]ff|OFF|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?)$`)

const tagText = "!!str"

// tagOf returns what YAML takes a word without quotes for.
func tagOf(word string) string {
	node := yaml.Node{Kind: yaml.ScalarNode, Value: word}
	return node.ShortTag()
}

// fit returns the style that text gets where another is wanted.
func fit(wanted style, text string) style {
	switch {
	case !utf8.ValidString(text) || strings.ContainsFunc(text, isOdd):
		return unknown
	case wanted == doubleQuoted, strings.Contains(text, " \n"), strings.ContainsFunc(text, needsEscape):
		return doubleQuoted
	case wanted == literal:
		return fitBlock(text)
	case strings.Contains(text, "\n"):
		return unknown
	case strings.Contains(text, "\t"):
		return doubleQuoted
	case wanted == singleQuoted, isMarkup(text):
		return singleQuoted
	default:
		return plain
	}
}

// fitBlock returns the style of text that is wanted as a block of lines.
func fitBlock(text string) style {
	switch {
	case text == "", strings.HasSuffix(text, " "):
		return doubleQuoted
	case text == "\n", strings.HasSuffix(text, "\n\n"):
		return unknown
	default:
		return literal
	}
}

// isMarkup reports whether a line means something else without quotes.
func isMarkup(line string) bool {
	return line == "" || line == "-" || line == "?" || strings.ContainsRune("#,[]{}&*!|>'\"%@` ", rune(line[0])) ||
		strings.HasPrefix(line, "---") || strings.HasPrefix(line, "...") ||
		strings.HasPrefix(line, "- ") || strings.HasPrefix(line, "? ") ||
		strings.HasSuffix(line, ":") || strings.HasSuffix(line, " ") ||
		strings.Contains(line, ": ") || strings.Contains(line, " #")
}

// needsEscape reports whether the library has a number for a character.
func needsEscape(r rune) bool { return r > '\uffff' }

// isOdd reports whether a character is one of those that control something.
func isOdd(r rune) bool {
	switch r {
	case '\n', '\t':
		return false
	case '\u2028', '\u2029', '\ufeff', '\ufffe', '\uffff':
		return true
	default:
		return unicode.IsControl(r)
	}
}
