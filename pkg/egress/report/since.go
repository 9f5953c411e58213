// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// A Change is what two reports say differently. Encode writes it for people.
type Change struct {
	opened, closed []line
	changed        []difference
}

// Since compares the report with one of before.
func (r Report) Since(before Report) Change {
	var c Change
	old, now := joined(before.lines()), joined(r.lines())
	was, is := byKey(old), byKey(now)
	come, gone := alone(now, was), alone(old, is)
	for _, l := range now {
		b, ok := was[l.key]
		switch {
		case ok:
			c.changed = append(c.changed, differences(l, b)...)
		case l.isListed, l.isOpen && come[l.of]:
			c.opened = append(c.opened, l)
		case !come[l.of]:
			c.changed = append(c.changed, differences(l, line{})...)
		}
	}
	for _, l := range old {
		_, ok := is[l.key]
		switch {
		case ok:
		case l.isListed:
			c.closed = append(c.closed, l)
		case !gone[l.of]:
			c.changed = append(c.changed, differences(line{}, l)...)
		}
	}
	c.changed = united(c.changed)
	return c
}

// joined puts together lines about one thing, such as ports of a destination that the same object
// stops in different ways.
func joined(lines []line) []line {
	var all []line
	known := map[string]int{}
	for _, l := range lines {
		i, ok := known[l.key]
		if !ok {
			known[l.key] = len(all)
			all = append(all, l)
			continue
		}
		for j, s := range l.says {
			all[i].says[j].text += "; " + s.text
		}
	}
	return all
}

// alone names the destinations of lines of which the others know no port.
func alone(lines []line, others map[string]line) map[string]bool {
	known, all := map[string]bool{}, map[string]bool{}
	for _, o := range others {
		known[o.of] = known[o.of] || o.isListed
	}
	for _, l := range lines {
		all[l.of] = l.of != "" && !known[l.of]
	}
	return all
}

// IsEmpty reports whether nothing differs.
func (c Change) IsEmpty() bool { return len(c.opened)+len(c.closed)+len(c.changed) == 0 }

// A line is one thing that a report says.
type line struct {
	key      string // what it is about
	subject  string
	of       string // the destination, if it is about one
	position diag.Position
	says     []says
	sentence string // of all of it
	// isListed says whether it matters by itself if it comes or goes. What does not, matters
	// where its destination stays, or if it comes and isOpen.
	isListed, isOpen bool
}

// says is what a line says of one aspect, which may be nothing.
type says struct{ what, text string }

// A difference is what lines say of one aspect, before and now.
type difference struct {
	subjects            []string
	what, before, after string
}

func byKey(lines []line) map[string]line {
	all := map[string]line{}
	for _, l := range lines {
		all[l.key] = l
	}
	return all
}

// differences compares a line with one of before. One may be missing; then the first aspect tells
// enough.
func differences(now, before line) []difference {
	subject := cmp.Or(now.subject, before.subject) + at(cmp.Or(now.position, before.position))
	aspects := len(now.says)
	if len(now.says) != len(before.says) {
		aspects = 1
	}
	var all []difference
	for i := range aspects {
		n, b := now.at(i), before.at(i)
		if n.text != b.text {
			all = append(all, difference{[]string{subject}, cmp.Or(n.what, b.what), cmp.Or(b.text, "-"), cmp.Or(n.text, "-")})
		}
	}
	return all
}

// at returns what a line says of an aspect, and nothing if it is missing.
func (l line) at(i int) says {
	if len(l.says) == 0 {
		return says{}
	}
	return l.says[i]
}

// united puts together what differs alike, in the order of the first of each.
func united(all []difference) []difference {
	var groups []difference
	known := map[[3]string]int{}
	for _, d := range all {
		key := [3]string{d.what, d.before, d.after}
		i, ok := known[key]
		if !ok {
			i, groups = len(groups), append(groups, difference{what: d.what, before: d.before, after: d.after})
			known[key] = i
		}
		groups[i].subjects = append(groups[i].subjects, d.subjects...)
	}
	return groups
}

