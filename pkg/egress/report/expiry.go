// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// writeExpiry writes which destinations have expired, and which are to, or that nobody judged
// dates that are there.
func (r Report) writeExpiry(text *strings.Builder) {
	hasDate := func(a Access) bool { return a.Expires != "" }
	switch {
	case r.Expiry != nil:
		text.WriteString("\n## What expires\n\n")
		r.Expiry.write(text)
	case slices.ContainsFunc(r.Access, hasDate):
		text.WriteString("\n## What expires\n\nDates were not judged, because nobody said as of which day (--as-of).\n")
	}
}

func (e Expiry) write(text *strings.Builder) {
	fmt.Fprintf(text, "As of %s, with what expires within %d days. A destination may be used through its last day.\n\n", e.AsOf, e.WithinDays)
	if len(e.Expired)+len(e.Expiring) == 0 {
		text.WriteString("Nothing.\n")
		return
	}
	rows := [][]string{{"destination", "last day", "state", "owner", "ticket"}}
	for _, d := range e.Expired {
		rows = append(rows, d.row("**has expired**"))
	}
	for _, d := range e.Expiring {
		rows = append(rows, d.row("expires soon"))
	}
	table(text, rows)
}

func (d Expiring) row(state string) []string {
	return []string{
		d.Bundle + " " + d.Destination + at(d.Position), string(d.Expires), state, cmp.Or(plain(d.Owner), "-"), cmp.Or(plain(d.Ticket), "-"),
	}
}
