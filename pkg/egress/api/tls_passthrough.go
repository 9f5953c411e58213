// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package api

// TLSPassthrough is the pattern of an application that opens TLS itself. The
// mesh routes it by SNI and never decrypts it.
type TLSPassthrough struct{}

var tlsPassthroughInfo = PatternInfo{
	Name:        "TLSPassthrough",
	Application: "opens TLS itself",
	Mesh:        "routes by SNI, never decrypts it",
	New:         func() Pattern { return &TLSPassthrough{} },
}

func (*TLSPassthrough) isPattern() {}
