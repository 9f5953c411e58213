// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package shard_test

import (
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/shard"
)

// TestSplitInto: whatever the size, each item stands in one shard, and no shard is empty or too
// large.
func TestSplitInto(t *testing.T) {
	var items []string
	for i := range 50 {
		items = append(items, strconv.Itoa(i))
	}
	for size := 1; size <= len(items); size++ {
		var got []string
		for _, s := range shard.SplitInto(size, items, func(text string) string { return text }) {
			if len(s.Items) == 0 || len(s.Items) > size {
				t.Errorf("size %d: shard %v has %d items", size, s.Name, len(s.Items))
			}
			got = append(got, s.Items...)
		}
		if diff := cmp.Diff(slices.Sorted(slices.Values(items)), slices.Sorted(slices.Values(got))); diff != "" {
			t.Errorf("size %d (-want +got):\n%s", size, diff)
		}
	}
}
