// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package name_test

import (
	"strings"
	"testing"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/name"
)

// TestNamesDiffer: no two lists of parts give one name.
func TestNamesDiffer(t *testing.T) {
	hash := name.Hash("a\nb--c")
	for _, lists := range [][2][]string{
		{{"a", "b--c"}, {"a--b", "c"}},
		{{"a", "b--c"}, {"a", "b", "c"}},
		{{"a", "b--c"}, {"a", "b", "c-" + hash}},
		{{"a", "b--c"}, {"a", "b--c-" + hash}},
		{{"a", strings.Repeat("b", 250)}, {"a", strings.Repeat("b", 251)}},
		{{"a", "b-c.d"}, {"a", "b.c-d"}},
	} {
		for kind, join := range map[string]func(parts ...string) string{"Object": name.Object, "Label": name.Label} {
			if one, other := join(lists[0]...), join(lists[1]...); one == other {
				t.Errorf("%s: %q and %q are both %s", kind, lists[0], lists[1], one)
			}
		}
	}
}
