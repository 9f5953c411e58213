// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"cmp"
	"maps"
	"slices"
)

// A Grouping is sets of values, by key.
type Grouping[K, V cmp.Ordered] map[K]map[V]bool

// Add adds values to the set of a key.
func (g Grouping[K, V]) Add(key K, values ...V) {
	if g[key] == nil {
		g[key] = map[V]bool{}
	}
	for _, v := range values {
		g[key][v] = true
	}
}

// Keys returns the keys, sorted.
func (g Grouping[K, V]) Keys() []K { return slices.Sorted(maps.Keys(g)) }

// Of returns the values of a key, sorted.
func (g Grouping[K, V]) Of(key K) []V { return slices.Sorted(maps.Keys(g[key])) }
