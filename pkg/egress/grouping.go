// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"cmp"
	"maps"
	"slices"
)

// A grouping is sets of values, by key.
type grouping[K, V cmp.Ordered] map[K]map[V]bool

func (g grouping[K, V]) add(key K, values ...V) {
	if g[key] == nil {
		g[key] = map[V]bool{}
	}
	for _, v := range values {
		g[key][v] = true
	}
}

// keys returns the keys, sorted.
func (g grouping[K, V]) keys() []K { return slices.Sorted(maps.Keys(g)) }

// of returns the values of a key, sorted.
func (g grouping[K, V]) of(key K) []V { return slices.Sorted(maps.Keys(g[key])) }
