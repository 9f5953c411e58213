// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package ir

import (
	"maps"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
)

// EveryPath is the path of all requests.
const EveryPath = "/*"

// CoversPath reports whether the requests of a path are among those of another. Either may have
// a * at its end.
func CoversPath(pattern, path string) bool {
	prefix, isOpen := strings.CutSuffix(pattern, "*")
	return pattern == path || isOpen && strings.HasPrefix(strings.TrimSuffix(path, "*"), prefix)
}

// CommonPath returns the path of the requests that two paths have in common, if there are any.
func CommonPath(a, b string) (path string, ok bool) {
	switch {
	case CoversPath(a, b):
		return b, true
	case CoversPath(b, a):
		return a, true
	default:
		return "", false
	}
}

// ShapeAt returns what becomes of the requests of a path.
func (r Route) ShapeAt(path string) Shape {
	i := slices.IndexFunc(r.Exit.Shapes, func(s Shape) bool { return CoversPath(s.Path, path) })
	if i < 0 {
		return Shape{Path: EveryPath} // The target of the whole server, which is *.
	}
	return r.Exit.Shapes[i]
}

// RewritesURI reports whether requests leave by another path.
func (s Shape) RewritesURI() bool { return s.Rewrite != nil && s.Rewrite.URI != "" }

// Rewritten returns the path by which a request leaves.
func (s Shape) Rewritten(path string) string {
	rest, ok := strings.CutPrefix(path, s.Replaces)
	if !ok || !s.RewritesURI() {
		return path
	}
	return s.Rewrite.URI + rest
}

// Clone returns a copy that has nothing in common with the shape.
func (s Shape) Clone() Shape {
	s.Retries = clone(s.Retries)
	if s.Retries != nil {
		s.Retries.RetryOn = slices.Clone(s.Retries.RetryOn)
	}
	s.Rewrite = clone(s.Rewrite)
	if s.Headers = clone(s.Headers); s.Headers != nil {
		s.Headers.Request, s.Headers.Response = cloneOperations(s.Headers.Request), cloneOperations(s.Headers.Response)
	}
	if s.Fault = clone(s.Fault); s.Fault != nil {
		s.Fault.Delay, s.Fault.Abort = clone(s.Fault.Delay), clone(s.Fault.Abort)
	}
	return s
}

func cloneOperations(o *api.HeaderOperations) *api.HeaderOperations {
	if o = clone(o); o != nil {
		o.Set, o.Add, o.Remove = maps.Clone(o.Set), maps.Clone(o.Add), slices.Clone(o.Remove)
	}
	return o
}

func clone[T any](from *T) *T {
	if from == nil {
		return nil
	}
	return new(*from)
}
