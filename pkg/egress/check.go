// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/schema"
)

// check judges a document by the CUE definition of its kind. A document that a
// Go program built has no source.
func check(kind string, content any, s *source) []Diagnostic {
	var diagnostics []Diagnostic
	object := refTo(kind, content)
	for _, v := range schema.Check(kind, content) {
		d := Diagnostic{Severity: SeverityError, Object: object, Path: string(v.Path), Position: s.keyPosition(string(v.Path))}
		switch v.Rule {
		case schema.Unknown:
			d.Code, d.Message = UnknownField, unknownField(v)
		case schema.Required:
			d.Code, d.Message = MissingField, "is missing; it must "+v.Must
		case schema.InvalidKey:
			d.Code, d.Message = InvalidValue, fmt.Sprintf("the name must %s, got %s", v.Must, s.quote(v))
		case schema.Invalid:
			d.Code, d.Message = InvalidValue, fmt.Sprintf("must %s, got %s", v.Must, s.quote(v))
			d.Position = s.position(string(v.Path))
		}
		diagnostics = append(diagnostics, d)
	}
	return diagnostics
}

func unknownField(v schema.Violation) string {
	known := strings.Join(v.Known, ", ")
	if len(v.Elsewhere) > 0 {
		return fmt.Sprintf("must not be set: it is an option of the pattern %s; this pattern takes %s",
			strings.Join(v.Elsewhere, " or "), known)
	}
	if len(v.Known) == 1 {
		return "is not a field here; the only field is " + known
	}
	return "is not a field here; the fields are " + known
}

// refTo names a document as far as its name can be read.
func refTo(kind string, content any) ObjectRef {
	fields, _ := content.(map[string]any)
	meta, _ := fields["metadata"].(map[string]any)
	name, _ := meta["name"].(string)
	namespace, _ := meta["namespace"].(string)
	return ObjectRef{Kind: kind, Namespace: namespace, Name: name}
}

// longestQuote is how much of a value a message repeats.
const longestQuote = 80

// quote returns the value as the user wrote it: 0755 is 493 to a YAML reader.
func (s *source) quote(v schema.Violation) string {
	switch value := v.Value.(type) {
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
		text := fmt.Sprint(value)
		if s != nil {
			text = resolve(s.find(string(v.Path)).value).Value
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
