// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
	"github.com/egressbundle/egressbundle/pkg/egress/report"
)

// lineOfReport is a line that a report of nasty text has: a node or an arrow of the picture, or a row
// of as many cells as its table has columns.
var (
	lineOfPicture = regexp.MustCompile(`^  n\d+(\["[^"` + "`" + `<>]*"\]| (-->|-\.-x)(\|"[^"` + "`" + `<>]*"\|)? n\d+)$`)
	endOfCell     = regexp.MustCompile(`[^\\]\|`)
)

// TestTextIsDataInReports puts nasty text wherever a report has text that somebody wrote. It ends no
// cell, no line and no label of the picture.
func TestTextIsDataInReports(t *testing.T) {
	for _, text := range nasty {
		t.Run(title(text), func(t *testing.T) {
			plain, got := markdownOf(t, nastyReport("x")), markdownOf(t, nastyReport(text))
			if len(got) != len(plain) {
				t.Fatalf("%d lines instead of %d:\n%s", len(got), len(plain), strings.Join(got, "\n"))
			}
			inPicture := false
			for i, line := range got {
				inPicture = inPicture && line != "```" || line == "flowchart LR"
				if inPicture && line != "flowchart LR" && !lineOfPicture.MatchString(line) {
					t.Errorf("the picture has the line %q", line)
				}
				if cells := endOfCell.FindAllString(line, -1); !inPicture && strings.HasPrefix(plain[i], "|") &&
					len(cells) != len(endOfCell.FindAllString(plain[i], -1)) {
					t.Errorf("%d cells in %q", len(cells), line)
				}
			}
		})
	}
}

// nastyReport has a text wherever a library would let it be.
func nastyReport(text string) report.Report {
	by := diag.ObjectRef{Kind: "ServiceEntry", Namespace: "payments", Name: text}
	return report.Report{
		Access: []report.Access{{
			Bundle: "payments/news", Destination: "cnn", Port: 80, Protocol: "HTTP", Exit: "egress/gateway",
			Description: text, Owner: text, Clients: []api.Client{{Namespace: "payments"}}, Hosts: []string{text},
			Requests: []api.AllowedRequest{{Paths: []string{text}}},
			LeavesTo: []report.Target{{Address: "a.example.com", Hosts: []string{text}, Port: 80}},
			TLS:      &report.TLS{CACertificates: &api.CACertificates{File: text}},
		}},
		Openings:   []report.Opening{{By: by, Namespaces: []string{"payments"}, Hosts: []string{text}, Note: text}},
		WaysAround: []report.WayAround{{Attempt: object.DirectIP, From: []string{"payments"}, Note: text}},
	}
}

// markdownOf returns the lines of a report.
func markdownOf(t *testing.T, r report.Report) []string {
	t.Helper()
	var written strings.Builder
	if err := r.Encode(&written); err != nil {
		t.Fatal(err)
	}
	return strings.Split(written.String(), "\n")
}

// TestPicture: what is stopped is dashed, what is open is not, and what nobody could read is not
// there.
func TestPicture(t *testing.T) {
	const stopped, open = `n1 -.-x|"Sidecar"| `, `n1 -->|"EgressBundle evil/x"| `
	text := markdown(t, "apiVersion: egressbundle.io/v1alpha1\nkind: EgressBundle\nmetadata: {name: x, namespace: evil}\n"+
		"spec: {clients: [{namespace: victim}], destinations: {p: {hosts: [z.example.com]}}, bypass: {cidrs: [203.0.113.0/24]}, "+
		"enforce: {registryOnly: true}}\n")
	for _, arrow := range []string{stopped, open} {
		if strings.Count(text, arrow) != 1 {
			t.Errorf("there is no %q in:\n%s", arrow, text)
		}
	}
	var arrows []int
	for n := 1; n < 40; n++ {
		text := markdown(t, inBundle("  destinations:\n"+each(n, "    d%d: {hosts: [a%d.example.com]}\n")))
		if strings.Contains(text, "```mermaid") {
			arrows = append(arrows, len(regexp.MustCompile(`(?m)^  n\d+ -`).FindAllString(text, -1)))
		}
	}
	if last := arrows[len(arrows)-1]; last != 30 {
		t.Errorf("the largest picture has %d arrows", last)
	}
}
