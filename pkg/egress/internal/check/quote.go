// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package check

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/source"
)

// longestQuote is how much of a value a message repeats, in characters.
const longestQuote = 80

// Quote returns the value of a field for a message, as the user wrote it: 0755 is 493 to a
// YAML reader.
func Quote(value any, path field.Path, from *source.Source) string {
	switch value := value.(type) {
	case nil:
		return "nothing"
	case map[string]any:
		return quoteMap(value)
	case []any:
		if len(value) == 0 {
			return "an empty list"
		}
		return "a list"
	case string:
		return fmt.Sprintf("%q", shorten(value))
	default:
		text, ok := from.Text(path)
		if !ok {
			text = fmt.Sprint(value)
		}
		return fmt.Sprintf("the %s %s", yamlType(value), shorten(text))
	}
}

// quoteMap shows what a map holds, as far as it is short.
func quoteMap(fields map[string]any) string {
	if len(fields) == 0 {
		return "an empty map"
	}
	var shown []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		text := fmt.Sprintf("%q", name)
		if plainName.MatchString(name) {
			text = name
		}
		if value, ok := fields[name].(string); ok {
			text += fmt.Sprintf(": %q", value)
		}
		shown = append(shown, text)
	}
	text := "a map: " + shorten(strings.Join(shown, ", "))
	if isHostWithColon(fields) {
		text += "; the colon at its end makes it one, remove it"
	}
	return text
}

// isHostWithColon recognizes what is left of "- api.example.com:".
func isHostWithColon(fields map[string]any) bool {
	for name, value := range fields {
		return len(fields) == 1 && value == nil && strings.Contains(name, ".")
	}
	return false
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9]+$`)

func shorten(text string) string {
	if runes := []rune(text); len(runes) > longestQuote {
		return string(runes[:longestQuote]) + "..."
	}
	return text
}

func yamlType(value any) string {
	if _, ok := value.(bool); ok {
		return "boolean"
	}
	return "number"
}