// lines returns everything that a report says, in its order.
func (r Report) lines() []line {
	var all []line
	for _, a := range r.Access {
		all = append(all, a.line())
	}
	for _, o := range r.Openings {
		all = append(all, o.line())
	}
	for _, w := range r.WaysAround {
		all = append(all, w.lines()...)
	}
	for _, a := range r.Acknowledged {
		all = append(all, a.line())
	}
	return append(all, r.Mesh.lines()...)
}

func (a Access) line() line {
	return line{
		key:      fmt.Sprintf("access %s %s %d", a.Bundle, a.Destination, a.Port),
		of:       a.Bundle + " " + a.Destination,
		subject:  fmt.Sprintf("%s %s port %d", a.Bundle, a.Destination, a.Port),
		position: a.Position,
		says: slices.Concat([]says{
			{"who", a.clients()},
			{"may call", a.called()},
			{"by", a.exit()},
			{"leaves to", a.leaves()},
		}, a.wishSays(), a.beyondSays()),
		sentence: fmt.Sprintf("%s: %s may call %s; by %s; leaves to %s; encrypted beyond by %s",
			a.of(), a.clients(), a.called(), a.exit(), a.leaves(), a.beyond()),
		isListed: true,
	}
}

func (o Opening) line() line {
	opens := slices.DeleteFunc([]string{o.what(), strings.TrimSuffix(plain(o.Note), ".")}, func(text string) bool { return text == "" })
	return line{
		key:      fmt.Sprintf("opening %s %s %s", o.By, o.Field, o.Gateway),
		subject:  o.by(),
		position: o.Position,
		says:     []says{{"is open to", o.to()}, {"opens", o.what()}, {"note", plain(o.Note)}},
		sentence: fmt.Sprintf("%s opens, beside destinations, to %s: %s", o.by(), o.to(), strings.Join(opens, ". ")),
		isListed: true,
	}
}

func (a Acknowledged) line() line {
	return line{
		key:      fmt.Sprintf("acknowledged %s %s %s", a.Code, a.Object, a.Field),
		subject:  strings.TrimSpace(fmt.Sprintf("%s %s", a.Object, a.Field)),
		position: a.Position,
		says:     []says{{"accepts " + string(a.Code), plain(a.Reason)}, {"warning", plain(a.Message)}},
		sentence: fmt.Sprintf("%s %s: %s [%s]. Accepted: %s", a.Object, a.Field, plain(a.Message), a.Code, plain(a.Reason)),
	}
}

// lines returns the ways of each one that tries, and of each destination.
func (w WayAround) lines() []line {
	var all []line
	for _, from := range orNone(w.From) {
		for _, destination := range orNone(w.Destinations) {
			who, of := cmp.Or(from, "anybody"), strings.TrimSpace(w.Bundle+" "+destination)
			subject := who
			if of != "" {
				subject += " (" + of + ")"
			}
			all = append(all, line{
				of:       of,
				key:      fmt.Sprintf("way %s %s %s %s", w.Attempt, from, w.Gateway, of),
				subject:  subject,
				says:     []says{{w.tried(), w.objects()}, {w.tried() + ": note", w.note()}},
				sentence: fmt.Sprintf("Nothing stops this: %s %s", subject, w.tried()),
				isOpen:   len(w.StoppedBy) == 0 && w.Attempt != object.SpoofedHost,
			})
		}
	}
	return all
}

