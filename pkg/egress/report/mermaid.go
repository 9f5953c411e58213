// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// mostArrows is how many arrows a picture has that people can read.
const mostArrows = 30

// picture returns a flowchart of Mermaid: from the clients to where their calls leave to. What
// is stopped is dashed, and ends in a cross. It is empty if it would be too large to read.
// https://mermaid.js.org/syntax/flowchart.html
func (r Report) picture() string {
	f := flowchart{ids: map[string]string{}, arrows: map[arrow][]string{}}
	for _, a := range r.Access {
		f.addAccess(a)
	}
	var clients []string
	for _, w := range r.WaysAround {
		f.addWay(w)
		if w.Attempt == object.DirectIP {
			clients = append(clients, w.From...)
		}
	}
	for _, o := range r.Openings {
		f.addOpening(o, clients)
	}
	if len(f.order) == 0 || len(f.order) > mostArrows {
		return ""
	}
	return f.String()
}

// A flowchart is nodes, by what stands in them, and arrows, with what stands at them.
type flowchart struct {
	ids    map[string]string
	nodes  []string
	arrows map[arrow][]string
	order  []arrow
}

type arrow struct {
	from, to string
	stopped  bool
}

// add adds an arrow between two nodes, or a label to it.
func (f *flowchart) add(a arrow, label string) {
	if len(f.order) > mostArrows {
		return // There will be no picture.
	}
	if _, ok := f.arrows[a]; !ok {
		f.order = append(f.order, a)
		f.addNode(a.from)
		f.addNode(a.to)
		f.arrows[a] = nil
	}
	if label != "" && !slices.Contains(f.arrows[a], label) {
		f.arrows[a] = append(f.arrows[a], label)
	}
}

func (f *flowchart) addNode(node string) {
	if f.ids[node] == "" {
		f.nodes = append(f.nodes, node)
		f.ids[node] = fmt.Sprintf("n%d", len(f.nodes))
	}
}

// addAccess adds the way from the clients over the gateway. A sidecar is in the Pod of its client.
func (f *flowchart) addAccess(a Access) {
	label := fmt.Sprintf("%s port %d", a.Destination, a.Port)
	for _, client := range a.clientNames() {
		exit := client
		if a.Exit != ExitSidecar {
			exit = "gateway " + a.Exit
			f.add(arrow{from: client, to: exit}, label)
		}
		f.addLeaving(exit, label, a)
	}
}

func (f *flowchart) addLeaving(exit, label string, a Access) {
	if p := a.ForwardProxy; p != nil {
		proxy := fmt.Sprintf("forward proxy %s port %d", p.Address, p.Port)
		f.add(arrow{from: exit, to: proxy}, "")
		exit = proxy
	}
	if a.Beyond == "" && a.Protocol != "TCP" {
		label += " not encrypted"
	}
	if a.TLS != nil && a.TLS.InsecureSkipVerify != nil {
		label += " NOT VERIFIED"
	}
	for _, t := range a.LeavesTo {
		f.add(arrow{from: exit, to: t.node(a)}, label)
	}
}

// node names the target by itself.
func (t Target) node(a Access) string {
	address := t.Address
	switch {
	case address == "" && t.AsCalled:
		address = "any address"
	case address == "" && len(t.Hosts) > 0:
		address = strings.Join(t.Hosts, ", ")
	case address == "":
		address = strings.Join(a.Hosts, ", ")
	}
	return fmt.Sprintf("%s port %d", address, t.Port)
}

// addOpening adds what is open to clients, or at a gateway, if the opening says what that is.
func (f *flowchart) addOpening(o Opening, clients []string) {
	if len(o.Hosts)+len(o.Addresses)+len(o.Ports) == 0 {
		return
	}
	from := o.Namespaces
	switch {
	case o.Gateway != "":
		from = []string{"gateway " + o.Gateway}
	case len(from) == 0:
		from = clients
	}
	for _, client := range from {
		f.add(arrow{from: client, to: o.what()}, o.By.String())
	}
}

// addWay adds what is tried from a client, or at a gateway, and is stopped, or is not.
func (f *flowchart) addWay(w WayAround) {
	from, to := w.From, "any other address"
	switch w.Attempt {
	case object.NoSidecar:
		from = []string{"Pods without a sidecar in " + strings.Join(w.From, ", ")}
	case object.DirectIP:
	case object.OtherNamespace:
		from, to = []string{"other namespaces"}, "gateway "+w.Gateway
	default:
		return // is in the table
	}
	label := "nothing stops it"
	if len(w.StoppedBy) > 0 {
		label = w.StoppedBy[0].Kind
	}
	if len(w.Destinations) > 0 {
		label = strings.Join(w.Destinations, ", ") + ": " + label
	}
	for _, client := range from {
		f.add(arrow{from: client, to: to, stopped: len(w.StoppedBy) > 0}, label)
	}
}

// String returns the flowchart as a block of Markdown.
func (f *flowchart) String() string {
	var text strings.Builder
	text.WriteString("```mermaid\nflowchart LR\n")
	for _, node := range f.nodes {
		fmt.Fprintf(&text, "  %s[%s]\n", f.ids[node], quoted(node))
	}
	for _, a := range f.order {
		line, label := "-->", ""
		if a.stopped {
			line = "-.-x"
		}
		if labels := f.arrows[a]; len(labels) > 0 {
			label = "|" + quoted(strings.Join(labels, ", ")) + "|"
		}
		fmt.Fprintf(&text, "  %s %s%s %s\n", f.ids[a.from], line, label, f.ids[a.to])
	}
	text.WriteString("```\n\n")
	return text.String()
}

// entities are what Mermaid reads in quoted text, or shows as HTML.
// https://mermaid.js.org/syntax/flowchart.html#special-characters-that-break-syntax
var entities = strings.NewReplacer(
	"#", "#35;", `"`, "#quot;", "&", "#amp;", "<", "#lt;", ">", "#gt;", "%", "#37;", "`", "#96;", `\`, "#92;", "*", "#42;", "_", "#95;",
)

func quoted(text string) string { return `"` + entities.Replace(oneLine(text)) + `"` }
