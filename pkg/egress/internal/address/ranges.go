// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package address

import (
	"net/netip"
	"slices"
)

// A Range is some addresses, and what they belong to.
type Range[T any] struct {
	Prefix netip.Prefix
	Of     T
}

// Ranges finds which of many ranges an address is in.
type Ranges[T any] struct {
	disjoint []Range[T] // sorted
}

// NewRanges holds ranges. Of those that lie in others it knows the widest.
func NewRanges[T any](all []Range[T]) Ranges[T] {
	sorted := slices.Clone(all)
	for i := range sorted {
		sorted[i].Prefix = sorted[i].Prefix.Masked()
	}
	slices.SortStableFunc(sorted, func(a, b Range[T]) int { return a.Prefix.Compare(b.Prefix) })
	var r Ranges[T]
	for _, next := range sorted {
		if n := len(r.disjoint); n == 0 || !r.disjoint[n-1].Prefix.Overlaps(next.Prefix) {
			r.disjoint = append(r.disjoint, next)
		}
	}
	return r
}

// Overlapping returns what a range belongs to that an address or a range shares addresses with.
func (r Ranges[T]) Overlapping(called string) (of T, found bool) {
	prefix, err := netip.ParsePrefix(AsRange(called))
	if err != nil {
		return of, false
	}
	prefix = prefix.Masked()
	after, _ := slices.BinarySearchFunc(r.disjoint, prefix, func(a Range[T], b netip.Prefix) int { return a.Prefix.Compare(b) })
	for i := max(after-1, 0); i < min(after+1, len(r.disjoint)); i++ {
		if r.disjoint[i].Prefix.Overlaps(prefix) {
			return r.disjoint[i].Of, true
		}
	}
	return of, false
}