// lines returns the facts of a mesh. Those that come or go do not matter by themselves.
func (m Mesh) lines() []line {
	if m.IstioVersion == "" { // There is no bundle.
		return nil
	}
	all := []line{{
		key:     "the mesh",
		subject: "the mesh",
		says: []says{
			{"istioVersion", m.IstioVersion},
			{"rootNamespace", m.RootNamespace},
			{"clusterDomain", m.ClusterDomain},
			{"trustDomain", m.TrustDomain},
			{"outboundTrafficPolicy", m.OutboundTrafficPolicy},
			{"proxyHeaders", m.ProxyHeaders},
		},
		sentence: fmt.Sprintf("Istio %s with rootNamespace %s, clusterDomain %s, trustDomain %s, outboundTrafficPolicy %s and proxyHeaders %s",
			m.IstioVersion, m.RootNamespace, m.ClusterDomain, m.TrustDomain, m.OutboundTrafficPolicy, m.ProxyHeaders),
	}}
	if m.CrossNamespaceBundles != nil {
		namespaces := cmp.Or(strings.Join(m.CrossNamespaceBundles, ", "), "no namespace")
		all = append(all, factOf("consent", "Clients of other namespaces are for bundles of "+namespaces+" alone"))
	}
	if m.ExpiredDestinations == api.ExpiredDestinationsDeny {
		all = append(all, factOf("expiry", "Destinations that have expired are errors"))
	}
	if m.DNSCapture {
		all = append(all, factOf("DNS capture", "Sidecars answer DNS: TCP without addresses is told by the name that was looked up"))
	}
	for _, g := range m.Gateways {
		all = append(all, factOf("gateway "+g.Name, fmt.Sprintf("Gateway %s is %s/%s%s", g.Name, g.Namespace, g.Service, g.facts())))
	}
	if m.DNS.Port != 0 {
		servers := append([]string{"Pods " + labels(m.DNS.Selector) + " of " + m.DNS.Namespace}, m.DNS.Addresses...)
		all = append(all, factOf("DNS",
			fmt.Sprintf("NetworkPolicies leave DNS open: %s, port %d", strings.Join(servers, ", "), m.DNS.Port)))
	}
	if len(m.APIServer) > 0 {
		all = append(all, factOf("API server", "NetworkPolicies leave the API server open: "+strings.Join(m.APIServer, ", ")))
	}
	return all
}

func factOf(subject, text string) line {
	return line{key: subject, subject: subject, says: []says{{"is taken for granted", text}}, sentence: text}
}

func orNone(all []string) []string {
	if len(all) == 0 {
		return []string{""}
	}
	return all
}

// at says where something stands.
func at(p diag.Position) string {
	if p.File == "" {
		return ""
	}
	file := p.File
	if p.Line > 0 {
		file += fmt.Sprintf(":%d", p.Line)
	}
	return " (" + code(file) + ")"
}

// Encode writes the change in Markdown. Equal changes give equal bytes. An error is one of the
// writer.
func (c Change) Encode(w io.Writer) error {
	var text strings.Builder
	text.WriteString("# Egress: what changes\n\n")
	if c.IsEmpty() {
		text.WriteString("Nothing: who may reach what, what is open beside that, and what stops each way around are as before.\n")
	}
	var blocks []string
	blocks = append(blocks, list("Opened", c.opened)...)
	blocks = append(blocks, list("Closed", c.closed)...)
	blocks = append(blocks, changedTable(c.changed)...)
	text.WriteString(strings.Join(blocks, "\n"))
	_, err := io.WriteString(w, text.String())
	return err
}

// list is a heading and its lines, if there are any.
func list(title string, lines []line) []string {
	if len(lines) == 0 {
		return nil
	}
	var text strings.Builder
	fmt.Fprintf(&text, "## %s\n\n", title)
	for _, l := range lines {
		fmt.Fprintf(&text, "- %s%s\n", l.sentence, at(l.position))
	}
	return []string{text.String()}
}

func changedTable(changed []difference) []string {
	if len(changed) == 0 {
		return nil
	}
	rows := [][]string{{"of", "what", "before", "after"}}
	for _, d := range changed {
		rows = append(rows, []string{strings.Join(slices.Compact(d.subjects), ", "), d.what, d.before, d.after})
	}
	var text strings.Builder
	text.WriteString("## Changed\n\n")
	table(&text, rows)
	return []string{text.String()}
}
