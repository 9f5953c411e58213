// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
)

// The cells of tables.

// of names the destination, and says at whose wish it is there.
func (a Access) of() string {
	name := a.Bundle + " " + a.Destination
	if wish := a.wish(); wish != "" {
		return fmt.Sprintf("%s (%s)", name, wish)
	}
	return name
}

// wish says what the destination is for, who answers for it, and until when.
func (a Access) wish() string {
	var wish []string
	for _, s := range a.wishSays() {
		switch {
		case s.text == "":
		case s.what == isFor:
			wish = append(wish, s.text)
		default:
			wish = append(wish, s.what+": "+s.text)
		}
	}
	return strings.Join(wish, "; ")
}

const isFor = "for"

// wishSays says each of that by itself.
func (a Access) wishSays() []says {
	return []says{
		{isFor, plain(a.Description)}, {"owner", plain(a.Owner)}, {"ticket", plain(a.Ticket)}, {"expires", string(a.Expires)},
	}
}

func (a Access) clients() string { return strings.Join(a.clientNames(), ", ") }

// clientNames are namespaces, and NAMESPACE/SERVICEACCOUNT where not all of one may call.
func (a Access) clientNames() []string {
	var names []string
	for _, c := range a.Clients {
		if len(c.ServiceAccounts) == 0 {
			names = append(names, c.Namespace)
		}
		for _, account := range c.ServiceAccounts {
			names = append(names, c.Namespace+"/"+account)
		}
	}
	return names
}

func (a Access) called() string {
	text := plain(strings.Join(a.Hosts, ", "))
	if len(a.Addresses) > 0 {
		text += fmt.Sprintf(" (%s)", strings.Join(a.Addresses, ", "))
	}
	if s := a.Service; s != nil {
		text += fmt.Sprintf(", by the Service %s/%s of type %s", s.Namespace, s.Name, s.Type)
		if s.ExternalName != "" {
			text += ", which stands for " + s.ExternalName
		}
	}
	return fmt.Sprintf("%s port %d as %s%s", text, a.Port, a.Protocol, requests(a.Requests))
}

func requests(allowed []api.AllowedRequest) string {
	var all []string
	for _, r := range allowed {
		methods, paths := strings.Join(r.Methods, " or "), "any path"
		if len(r.Paths) > 0 {
			paths = joinCode(r.Paths, " or ")
		}
		all = append(all, cmp.Or(methods, "any method")+" "+paths)
	}
	if len(all) == 0 {
		return ""
	}
	return ", only " + strings.Join(all, "; ")
}

// exit says by which exit, and who encrypts until there.
func (a Access) exit() string {
	if a.Exit == ExitSidecar {
		return "the sidecar"
	}
	return fmt.Sprintf("gateway %s port %d, encrypted until there by %s", a.Exit, a.ExitPort, cmp.Or(a.ToExit, nobody(a.Protocol)))
}

// nobody says who encrypts if the mesh does not.
func nobody(protocol string) string {
	if protocol == "TCP" {
		return "the application, if it does"
	}
	return "**nobody**"
}

func (a Access) leaves() string {
	parts := []string{joinAll(a.LeavesTo, "; ")}
	if p := a.ForwardProxy; p != nil {
		parts[0] = fmt.Sprintf("forward proxy %s port %d, which is asked for %s", p.Address, p.Port, parts[0])
	}
	parts = append(parts, a.shapes()...)
	for _, f := range a.Failover {
		parts = append(parts, fmt.Sprintf("where %s fails, to %s", f.From, f.To))
	}
	return strings.Join(parts, "; ")
}

// shapes says what becomes of requests, each path by itself if there are several.
func (a Access) shapes() []string {
	var all []string
	for _, s := range a.Shapes {
		text := s.what()
		if len(a.Shapes) > 1 {
			text = "of " + code(s.Path) + ": " + cmp.Or(text, "as they come")
		}
		all = append(all, text)
	}
	return all
}

// what says what becomes of the requests of a path, and nothing if they leave as they come.
func (s Shape) what() string {
	var parts []string
	if r := s.Rewrite; r != nil && r.URI != "" {
		parts = append(parts, fmt.Sprintf("path %s becomes %s", code(s.Replaces), code(r.URI)))
	}
	if r := s.Rewrite; r != nil && r.Authority != "" {
		parts = append(parts, "Host becomes "+r.Authority)
	}
	if s.Headers != nil {
		parts = append(parts, plain(s.Headers.String()))
	}
	if s.Fault != nil {
		parts = append(parts, "**fault: "+s.Fault.String()+"**")
	}
	return strings.Join(parts, ", ")
}

// String names the target, as in "db.example.com port 5432 (eu-west1)".
func (t Target) String() string {
	address := t.Address
	switch {
	case t.AsCalled && address == "":
		address = "**whatever address is called**"
	case t.AsCalled:
		address += " as called,"
	case address == "":
		address = "the host itself,"
	}
	text := fmt.Sprintf("%s port %d", address, t.Port)
	if len(t.Hosts) > 0 {
		text = plain(strings.Join(t.Hosts, ", ")) + ": " + text
	}
	if t.Weight > 0 {
		text += fmt.Sprintf(" with weight %d", t.Weight)
	}
	if t.Locality != "" {
		text += fmt.Sprintf(" (%s)", t.Locality)
	}
	return text
}

