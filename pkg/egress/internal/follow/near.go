// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package follow

import (
	"strings"

	"github.com/agnivade/levenshtein"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

// One letter in so many may be wrong for a host to be meant, and not more than so many in all.
const (
	lettersForOneWrong = 5
	mostWrong          = 2
)

// noteNearHost notes a host of the bundles that is spelled nearly like that of the call, which no
// bundle has.
func (w *walk) noteNearHost() {
	near, distance := "", min(mostWrong, len(w.host)/lettersForOneWrong)+1
	for _, p := range w.plans {
		for _, d := range p.Destinations {
			for _, h := range d.Hosts {
				if ir.Covers(h.Name, w.host) {
					return
				}
				if n := w.distanceTo(h); n < distance {
					near, distance = h.Name, n
				}
			}
		}
	}
	if near != "" {
		w.notef("A host with nearly the same name is %s: is that one meant?", near)
	}
}

// distanceTo is how many letters the host of the call differs from another. Below a wildcard the
// first part of the name may be any.
func (w *walk) distanceTo(h ir.Host) int {
	called := w.host
	if _, rest, ok := strings.Cut(called, "."); ok && h.IsWildcard() {
		called = ir.WildcardPrefix + rest
	}
	return levenshtein.ComputeDistance(h.Name, called)
}
