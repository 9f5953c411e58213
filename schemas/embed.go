// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package schemas holds the CUE definitions of the EgressBundle API: the shape,
// the ranges and the formats of everything that a user writes.
//
// A definition that a field refers to says in a must attribute what a value has
// to be. The checker quotes that sentence when a value is refused, so the rule
// and its words stand side by side. The attributes key and value of a map say
// the same of its keys and of what they hold.
//
// Editors show the comment of a field. What stands there after "Default: ", if the field takes it,
// is the default of the field in JSON Schema; what stands there, or in the must attribute, after
// "such as " is an example.
package schemas

import "embed"

// FS holds the definitions.
//
//go:embed *.cue
var FS embed.FS
