// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package shard splits many values over several objects, and groups them in sets.
package shard

import (
	"cmp"
	"crypto/sha256"
	"slices"
)

// Size is how many items an object holds: the limit of a ServiceEntry for
// its hosts, and enough to keep every other object below the 256 KiB that
// kubectl can note of it in an annotation.
// https://istio.io/latest/docs/reference/config/networking/service-entry/#ServiceEntry
const Size = 256

// Split splits texts, each of which stands once, as SplitInto does with Size.
func Split(texts []string) []Shard[string] {
	return SplitInto(Size, texts, func(text string) string { return text })
}

// A Shard is the part of many items that one object holds.
type Shard[T any] struct {
	Name  []string // the last parts of the object's name; empty if it is the only one
	Items []T
}

// SplitInto splits items, by a text that is unique to each, so that none holds more
// than size. An item stays in its shard when others come and go: a shard that
// overflows is halved by the next bit of the hashes of its items, and all others
// stay as they are.
func SplitInto[T any](size int, items []T, key func(T) string) []Shard[T] {
	sorted := slices.SortedFunc(slices.Values(items), func(a, b T) int { return cmp.Compare(key(a), key(b)) })
	return halve(sorted, key, size, "")
}

func halve[T any](items []T, key func(T) string, size int, bits string) []Shard[T] {
	switch {
	case bits == "" && len(items) <= size:
		return []Shard[T]{{Items: items}}
	case len(items) == 0:
		return nil
	case len(items) <= size:
		return []Shard[T]{{Name: []string{bits}, Items: items}}
	}
	var halves [2][]T
	for _, item := range items {
		bit := hashBit(key(item), len(bits))
		halves[bit] = append(halves[bit], item)
	}
	return append(halve(halves[0], key, size, bits+"0"), halve(halves[1], key, size, bits+"1")...)
}

func hashBit(item string, n int) byte {
	hash := sha256.Sum256([]byte(item))
	return hash[n/8] >> (7 - n%8) & 1
}
