// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package runbook

import (
	"cmp"
	_ "embed" // the template
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/template"
)

//go:embed runbook.md.tmpl
var text string

var markdown = template.Must(template.New("runbook").Funcs(template.FuncMap{
	"cell": cell, "comment": comment, "inc": func(i int) int { return i + 1 }, "join": strings.Join,
}).Parse(text))

// Encode writes the runbook in Markdown. Equal runbooks give equal bytes. An error is one of the writer.
func (r Runbook) Encode(w io.Writer) error { return markdown.Execute(w, r) }

// cell writes code in a table, where even code has no bare pipe.
// https://github.github.com/gfm/#example-200
func cell(code string) string { return "`" + strings.ReplaceAll(code, "|", `\|`) + "`" }

// comment writes what a command prints below it, as comments of the shell.
func comment(prints string) string {
	if prints == "" {
		return "# (prints nothing)"
	}
	return "# " + strings.ReplaceAll(prints, "\n", "\n# ")
}

// A line is one of the table of failures.
type line struct{ Link, Curl, Log, Cause, Remedy string }

// Lines are the table of failures. Those that look alike stand together.
func (r Runbook) Lines() []line {
	var lines []line
	for i, f := range r.Failures {
		link := strconv.Itoa(i + 1)
		if len(f.Look) > 0 {
			link = fmt.Sprintf("[%s](#%s)", link, f.Name)
		}
		for _, s := range f.Symptoms {
			lines = append(lines, line{link, s.curl(), s.log(), f.Cause, f.Remedy})
		}
	}
	slices.SortStableFunc(lines, func(a, b line) int { return cmp.Or(cmp.Compare(a.Curl, b.Curl), cmp.Compare(a.Log, b.Log)) })
	return slices.Compact(lines)
}

// curl says what curl says.
func (s Symptom) curl() string {
	switch {
	case s.Exit != 0:
		return fmt.Sprintf("exit %d", s.Exit)
	case s.Prints == "":
		return "ends at once"
	case s.Prints == Any:
		return "as when all is well"
	default:
		return s.Prints
	}
}

// log says whose log tells it, and what stands there.
func (s Symptom) log() string {
	if s.Proxy == "" {
		return "no line in any"
	}
	return s.Proxy + ": " + cell(s.Logs)
}
