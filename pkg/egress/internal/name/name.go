// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package name joins parts into the names of objects, and of what stands in them.
//
// Parts are DNS labels, or hosts, and are joined so that no two lists of parts give one
// name. So bundles rendered apart never meet by accident. Two lists may still be equal whose
// parts are names of different things: where users choose both, as the names of a gateway and
// of a destination, a part of one list is a word that cannot stand there in the other.
package name

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
)

const (
	maxLabel  = 63  // of a DNS label (RFC 1123)
	maxObject = 200 // of an object: short enough to be the name of a file
	hashSize  = 8   // bytes: enough for names never to meet by chance
)

// Object joins parts into the name of a Kubernetes object.
func Object(parts ...string) string {
	return limit(strings.Join(parts, "--"), maxObject, parts)
}

// Label joins parts into a DNS label. It is for those names that Istio does
// not allow to have a dot: of Gateways and their ports, and of subsets.
func Label(parts ...string) string {
	return limit(strings.ReplaceAll(strings.Join(parts, "--"), ".", "-"), maxLabel, parts)
}

// BeginsWith reports whether a name can be one that is made of some parts, alone or with others
// after them.
func BeginsWith(name string, parts ...string) bool {
	first := strings.Join(parts, "--")
	kept := hashed.ReplaceAllString(name, "") // A hash may have taken the place of some of them.
	return kept == first || strings.HasPrefix(name, first+"--") || kept != name && kept != "" && strings.HasPrefix(first, kept)
}

// hashed is how a name ends that has a hash.
var hashed = regexp.MustCompile(`-[0-9a-f]{16}$`)

// limit shortens a name that is too long, and adds a hash to it and to every
// name whose parts cannot be told from the name alone, or that looks as if it had one.
func limit(name string, size int, parts []string) string {
	ambiguous := hashed.MatchString(name)
	for _, part := range parts {
		dots := size == maxLabel && strings.Contains(part, ".") && strings.Contains(part, "-")
		ambiguous = ambiguous || dots || strings.Contains(part, "--")
	}
	if len(name) <= size && !ambiguous {
		return name
	}
	hash := Hash(strings.Join(parts, "\n"))
	kept := name[:min(len(name), size-len(hash)-1)]
	return strings.TrimRight(kept, "-.") + "-" + hash
}

// Hash returns a short text that stands for a long one.
func Hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:hashSize])
}
