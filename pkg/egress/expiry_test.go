// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/report"
)

// expiring has a destination that is planned in parts, with two ports, one that expires later, and
// one that never does.
const expiring = `apiVersion: egressbundle.io/v1alpha1
kind: EgressBundle
metadata: {name: cards, namespace: payments}
spec:
  mesh: {outboundTrafficPolicy: REGISTRY_ONLY}
  destinations:
    a-later: {hosts: [a.example.com], expires: 2027-04-30}
    bank:
      hosts: [bank.example.com]
      addresses: [203.0.113.7]
      ports: [{port: 443, pattern: TLSPassthrough}, {port: 5432, pattern: TCP}]
      owner: team-payments
      ticket: SEC-1234
      expires: "2027-03-31"
    github: {hosts: [github.com]}
`

func asOfDay(t *testing.T, text string, asOf time.Time) *egress.Output {
	t.Helper()
	output, err := parse(t, text).RenderAsOf(asOf)
	if err != nil {
		t.Fatal(err)
	}
	return output
}

// TestExpiry: a destination may be used through its last day, wherever the caller is. Without a
// day nothing is judged.
func TestExpiry(t *testing.T) {
	late := time.FixedZone("late", -12*60*60)
	for name, c := range map[string]struct {
		asOf time.Time
		want string
	}{
		"no day":          {asOf: time.Time{}, want: "[] nothing"},
		"long before":     {asOf: day(t, "2027-02-28"), want: "[] [] []"},
		"30 days before":  {asOf: day(t, "2027-03-01"), want: "[] [] [bank]"},
		"31 days before":  {asOf: day(t, "2027-03-31"), want: "[] [] [bank a-later]"},
		"end of the day":  {asOf: time.Date(2027, 3, 31, 23, 59, 59, 0, late), want: "[] [] [bank a-later]"},
		"the day after":   {asOf: day(t, "2027-04-01"), want: "[spec.destinations.bank.expires] [bank] [a-later]"},
		"long after both": {asOf: day(t, "2030-01-01"), want: "[spec.destinations.a-later.expires spec.destinations.bank.expires] [bank a-later] []"},
	} {
		output := asOfDay(t, expiring, c.asOf)
		var paths []string
		for _, w := range output.Warnings {
			paths = append(paths, w.Path)
		}
		expiry := "nothing"
		if e := output.Report().Expiry; e != nil {
			expiry = fmt.Sprint(namesOf(e.Expired), " ", namesOf(e.Expiring))
		}
		if diff := cmp.Diff(c.want, fmt.Sprint(paths, " ", expiry)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func namesOf(all []report.Expiring) []string {
	var names []string
	for _, one := range all {
		names = append(names, one.Destination)
	}
	return names
}

// TestExpiryOfLiterals: bundles that a program built are judged like those of a file.
func TestExpiryOfLiterals(t *testing.T) {
	bundle := api.Bundle{Name: "news", Namespace: "payments", Destinations: map[string]api.Destination{
		"cnn": {Hosts: []string{"edition.cnn.com"}, Expires: "2027-03-31"},
	}}
	mesh := &api.Mesh{ExpiredDestinations: api.ExpiredDestinationsDeny}
	if _, err := egress.RenderAsOf(day(t, "2027-03-31"), mesh, bundle); err != nil {
		t.Error(err)
	}
	_, err := egress.RenderAsOf(day(t, "2027-04-01"), mesh, bundle)
	if got := diagnosticsOf(t, err); len(got) != 1 || got[0].Code != diag.Expired {
		t.Errorf("got %v, want %s", got, diag.Expired)
	}
	if _, err := egress.Render(mesh, bundle); err != nil {
		t.Error("without a day:", err)
	}
}

// TestExpiryReport: what has expired and what is to is listed for people and for machines, with
// who knows why it is there.
func TestExpiryReport(t *testing.T) {
	output := asOfDay(t, expiring, day(t, "2027-04-01"))
	want := `## What expires

As of 2027-04-01, with what expires within 30 days. A destination may be used through its last day.

| destination | last day | state | owner | ticket |
|---|---|---|---|---|
| payments/cards bank (` + "`team.yaml:14`" + `) | 2027-03-31 | **has expired** | team-payments | SEC-1234 |
| payments/cards a-later (` + "`team.yaml:7`" + `) | 2027-04-30 | expires soon | - | - |
`
	if diff := cmp.Diff(want, expirySection(t, output.Report())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	marshaled, err := json.Marshal(output.ReportExpiring(7))
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(string(marshaled)))
	if err != nil {
		t.Fatal(err)
	}
	if err := compileSchema(t, report.Kind).Validate(document); err != nil {
		t.Error(err)
	}
	var got struct {
		Expiry any `json:"expiry"`
	}
	if err := json.Unmarshal(marshaled, &got); err != nil {
		t.Fatal(err)
	}
	wantJSON := map[string]any{"asOf": "2027-04-01", "withinDays": 7.0, "expired": []any{map[string]any{
		"bundle": "payments/cards", "destination": "bank", "expires": "2027-03-31", "owner": "team-payments", "ticket": "SEC-1234",
		"field": "spec.destinations.bank.expires", "position": map[string]any{"file": "team.yaml", "line": 14.0, "column": 16.0},
	}}}
	if diff := cmp.Diff(any(wantJSON), got.Expiry); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
}

// TestExpiryReportOfNothing: a report tells that nobody judged dates from that none is over.
func TestExpiryReportOfNothing(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		asOf time.Time
		want string
	}{
		"not judged": {
			text: expiring, asOf: time.Time{},
			want: "## What expires\n\nDates were not judged, because nobody said as of which day (--as-of).\n",
		},
		"nothing is over": {
			text: expiring, asOf: day(t, "2027-01-01"),
			want: "## What expires\n\nAs of 2027-01-01, with what expires within 30 days. A destination may be used through its last day.\n\nNothing.\n",
		},
		"no dates": {text: inBundle("  destinations: {cnn: {hosts: [edition.cnn.com]}}\n"), asOf: time.Time{}, want: ""},
	} {
		if diff := cmp.Diff(c.want, expirySection(t, asOfDay(t, c.text, c.asOf).Report())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// expirySection returns what a report says of dates.
func expirySection(t *testing.T, r report.Report) string {
	t.Helper()
	var text strings.Builder
	if err := r.Encode(&text); err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(text.String(), "\n## What expires\n")
	section, _, _ := strings.Cut(rest, "\n## ")
	if !found {
		return ""
	}
	return "## What expires\n" + section
}

// TestExpiredAcknowledged: what has expired can be accepted like other warnings. As long as nobody
// judges dates, nobody knows whether that is for nothing.
func TestExpiredAcknowledged(t *testing.T) {
	text := strings.Replace(expiring, "namespace: payments}", `namespace: payments, annotations: {egressbundle.io/acknowledge-Expired: the audit is on Friday}}`, 1)
	for name, c := range map[string]struct {
		asOf                   time.Time
		warnings, acknowledged int
	}{
		"not judged": {asOf: time.Time{}, warnings: 0, acknowledged: 0},
		"before":     {asOf: day(t, "2027-03-31"), warnings: 1, acknowledged: 0},
		"after":      {asOf: day(t, "2027-04-01"), warnings: 0, acknowledged: 1},
	} {
		output := asOfDay(t, text, c.asOf)
		if len(output.Warnings) != c.warnings || len(output.Acknowledged) != c.acknowledged {
			t.Errorf("%s: warnings %v, acknowledged %v", name, output.Warnings, output.Acknowledged)
		}
	}
}

// TestUnquotedDate: a date is the same with quotes and without, and as kustomize gives it to
// functions.
func TestUnquotedDate(t *testing.T) {
	var all []string
	for _, date := range []string{`"2027-03-31"`, `2027-03-31`, `2027-03-31T00:00:00Z`, `!!timestamp 2027-03-31`} {
		output := asOfDay(t, strings.Replace(expiring, `"2027-03-31"`, date, 1), time.Time{})
		all = append(all, string(encode(t, slices.Collect(output.Objects()))))
	}
	for _, objects := range all {
		if diff := cmp.Diff(all[0], objects); diff != "" || !strings.Contains(objects, `egressbundle.io/expires: "2027-03-31"`) {
			t.Errorf("(-quoted +other):\n%s", diff)
		}
	}
}
