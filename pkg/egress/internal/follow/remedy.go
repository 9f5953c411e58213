// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package follow

import (
	"cmp"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"go.yaml.in/yaml/v3"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/explain"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/istio"
)

// remedy returns the smallest change of bundles that lets the call pass, if any does.
func (w *walk) remedy(courses []istio.Course) *explain.Remedy {
	if w.Call.NoSidecar || w.bypass() != nil || w.Verdict == explain.Unknown || w.Stop != nil && w.Stop.At == explain.Node {
		return nil
	}
	if !w.isRequest() && len(courses) == 0 && w.readsRequests() {
		w.notef("Call it as http://%s, or by another port.", hostPort(w.host, w.port))
		return nil
	}
	if len(courses) > 0 {
		c := w.first(courses)
		return w.admit(c.Destination, c.Route)
	}
	if d, r := w.ofOthers(); d != nil {
		return w.admit(d, *r)
	}
	return w.declare()
}

// ofOthers returns a port of a destination that is for the call, and not for the caller.
func (w *walk) ofOthers() (*ir.Destination, *ir.Route) {
	for _, p := range w.plans {
		for _, d := range p.Destinations {
			for _, h := range d.Hosts {
				if r := d.RouteAt(w.port); r != nil && w.fits(d, h, *r) {
					return d, r
				}
			}
		}
	}
	return nil, nil
}

// isOfBundles reports whether a destination is for the call, whoever makes it.
func (w *walk) isOfBundles() bool {
	d, _ := w.ofOthers()
	return d != nil
}

// A client is one of a bundle, in YAML.
type client struct {
	Namespace       string   `yaml:"namespace"`
	ServiceAccounts []string `yaml:"serviceAccounts,omitempty"`
}

// admit makes the caller a client of a destination, and the request one that may pass there.
func (w *walk) admit(d *ir.Destination, r ir.Route) *explain.Remedy {
	p := w.planOf(d.Bundle.String())
	remedy := &explain.Remedy{Bundle: d.Bundle.String()}
	if why := w.cannotJoin(p); why != "" {
		w.notef("%s", why)
		return nil
	}
	if !w.isIn(p.Clients) {
		remedy.Changes = append(remedy.Changes, changeOf(p, field.Clients, w.with(p.Clients)))
	}
	if d.NamesClients && !w.isIn(d.Clients) {
		remedy.Changes = append(remedy.Changes, changeOf(p, d.Path.Child("clients"), w.with(d.Clients)))
	}
	if w.isRequest() && !isAllowed(r, w.target) {
		remedy.Changes = append(remedy.Changes, changeOf(p, r.Path.Child("allow"), w.allowedWith(r)))
	}
	return remedy
}

// cannotJoin says why the namespace of the caller cannot become a client of a bundle, if it
// cannot.
func (w *walk) cannotJoin(p *ir.Plan) string {
	if slices.Contains(p.Clients.Namespaces, w.Call.Namespace) {
		return ""
	}
	permitted := p.Mesh.CrossNamespaceBundles
	if permitted != nil && w.Call.Namespace != p.Bundle.Namespace && !slices.Contains(permitted, p.Bundle.Namespace) {
		return foreignClientRefused(p)
	}
	for _, other := range w.plans {
		for _, d := range other.Destinations {
			if other != p && slices.Contains(d.Clients.Namespaces, w.Call.Namespace) && sharesHost(p, d) {
				return otherWayTaken(p, w.Call.Namespace, other.NameOf(d))
			}
		}
	}
	return ""
}

// sharesHost reports whether a plan names a host that a destination has too.
func sharesHost(p *ir.Plan, d *ir.Destination) bool {
	for _, own := range p.Destinations {
		for _, h := range own.Hosts {
			if slices.ContainsFunc(d.Hosts, func(of ir.Host) bool { return ir.Covers(h.Name, of.Name) || ir.Covers(of.Name, h.Name) }) {
				return true
			}
		}
	}
	return false
}

