// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// attempts says in words what somebody tries.
var attempts = map[object.Attempt]string{
	object.NoSidecar:      "a Pod without a sidecar calls a host outside",
	object.DirectIP:       "calls an address or a host that is not listed",
	object.SpoofedHost:    "names a listed host in SNI or Host, and connects to an address of its own choice",
	object.OtherNamespace: "workloads of another namespace use the gateway as the clients do, with their SNI and Host",
	object.OtherIdentity:  "another service account uses the gateway as the clients do, with their SNI and Host",
	object.UnlistedRoute:  "takes a route of the gateway that is of no bundle",
}

// Encode writes the report in Markdown. Equal reports give equal bytes. An
// error is one of the writer.
func (r Report) Encode(w io.Writer) error {
	var text strings.Builder
	text.WriteString("# Egress\n\n## Who may reach what\n\n")
	table(&text, r.accessRows())
	text.WriteString("\nWithout one of its objects a call fails, or is carried as with it, as plain HTTP on port 80\n" +
		"is without the ServiceEntry of the client, but for these. Without the VirtualService of a\n" +
		"sidecar it leaves without timeout, retries and tunnel, with the Host that the application\n" +
		"sent and with headers of the mesh. Without a DestinationRule that has a traffic policy and\n" +
		"nothing else it leaves without that policy. Where a wildcard or a wider range covers it,\n" +
		"it leaves as they say. Of the EndpointSlices of a Service each serves by itself.\n")
	text.WriteString("\n## What stops each way around\n\n" +
		"Where several objects are named, each stops what gets past those before it. A\n" +
		"call that is led to the host that it names is, without that, one to an address\n" +
		"that is not listed. The ConfigMap istio holds the configuration of the mesh.\n\n")
	table(&text, r.wayRows())
	_, err := io.WriteString(w, text.String())
	return err
}

func (r Report) accessRows() [][]string {
	rows := [][]string{{"client", "may call", "as", "of", "by", "encrypted until there by", "encrypted beyond by"}}
	for _, a := range r.Access {
		rows = append(rows, []string{
			a.Client,
			a.Host + " port " + strconv.Itoa(a.Port),
			a.Protocol + requests(a.Requests),
			a.Bundle + " " + a.Destination,
			a.Exit,
			a.until(),
			cmp.Or(a.Beyond, nobody(a.Protocol)),
		})
	}
	return rows
}

func (r Report) wayRows() [][]string {
	rows := [][]string{{"bundle", "destinations", "who", "what is tried", "what stops it"}}
	for _, way := range r.WaysAround {
		rows = append(rows, []string{
			way.Bundle,
			cmp.Or(strings.Join(way.Destinations, ", "), "-"),
			cmp.Or(way.From, "anybody"),
			attempts[way.Attempt],
			way.stop(),
		})
	}
	return rows
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

func requests(allowed []api.AllowedRequest) string {
	var all []string
	for _, r := range allowed {
		methods, paths := strings.Join(r.Methods, " or "), strings.Join(r.Paths, "` or `")
		all = append(all, fmt.Sprintf("%s `%s`", cmp.Or(methods, "any method"), cmp.Or(paths, "/*")))
	}
	if len(all) == 0 {
		return ""
	}
	return ", only " + strings.Join(all, "; ")
}

func (a Access) until() string {
	if a.Exit == ExitSidecar {
		return "-"
	}
	return cmp.Or(a.ToExit, nobody(a.Protocol))
}

// nobody says who encrypts if the mesh does not.
func nobody(protocol string) string {
	if protocol == "TCP" {
		return "the application, if it does"
	}
	return "**nobody**"
}

func (w WayAround) stop() string {
	var objects []string
	for _, o := range w.StoppedBy {
		objects = append(objects, o.String())
	}
	stop := cmp.Or(strings.Join(objects, ", then "), "**nothing**")
	if w.Note != "" {
		stop += ". " + strings.TrimSuffix(w.Note, ".")
	}
	return stop
}
