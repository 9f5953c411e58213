// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

// shapes returns what becomes of requests, the most exact path first, with what the port says
// where a path says nothing.
func (p port) shapes(own api.PathOptions, paths map[string]api.PathOptions) []ir.Shape {
	var shapes []ir.Shape
	for path, o := range paths {
		replaces := everyPrefix
		if o.Rewrite != nil {
			replaces = strings.TrimSuffix(path, "*")
		}
		shapes = append(shapes, shape(path, replaces, api.PathOptions{
			Timeout: cmp.Or(o.Timeout, own.Timeout),
			Retries: cmp.Or(o.Retries, own.Retries),
			Rewrite: cmp.Or(o.Rewrite, own.Rewrite),
			Headers: cmp.Or(o.Headers, own.Headers),
			Fault:   cmp.Or(o.Fault, own.Fault),
		}))
	}
	slices.SortFunc(shapes, func(a, b ir.Shape) int { return compareExactness(a.Path, b.Path) })
	return append(shapes, shape(ir.EveryPath, everyPrefix, own))
}

// everyPrefix is what every path starts with, and what the rewrite of a port replaces.
const everyPrefix = "/"

// compareExactness puts a path that is one path before those that stand for several, and of
// these the longest first.
func compareExactness(a, b string) int {
	isOpen := func(path string) int { return strings.Count(path[len(path)-1:], "*") }
	return cmp.Or(cmp.Compare(isOpen(a), isOpen(b)), cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
}

// shape returns options with sets in an order of their own, with defaults, and with nil for what
// says nothing. A path that takes its own place stays as it is.
func shape(path, replaces string, from api.PathOptions) ir.Shape {
	s := ir.Shape{Path: path, Replaces: replaces}
	s.Timeout, s.Retries, s.Fault = from.Timeout, sortedRetries(from.Retries), plainFault(from.Fault)
	rewrite := *cmp.Or(from.Rewrite, &api.Rewrite{})
	if rewrite.URI == replaces {
		rewrite.URI = ""
	}
	if rewrite != (api.Rewrite{}) {
		s.Rewrite = &rewrite
	}
	if h := from.Headers; h != nil {
		headers := api.Headers{Request: plainOperations(h.Request), Response: plainOperations(h.Response)}
		if headers != (api.Headers{}) {
			s.Headers = &headers
		}
	}
	return s
}

// sortedRetries returns retries with their conditions in an order of its own: they
// are a set.
func sortedRetries(from *api.Retries) *api.Retries {
	if from == nil {
		return nil
	}
	sorted := *from
	sorted.RetryOn = setOf(from.RetryOn)
	return &sorted
}

func plainOperations(from *api.HeaderOperations) *api.HeaderOperations {
	if from == nil || len(from.Set)+len(from.Add)+len(from.Remove) == 0 {
		return nil
	}
	return &api.HeaderOperations{Set: plainValues(from.Set), Add: plainValues(from.Add), Remove: setOf(from.Remove)}
}

func plainValues(from map[string]string) map[string]string {
	if len(from) == 0 {
		return nil
	}
	return maps.Clone(from)
}

func plainFault(from *api.Fault) *api.Fault {
	if from == nil || *from == (api.Fault{}) {
		return nil
	}
	fault := &api.Fault{}
	if from.Delay != nil {
		fault.Delay = new(*from.Delay)
		fault.Delay.Percentage = cmp.Or(fault.Delay.Percentage, api.Always)
	}
	if from.Abort != nil {
		fault.Abort = new(*from.Abort)
		fault.Abort.Percentage = cmp.Or(fault.Abort.Percentage, api.Always)
	}
	return fault
}
