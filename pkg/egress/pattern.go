// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"reflect"
	"slices"
)

// A Pattern is what applications speak on a port, and what the mesh makes of
// it. The set is closed: it is those that Patterns lists.
type Pattern interface {
	// route resolves the pattern for one port. It may report through p.
	route(p *portPlanner) route
}

// PatternInfo describes a pattern for people.
type PatternInfo struct {
	// Name is the value of the field pattern, and the name of the Go type.
	Name string
	// Application says what the application does.
	Application string
	// Mesh says what the mesh does.
	Mesh string

	empty func() Pattern
}

// Patterns returns every pattern, sorted by name.
func Patterns() []PatternInfo { return slices.Clone(patterns) }

// patterns is the list of all patterns, sorted by name.
var patterns = []PatternInfo{
	httpInfo,
	tcpInfo,
	tlsOriginationInfo,
	tlsPassthroughInfo,
}

// patternsByType finds the description of a pattern by the type it points to.
var patternsByType = func() map[reflect.Type]PatternInfo {
	byType := map[reflect.Type]PatternInfo{}
	for _, info := range patterns {
		byType[reflect.TypeOf(info.empty()).Elem()] = info
	}
	return byType
}()
