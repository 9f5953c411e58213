// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package address_test

import (
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/address"
)

// TestRanges compares with looking at each range.
func TestRanges(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	anyRange := func() netip.Prefix {
		if random.IntN(4) == 0 {
			return netip.PrefixFrom(netip.AddrFrom16([16]byte{0x20, 0, byte(random.IntN(256))}), random.IntN(129))
		}
		ip := netip.AddrFrom4([4]byte{byte(random.IntN(4)), byte(random.IntN(256)), byte(random.IntN(256)), byte(random.IntN(256))})
		return netip.PrefixFrom(ip, 6+random.IntN(27))
	}
	found := 0
	for range 2_000 {
		var all []address.Range[string]
		for range random.IntN(6) {
			r := anyRange()
			all = append(all, address.Range[string]{Prefix: r, Of: r.String()})
		}
		asked, want := anyRange(), false
		for _, r := range all {
			want = want || r.Prefix.Overlaps(asked)
		}
		of, got := address.NewRanges(all).Overlapping(asked.String())
		if got != want || got && !netip.MustParsePrefix(of).Overlaps(asked) {
			t.Fatalf("%v and %v: got %q, %t", all, asked, of, got)
		}
		if got {
			found++
		}
	}
	if found < 100 || found > 1_900 {
		t.Errorf("%d of 2000 overlap, which tells little", found)
	}
}
