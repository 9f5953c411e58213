// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package field names the fields of a document by the paths that lead to them.
package field

import (
	"strconv"
	"strings"
)

// A Path leads to a field of a document, as spec.destinations.stripe.ports[0].port.
// The empty Path is the document itself.
type Path string

// The fields of an EgressBundle that rules are about.
const (
	Spec         Path = "spec"
	Mesh         Path = "spec.mesh"
	Clients      Path = "spec.clients"
	Destinations Path = "spec.destinations"
	Bypass       Path = "spec.bypass"
	Enforce      Path = "spec.enforce"
	Name         Path = "metadata.name"
	Annotations  Path = "metadata.annotations"
	Kind         Path = "kind"
)

// MaxLength is how long the paths of a document may be: each of its fields has one, which its
// messages repeat. It is more than any field of the API needs.
const MaxLength = 512

// IsTooLong reports whether no document may have a field at p.
func (p Path) IsTooLong() bool { return len(p) > MaxLength }

// Child returns the path of a field of the struct or the map at p.
func (p Path) Child(name string) Path {
	switch {
	case !isPlain(name):
		return p + Path("["+strconv.Quote(name)+"]")
	case p == "":
		return Path(name)
	default:
		return p + "." + Path(name)
	}
}

// isPlain reports whether a name can follow a dot without quotes.
func isPlain(name string) bool {
	for _, r := range name {
		isLetter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !isLetter && (r < '0' || r > '9') && r != '_' && r != '-' {
			return false
		}
	}
	return name != ""
}

// Item returns the path of an item of the list at p.
func (p Path) Item(index int) Path { return p + Path("["+strconv.Itoa(index)+"]") }

// Parent returns the path around p.
func (p Path) Parent() Path { return p[:max(0, strings.LastIndexAny(string(p), ".["))] }
