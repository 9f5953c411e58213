// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package api

import "slices"

// A Pattern is what applications speak on a port, and what the mesh makes of it: one of
// *HTTP, *TCP, *TLSOrigination and *TLSPassthrough.
type Pattern interface{ isPattern() }

// PatternInfo describes a pattern for people.
type PatternInfo struct {
	// Name is the value of the field pattern, and the name of the Go type.
	Name string
	// Application says what the application does.
	Application string
	// Mesh says what the mesh does.
	Mesh string
	// New returns a pattern without any option.
	New func() Pattern
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
