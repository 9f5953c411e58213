// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package prove

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"sigs.k8s.io/yaml"

	"github.com/egressbundle/egressbundle/conformance/calls"
)

// WriteTo writes the proof for people to read: a table of the calls, then the
// way of each, hop by hop.
func (p *Proof) WriteTo(w io.Writer) (int64, error) {
	var text strings.Builder
	for _, problem := range p.Problems {
		fmt.Fprintf(&text, "PROBLEM  %s\n", problem)
	}
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "CALL\tFROM\tTHROUGH\tKNOWN AS\tLEAVES TO\tTLS OF THE MESH\tPROMISE")
	for _, c := range p.Calls {
		o := c.Observed
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", o.Call, o.From, dash(o.Through), dash(o.As), dash(o.Leaves), opened(o), verdict(c))
	}
	if err := table.Flush(); err != nil {
		return 0, err
	}
	for _, c := range p.Calls {
		writeSteps(&text, c)
	}
	n, err := io.WriteString(w, text.String())
	return int64(n), err
}

func writeSteps(text *strings.Builder, c Call) {
	fmt.Fprintf(text, "\n%s from %s\n", c.Promised.Call, c.Promised.From)
	for _, step := range c.Steps {
		fmt.Fprintf(text, "  %s\n", step)
	}
	if c.Kept() {
		return
	}
	fmt.Fprintf(text, "  promised: %s\n  happens:  %s\n", inline(c.Promised), inline(c.Observed))
	for _, suspect := range c.Suspects {
		fmt.Fprintf(text, "  look at:  %s\n", suspect)
	}
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

func opened(o calls.Outcome) string {
	if o.TLS == nil {
		return "-"
	}
	return "SNI " + o.TLS.SNI
}

func verdict(c Call) string {
	if c.Kept() {
		return "kept"
	}
	return "BROKEN"
}

// inline writes an outcome in one line.
func inline(o calls.Outcome) string {
	text, err := yaml.Marshal(o)
	if err != nil {
		return err.Error()
	}
	return strings.Join(strings.Split(strings.TrimSpace(string(text)), "\n"), ", ")
}