// beyond says who encrypts beyond the exit, and what leaves of the mesh.
func (a Access) beyond() string {
	text := a.encrypted()
	if a.TLS != nil {
		host := a.outside()
		text += fmt.Sprintf(": server name %s, %s", a.TLS.serverName(host), a.TLS.demanded(host))
		if client := a.TLS.client(); client != "" {
			text += ", as client with " + client
		}
	}
	if len(a.Headers) > 0 {
		text += ". Requests may carry " + joinCode(a.Headers, " and ") + ", which " + tell(a.Headers)
	}
	return text
}

// tell says what headers tell.
func tell(headers []string) string {
	switch {
	case len(headers) > 1:
		return "name the inside of the mesh and the path as it was called"
	case strings.HasSuffix(headers[0], "Path"):
		return "is the path as it was called"
	default:
		return "names the inside of the mesh"
	}
}

// encrypted says who encrypts beyond the exit.
func (a Access) encrypted() string { return cmp.Or(a.Beyond, nobody(a.Protocol)) }

// beyondSays says each of that by itself.
func (a Access) beyondSays() []says {
	all := []says{{"encrypted beyond by", a.encrypted()}, {"server name", ""}, {"certificate there", ""}, {"client certificate", ""}}
	if a.TLS != nil {
		host := a.outside()
		all[1].text, all[2].text, all[3].text = a.TLS.serverName(host), a.TLS.demanded(host), a.TLS.client()
	}
	return append(all, says{"headers of the mesh", joinCode(a.Headers, ", ")})
}

// outside is what the host is called with.
func (a Access) outside() string {
	if a.Service != nil && a.Service.ExternalName != "" {
		return a.Service.ExternalName
	}
	return "the host"
}

func (t TLS) serverName(host string) string { return cmp.Or(t.SNI, host) }

func (t TLS) demanded(host string) string {
	if t.InsecureSkipVerify != nil {
		return fmt.Sprintf("**ANY CERTIFICATE, WHOEVER ANSWERS: NOTHING IS VERIFIED** (reason: **%s**)",
			plain(strings.ToUpper(t.InsecureSkipVerify.Reason)))
	}
	text := fmt.Sprintf("a certificate for %s signed by %s", cmp.Or(strings.Join(t.SubjectAltNames, " or "), host), t.authority())
	if t.CACRL != nil {
		text += " and not revoked in " + code(t.CACRL.File)
	}
	return text
}

// client is what the exit identifies itself with, if it does.
func (t TLS) client() string {
	switch c := t.ClientCertificate; {
	case c == nil:
		return ""
	case c.Files != nil:
		return fmt.Sprintf("%s, key %s", code(c.Files.Certificate), code(c.Files.PrivateKey))
	default:
		return "Secret " + t.inNamespace(c.Secret)
	}
}

func (t TLS) authority() string {
	switch ca := t.CACertificates; {
	case ca == nil:
		return "an authority of the system"
	case ca.Secret != "":
		return "Secret " + t.inNamespace(ca.Secret)
	case ca.ConfigMap != "":
		return "ConfigMap " + t.inNamespace(ca.ConfigMap)
	default:
		return code(ca.File)
	}
}

func (t TLS) inNamespace(name string) string {
	if t.Namespace == "" {
		return name
	}
	return t.Namespace + "/" + name
}

func (o Opening) by() string {
	return strings.TrimSpace(plain(o.By.String()) + " " + o.Field)
}

func (o Opening) to() string {
	if o.Gateway != "" {
		return "gateway " + o.Gateway
	}
	return cmp.Or(strings.Join(o.Namespaces, ", "), "every client")
}

// what says what is open, and nothing if only the note does.
func (o Opening) what() string {
	what := strings.Join(slices.Concat(o.Hosts, o.Addresses), ", ")
	var numbers []string
	for _, port := range o.Ports {
		numbers = append(numbers, strconv.Itoa(port))
	}
	if len(numbers) == 0 {
		return what
	}
	return cmp.Or(what, "every address") + " port " + strings.Join(numbers, ", ")
}

func ports(p api.GatewayPorts) string {
	all := []string{fmt.Sprintf("http %d", p.HTTP), fmt.Sprintf("tls %d", p.TLS)}
	for _, port := range p.TCP {
		all = append(all, fmt.Sprintf("tcp %d", port))
	}
	return strings.Join(all, ", ")
}

func labels(of map[string]string) string {
	var all []string
	for _, key := range slices.Sorted(maps.Keys(of)) {
		all = append(all, plain(key+"="+of[key]))
	}
	return strings.Join(all, ",")
}

func joinAll[T fmt.Stringer](all []T, separator string) string {
	var texts []string
	for _, one := range all {
		texts = append(texts, one.String())
	}
	return strings.Join(texts, separator)
}

func joinCode(all []string, separator string) string {
	var texts []string
	for _, one := range all {
		texts = append(texts, code(one))
	}
	return strings.Join(texts, separator)
}
