// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"cmp"
	"slices"
	"time"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/report"
)

// Expiry lists the destinations of plans that have expired as of a day, and those that are to
// within some days.
func Expiry(plans []*ir.Plan, asOf time.Time, withinDays int) *report.Expiry {
	e := &report.Expiry{AsOf: api.DateOf(asOf), WithinDays: withinDays}
	soon := api.DateOf(asOf.AddDate(0, 0, withinDays))
	for _, d := range expiring(plans) {
		switch {
		case d.Expires < e.AsOf:
			e.Expired = append(e.Expired, d)
		case d.Expires <= soon:
			e.Expiring = append(e.Expiring, d)
		}
	}
	return e
}

// expiring returns every destination with a last day, sorted by that. One that was planned in
// parts is listed once.
func expiring(plans []*ir.Plan) []report.Expiring {
	var all []report.Expiring
	for _, p := range plans {
		for _, d := range p.Destinations {
			if d.Expires == "" {
				continue
			}
			path := d.Path.Child("expires")
			all = append(all, report.Expiring{
				Bundle:      d.Bundle.String(),
				Destination: d.Name,
				Expires:     d.Expires,
				Field:       string(path),
				Position:    p.Subject.Position(path),
				Owner:       d.Owner,
				Ticket:      d.Ticket,
			})
		}
	}
	slices.SortStableFunc(all, func(a, b report.Expiring) int { return cmp.Compare(a.Expires, b.Expires) })
	return slices.Compact(all)
}