func (w *walk) isIn(c ir.Clients) bool {
	accounts := c.Accounts[w.Call.Namespace]
	return slices.Contains(c.Namespaces, w.Call.Namespace) && (len(accounts) == 0 || slices.Contains(accounts, w.account()))
}

func (w *walk) account() string { return cmp.Or(w.Call.ServiceAccount, defaultAccount) }

// with returns clients with the caller among them: by its service account, if all are named.
func (w *walk) with(c ir.Clients) []client {
	var all []client
	for _, namespace := range c.Namespaces {
		of := client{Namespace: namespace, ServiceAccounts: slices.Clone(c.Accounts[namespace])}
		if namespace == w.Call.Namespace && len(of.ServiceAccounts) > 0 {
			of.ServiceAccounts = append(of.ServiceAccounts, w.account())
		}
		all = append(all, of)
	}
	if !slices.Contains(c.Namespaces, w.Call.Namespace) {
		of := client{Namespace: w.Call.Namespace}
		if c.AreNamed() {
			of.ServiceAccounts = []string{w.account()}
		}
		all = append(all, of)
	}
	return all
}

// An allowed request is one of a port, in YAML.
type allowed struct {
	Methods []string `yaml:"methods,omitempty,flow"`
	Paths   []string `yaml:"paths,omitempty,flow"`
}

// allowedWith returns the requests that may pass on a port, with that of the call.
func (w *walk) allowedWith(r ir.Route) []allowed {
	var all []allowed
	for _, a := range r.Exit.Allow {
		all = append(all, allowed{a.Methods, a.Paths})
	}
	return append(all, allowed{[]string{w.method}, []string{w.path}})
}

// A destination is one of a bundle, in YAML.
type destination struct {
	Hosts     []string   `yaml:"hosts,flow"`
	Via       api.Via    `yaml:"via,omitempty"`
	Gateway   string     `yaml:"gateway,omitempty"`
	MutualTLS *bool      `yaml:"mutualTLS,omitempty"` // which TCP cannot be led without
	Addresses []string   `yaml:"addresses,omitempty,flow"`
	Endpoints []endpoint `yaml:"endpoints,omitempty"`
	Ports     []port     `yaml:"ports,omitempty"`
}

type endpoint struct {
	Address string `yaml:"address"`
}

type port struct {
	Port    int    `yaml:"port"`
	Pattern string `yaml:"pattern"`
}

// declare adds a destination to a bundle of the caller, or a bundle if there is none.
func (w *walk) declare() *explain.Remedy {
	d, ok := w.destination()
	if !ok {
		return nil
	}
	p := w.bundleOfCaller()
	if p == nil {
		d.Gateway = w.oneOf(w.mesh().Gateways)
		id := ir.BundleID{Namespace: w.Call.Namespace, Name: "egress"}
		return &explain.Remedy{Bundle: id.String(), Changes: []explain.Change{{YAML: text(bundleWith(id, w.destinationName(nil), d))}}}
	}
	d.Gateway = w.oneOf(p.Mesh.Gateways)
	if w.scheme == schemeTCP && !*p.Mesh.MutualTLS {
		d.MutualTLS = new(true)
	}
	path := field.Destinations.Child(w.destinationName(p))
	return &explain.Remedy{Bundle: p.Bundle.String(), Changes: []explain.Change{changeOf(p, path, d)}}
}

