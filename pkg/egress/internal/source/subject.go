// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"fmt"

	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
)

// A Subject is a document that diagnostics are about.
type Subject struct {
	Object diag.ObjectRef
	Source *Source // nil: a Go program built it
}

// Position returns where the value of a field stands, or where it would.
func (s Subject) Position(path field.Path) diag.Position { return s.Source.Position(path) }

// String names the document in messages, and where it stands.
func (s Subject) String() string { return s.Object.String() + InParentheses(s.Position("")) }

// A Document is what a document says, and the Subject that it is.
type Document[T any] struct {
	Subject

	Value T
}

// InParentheses returns " (file:line:column)" for messages that name another place, and
// nothing if the file is not known.
func InParentheses(at diag.Position) string {
	if at.File == "" {
		return ""
	}
	return fmt.Sprintf(" (%s)", at)
}
