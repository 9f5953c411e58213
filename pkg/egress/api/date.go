// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"encoding/json"
	"strings"
	"time"
)

// A Date is a day of the calendar, as year, month and day: 2027-03-31. Dates compare as text.
type Date string

// DateOf returns the day of a time, where that time is, and none of the zero time.
func DateOf(t time.Time) Date {
	if t.IsZero() {
		return ""
	}
	return Date(t.Format(time.DateOnly))
}

// UnmarshalJSON reads a date, also with the time of day that kustomize gives to one without
// quotes in YAML: 2027-03-31T00:00:00Z.
func (d *Date) UnmarshalJSON(data []byte) error {
	var text string
	err := json.Unmarshal(data, &text)
	day, _, _ := strings.Cut(text, "T")
	*d = Date(day)
	return err
}