// destination returns one that is for the call. An address has no name, which TCP alone can do
// without: the name that is made up for it is looked up by nobody.
func (w *walk) destination() (d destination, ok bool) {
	ip, err := netip.ParseAddr(w.host)
	isIP := err == nil
	switch {
	case w.scheme == schemeTCP && isIP:
		name := "host-" + strings.NewReplacer(".", "-", ":", "-").Replace(ip.String()) + ".invalid"
		w.notef("The name %s is made up: nobody looks it up.", name)
		d = destination{
			Hosts: []string{name}, Addresses: []string{w.host}, Endpoints: []endpoint{{w.host}},
			Ports: []port{{w.port, "TCP"}},
		}
		return d, true
	case w.scheme == schemeTCP:
		w.notef("A destination of TCP needs the addresses of its host, which nobody knows here.")
		return d, false
	case isIP:
		w.notef("HTTP and TLS are led by the name of the host, and an address is none.")
		return d, false
	case !strings.Contains(w.host, "."):
		w.notef("A name without a dot is that of a Service, and no host outside has one.")
		return d, false
	}
	d.Hosts = []string{w.host}
	switch {
	case w.isRequest():
		d.Ports = []port{{w.port, "HTTP"}}
	case w.port != impliedPorts[schemeHTTPS]:
		d.Ports = []port{{w.port, "TLSPassthrough"}}
	}
	return d, true
}

// oneOf returns the first of several gateways; one alone needs no name.
func (w *walk) oneOf(gateways map[string]api.Gateway) string {
	if len(gateways) < 2 {
		return ""
	}
	return sortedKeys(gateways)[0]
}

// bundleOfCaller returns a bundle whose destinations are for the caller, its own before others.
func (w *walk) bundleOfCaller() *ir.Plan {
	var best *ir.Plan
	for _, p := range w.plans {
		if w.isIn(p.Clients) && (best == nil || p.Bundle.Namespace == w.Call.Namespace && best.Bundle.Namespace != w.Call.Namespace) {
			best = p
		}
	}
	return best
}

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// destinationName returns a name that no destination of a plan has: that of the domain.
func (w *walk) destinationName(p *ir.Plan) string {
	labels := strings.Split(w.host, ".")
	base := labels[max(0, len(labels)-2)]
	if _, err := netip.ParseAddr(w.host); err == nil {
		base = "host-" + w.host
	}
	base = strings.Trim(notInNames.ReplaceAllString(base, "-"), "-")
	isTaken := func(name string) bool {
		return p != nil && slices.ContainsFunc(p.Destinations, func(d *ir.Destination) bool { return d.Name == name })
	}
	name := base
	for i := w.port; isTaken(name); i++ {
		name = fmt.Sprintf("%s-%d", base, i)
	}
	return name
}

func bundleWith(id ir.BundleID, name string, d destination) any {
	type metadata struct {
		Name      string `yaml:"name"`
		Namespace string `yaml:"namespace"`
	}
	type spec struct {
		Destinations map[string]destination `yaml:"destinations"`
	}
	return struct {
		APIVersion string   `yaml:"apiVersion"`
		Kind       string   `yaml:"kind"`
		Metadata   metadata `yaml:"metadata,flow"`
		Spec       spec     `yaml:"spec"`
	}{api.APIVersion, api.KindBundle, metadata{id.Name, id.Namespace}, spec{map[string]destination{name: d}}}
}

func changeOf(p *ir.Plan, path field.Path, value any) explain.Change {
	return explain.Change{Field: string(path), Position: p.Subject.Position(path), YAML: text(value)}
}

// text writes a value as YAML, which it is made for.
func text(value any) string {
	var out strings.Builder
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := cmp.Or(encoder.Encode(value), encoder.Close()); err != nil {
		panic("follow: " + err.Error())
	}
	return out.String()
}

// farthest is how many letters of a host may be wrong for it to be meant.
const farthest = 2

// noteNearHost notes a host of the bundles that is spelled nearly like that of the call.
func (w *walk) noteNearHost() {
	near, distance := "", farthest+1
	for _, p := range w.plans {
		for _, d := range p.Destinations {
			for _, h := range d.Hosts {
				if n := levenshtein.ComputeDistance(h.Name, w.host); n > 0 && n < distance && !ir.Covers(h.Name, w.host) {
					near, distance = h.Name, n
				}
			}
		}
	}
	if near != "" {
		w.notef("A host with nearly the same name is %s: is that one meant?", near)
	}
}
