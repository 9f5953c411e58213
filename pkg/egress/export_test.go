// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import "slices"

// Reversed returns the documents as if they had been read in the opposite order.
func (d Documents) Reversed() Documents {
	d.bundles = slices.Clone(d.bundles)
	slices.Reverse(d.bundles)
	return d
}
