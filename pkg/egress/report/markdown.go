// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// attempts says in words what somebody tries.
var attempts = map[object.Attempt]string{
	object.NoSidecar:      "a Pod without a sidecar calls a host outside",
	object.DirectIP:       "calls an address or a host that is not listed",
	object.SpoofedHost:    "names a listed host in SNI or Host, and connects to an address of its own choice",
	object.OtherNamespace: "workloads of another namespace call as the clients do, with their SNI and Host",
	object.OtherIdentity:  "another service account calls as the clients do, with their SNI and Host",
	object.UnlistedRoute:  "takes a route that is of no bundle",
}

// Encode writes the report in Markdown. Equal reports give equal bytes. An
// error is one of the writer.
//
// It starts with a picture, a flowchart of Mermaid, if that has no more than 30 arrows.
func (r Report) Encode(w io.Writer) error {
	var text strings.Builder
	text.WriteString("# Egress\n\n")
	text.WriteString(r.picture())
	text.WriteString("## Who may reach what\n\n")
	table(&text, r.accessRows())
	r.writeExpiry(&text)
	text.WriteString("\n## What is open beside that\n\n")
	r.writeOpenings(&text)
	text.WriteString("\n## What stops each way around\n\n" +
		"Where several objects are named, each stops what gets past those before it. A\n" +
		"call that is led where the destination leaves to is, without that, one to an address\n" +
		"that is not listed. The ConfigMap istio holds the configuration of the mesh.\n\n")
	table(&text, r.wayRows())
	r.writeAcknowledged(&text)
	text.WriteString("\n## What this takes for granted\n\n")
	r.Mesh.write(&text)
	text.WriteString("\n" + withoutObjects)
	_, err := io.WriteString(w, text.String())
	return err
}

const withoutObjects = "Without one of its objects a call fails, or is carried as with it, as plain HTTP on port 80\n" +
	"is without the ServiceEntry of the client, but for these. Without the VirtualService of a\n" +
	"sidecar it leaves without timeout, retries, changes and tunnel, with the Host that the\n" +
	"application sent and with headers of the mesh. Without a DestinationRule that has a traffic policy and\n" +
	"nothing else it leaves without that policy. Where a wildcard or a wider range covers it,\n" +
	"it leaves as they say. Of the EndpointSlices of a Service each serves by itself.\n"

func (r Report) accessRows() [][]string {
	rows := [][]string{{"of", "client", "may call", "by", "leaves to", "encrypted beyond by"}}
	for _, a := range r.Access {
		rows = append(rows, []string{a.of(), a.clients(), a.called(), a.exit(), a.leaves(), a.beyond()})
	}
	return rows
}

// writeOpenings writes what is open beside the destinations, as far as it is known.
func (r Report) writeOpenings(text *strings.Builder) {
	if len(r.Openings) == 0 {
		text.WriteString("Nothing that these files say. What else stands in the cluster is not known here.\n")
		return
	}
	text.WriteString("NetworkPolicies of bundles, where a namespace has any, drop what goes straight there, but to\n" +
		"the CIDRs of a bypass, and to Pods of the cluster if that is open. What is led through a gateway\n" +
		"is a route there. Of objects of others these files may lack some, and VirtualServices,\n" +
		"DestinationRules and EnvoyFilters are not looked at.\n\n")
	rows := [][]string{{"who opens it", "to", "what", "note"}}
	for _, o := range r.Openings {
		rows = append(rows, []string{o.by(), o.to(), cmp.Or(plain(o.what()), "see the note"), cmp.Or(plain(o.Note), "-")})
	}
	table(text, rows)
}

// writeAcknowledged writes the warnings that somebody accepts, if there are any.
func (r Report) writeAcknowledged(text *strings.Builder) {
	if len(r.Acknowledged) == 0 {
		return
	}
	text.WriteString("\n## What is accepted\n\n")
	for _, a := range r.Acknowledged {
		l := a.line()
		fmt.Fprintf(text, "- %s%s\n", l.sentence, at(l.position))
	}
}

func (r Report) wayRows() [][]string {
	rows := [][]string{{"who", "what is tried", "what stops it"}}
	for _, group := range grouped(r.WaysAround) {
		rows = append(rows, []string{who(group), group[0].tried(), stops(group)})
	}
	return rows
}

// grouped puts ways into bundles together that differ in who tries, the destinations and the
// objects only, in the order of the first of each.
func grouped(ways []WayAround) [][]WayAround {
	var groups [][]WayAround
	known := map[string]int{}
	for _, w := range ways {
		key := fmt.Sprint(w.Attempt, w.Gateway, w.Bundle != "", w.Note)
		i, ok := known[key]
		if !ok || w.Bundle == "" {
			i, groups = len(groups), append(groups, nil)
			known[key] = i
		}
		groups[i] = append(groups[i], w)
	}
	slices.SortStableFunc(groups, func(a, b []WayAround) int { return cmp.Compare(order(a[0]), order(b[0])) })
	return groups
}

// order is that of rows: what clients try by themselves comes before what is tried at gateways.
func order(w WayAround) int {
	return slices.Index([]object.Attempt{object.SpoofedHost, object.OtherNamespace, object.OtherIdentity, object.UnlistedRoute}, w.Attempt)
}

// who says who tries ways that stand in one row.
func who(group []WayAround) string {
	first := cmp.Or(strings.Join(group[0].From, ", "), "anybody")
	if differ(group) {
		return "a client, as named"
	}
	return first
}

func differ(group []WayAround) bool {
	return slices.ContainsFunc(group, func(w WayAround) bool { return !slices.Equal(w.From, group[0].From) })
}

// stops says what stops ways that have one note.
func stops(group []WayAround) string {
	var each []string
	named := differ(group)
	for _, w := range group {
		stop := w.objects()
		if w.Bundle != "" {
			stop = fmt.Sprintf("%s %s: %s", w.Bundle, strings.Join(w.Destinations, ", "), stop)
		}
		if named {
			stop = strings.Join(w.From, ", ") + " to " + stop
		}
		each = append(each, stop)
	}
	text := strings.Join(each, "; ")
	if note := group[0].note(); note != "" {
		text += ". " + note
	}
	return text
}

// tried says what is tried, and where.
func (w WayAround) tried() string {
	if w.Gateway == "" {
		return attempts[w.Attempt]
	}
	return "at gateway " + w.Gateway + ": " + attempts[w.Attempt]
}

// objects names what stops it.
func (w WayAround) objects() string { return cmp.Or(joinAll(w.StoppedBy, ", then "), "**nothing**") }

// note says what else there is to know, in sentences, or nothing.
func (w WayAround) note() string {
	var sentences []string
	if w.Openings > 0 && w.Gateway != "" {
		sentences = append(sentences, fmt.Sprintf("Beside it, others have %d openings there, which are listed", w.Openings))
	}
	if w.Note != "" {
		sentences = append(sentences, strings.TrimSuffix(plain(w.Note), "."))
	}
	return strings.Join(sentences, ". ")
}

// write writes the facts of a mesh.
func (m Mesh) write(text *strings.Builder) {
	for _, l := range m.lines() {
		fmt.Fprintf(text, "- %s.\n", l.sentence)
	}
	text.WriteString("- What stands in the cluster and not in these files, nobody looked at.\n")
}

func (g Gateway) facts() string {
	facts := fmt.Sprintf(": Pods %s, ports %s", labels(g.Selector), ports(g.Ports))
	if target := ports(g.TargetPorts); target != ports(g.Ports) {
		facts += ", in containers " + target
	}
	if g.ProxyHeaders != "" {
		facts += ", proxyHeaders " + g.ProxyHeaders
	}
	if len(g.NodeSelector) > 0 {
		facts += ", on nodes " + labels(g.NodeSelector)
	}
	if g.AccessLog {
		facts += ", with an access log"
	}
	return facts
}

// table writes a table whose first row is the header.
func table(text *strings.Builder, rows [][]string) {
	for i, row := range rows {
		fmt.Fprintf(text, "| %s |\n", strings.Join(row, " | "))
		if i == 0 {
			fmt.Fprintf(text, "|%s\n", strings.Repeat("---|", len(row)))
		}
	}
}
