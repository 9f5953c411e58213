// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package follow

import (
	"cmp"
	"iter"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/explain"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/address"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/istio"
)

// A change of a bundle may let a call pass.
type change struct {
	bundle  api.Bundle // as it would be
	patch   api.Bundle // what changes of it, as kustomize merges it: lists in it are whole
	at      field.Path // of what changes; empty: the bundle is new
	isPlain bool       // It adds a port whose requests leave in plain text.
}

// remedy returns the first change that lets the call pass and that all rules permit.
func (w *walk) remedy(courses []istio.Course) *explain.Remedy {
	if w.Call.NoSidecar || w.bypass() != nil || w.Verdict == explain.Unknown || w.Stop != nil && w.Stop.At == explain.Node {
		return nil
	}
	if w.elsewhere() != "" {
		return nil // It is declared, and no bundle makes the sidecar answer.
	}
	var refused error
	for c := range w.changes(courses) {
		err := w.judge(c.bundle)
		if err == nil {
			return w.remedyBy(c)
		}
		if refused == nil {
			refused = err
		}
	}
	if refused != nil {
		w.notef("%s", noRemedy(refused))
	}
	return nil
}

func (w *walk) remedyBy(c change) *explain.Remedy {
	remedy := &explain.Remedy{Bundle: c.bundle.Namespace + "/" + c.bundle.Name, YAML: yamlOf(c.patch), New: c.at == ""}
	if c.isPlain {
		w.notef("With the pattern HTTP it leaves in plain text; TLSOrigination in its place opens TLS to the host.")
	}
	if p := w.planOf(remedy.Bundle); p != nil {
		remedy.Position = p.Subject.Position(c.at)
	}
	return remedy
}

func yamlOf(b api.Bundle) string {
	var text strings.Builder
	if err := b.EncodeYAML(&text); err != nil {
		panic("follow: " + err.Error()) // It was read from JSON, and a strings.Builder takes everything.
	}
	return text.String()
}

// changes are those to try, the smallest first.
func (w *walk) changes(courses []istio.Course) iter.Seq[change] {
	return func(yield func(change) bool) {
		if len(courses) > 0 {
			c := w.first(courses)
			yield(w.admit(c.Destination, c.Route))
			return
		}
		if d, r := w.anyones(); d != nil && !yield(w.admit(d, *r)) {
			return
		}
		ports := w.addedPorts()
		for _, c := range ports {
			if !yield(c) {
				return
			}
		}
		if len(ports) > 0 {
			return
		}
		if d, ok := w.destination(); ok {
			yield(w.declare(d))
		}
	}
}

// anyones returns a port of a destination that is for the call, whoever its clients are.
func (w *walk) anyones() (*ir.Destination, *ir.Route) {
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

// change starts a change of a bundle in which something stands, of which nothing is changed yet.
func (w *walk) change(bundle string, at field.Path) change {
	b := w.bundles[bundle]
	b.Destinations = maps.Clone(b.Destinations)
	return change{bundle: b, patch: api.Bundle{Namespace: b.Namespace, Name: b.Name}, at: at}
}

// admit makes the caller a client of a destination, and the request one that may pass there.
func (w *walk) admit(d *ir.Destination, r ir.Route) change {
	c := w.change(d.Bundle.String(), field.Clients)
	if !w.isIn(w.planOf(d.Bundle.String()).Clients) {
		c.bundle.Clients = w.with(c.bundle.Clients, c.bundle.Namespace)
		c.patch.Clients = c.bundle.Clients
	} else {
		c.at = d.Path
	}
	changed := c.bundle.Destinations[d.Name]
	var only api.Destination
	if len(changed.Clients) > 0 && !w.isIn(d.Clients) {
		changed.Clients = w.with(changed.Clients, "")
		only.Clients = changed.Clients
	}
	if w.isRequest() && !isAllowed(r, w.target) {
		changed.Ports = w.allowing(changed.Ports)
		only.Ports = changed.Ports
	}
	if shape := r.ShapeAt(w.path); w.isRequest() && r.IsHTTP() && abortsAll(shape.Fault) {
		changed.Ports = w.withoutFault(changed.Ports, shape.Path)
		only.Ports = changed.Ports
	}
	c.set(d.Name, changed, only)
	return c
}

// set puts a destination into a bundle, and what is new of it into the patch.
func (c *change) set(name string, changed, only api.Destination) {
	if only.Clients == nil && only.Ports == nil && only.Hosts == nil {
		return
	}
	if c.bundle.Destinations == nil {
		c.bundle.Destinations = map[string]api.Destination{}
	}
	c.bundle.Destinations[name] = changed
	c.patch.Destinations = map[string]api.Destination{name: only}
}

func (w *walk) isIn(c ir.Clients) bool {
	accounts := c.Accounts[w.Call.Namespace]
	return slices.Contains(c.Namespaces, w.Call.Namespace) && (len(accounts) == 0 || slices.Contains(accounts, w.account()))
}

func (w *walk) account() string { return cmp.Or(w.Call.ServiceAccount, defaultAccount) }

// with returns clients with the caller among them: by its service account, if all are named. Of
// none, those are meant who belong to a namespace.
func (w *walk) with(clients []api.Client, namespace string) []api.Client {
	all := slices.Clone(clients)
	if len(all) == 0 && namespace != w.Call.Namespace {
		all = append(all, api.Client{Namespace: namespace})
	}
	for i, c := range all {
		if c.Namespace == w.Call.Namespace {
			all[i].ServiceAccounts = append(slices.Clone(c.ServiceAccounts), w.account())
			return all
		}
	}
	caller := api.Client{Namespace: w.Call.Namespace}
	if !slices.ContainsFunc(all, func(c api.Client) bool { return len(c.ServiceAccounts) == 0 }) {
		caller.ServiceAccounts = []string{w.account()}
	}
	return append(all, caller)
}

// allowing returns ports of which that of the call allows its request too.
func (w *walk) allowing(ports []api.Port) []api.Port {
	request := api.AllowedRequest{Methods: []string{w.method}, Paths: []string{w.path}}
	return w.changed(ports, func(r ofRequests) { *r.allow = append(slices.Clone(*r.allow), request) })
}

// withoutFault returns ports of which that of the call makes no request of a path fail.
func (w *walk) withoutFault(ports []api.Port, path string) []api.Port {
	return w.changed(ports, func(r ofRequests) { r.own.Fault, *r.paths = faultless(r.own.Fault, *r.paths, path) })
}

// ofRequests is what a pattern says of requests.
type ofRequests struct {
	allow *[]api.AllowedRequest
	own   *api.PathOptions
	paths *map[string]api.PathOptions
}

// changed returns ports of which that of the call says something else of its requests.
func (w *walk) changed(ports []api.Port, change func(ofRequests)) []api.Port {
	all := slices.Clone(ports)
	for i, p := range all {
		if p.Number != w.port {
			continue
		}
		switch pattern := p.Pattern.(type) {
		case *api.HTTP:
			other := *pattern
			change(ofRequests{&other.Allow, &other.PathOptions, &other.Paths})
			all[i].Pattern = &other
		case *api.TLSOrigination:
			other := *pattern
			change(ofRequests{&other.Allow, &other.PathOptions, &other.Paths})
			all[i].Pattern = &other
		default: // has no requests
		}
	}
	return all
}

// faultless returns the faults of a port and of its paths without that of one path.
func faultless(own *api.Fault, paths map[string]api.PathOptions, path string) (*api.Fault, map[string]api.PathOptions) {
	options, isListed := paths[path]
	if !isListed {
		return nil, paths
	}
	options.Fault = nil
	if own != nil {
		options.Fault = &api.Fault{} // It would have that of the port.
	}
	paths = maps.Clone(paths)
	paths[path] = options
	return own, paths
}

// addedPorts are changes of destinations of the caller that have the host, and not the port.
func (w *walk) addedPorts() []change {
	var all []change
	for _, p := range w.plans {
		for _, d := range p.Destinations {
			if !w.isIn(d.Clients) || !w.hasHost(d) || d.HasPort(w.port) {
				continue
			}
			c := w.change(p.Bundle.String(), d.Path)
			changed := c.bundle.Destinations[d.Name]
			if len(changed.Ports) == 0 {
				changed.Ports = []api.Port{{Number: impliedPorts[schemeHTTPS], Pattern: &api.TLSPassthrough{}}}
			}
			changed.Ports = append(slices.Clone(changed.Ports), w.portOfCall())
			c.set(d.Name, changed, api.Destination{Ports: changed.Ports})
			c.isPlain = w.isRequest()
			all = append(all, c)
		}
	}
	return all
}

// hasHost reports whether a destination is for the host of the call, by whatever port.
func (w *walk) hasHost(d *ir.Destination) bool {
	if d.Told == ir.ByAddress {
		return w.isWithin(d.Addresses)
	}
	if w.scheme == schemeTCP && !w.hasTCPByName(d) {
		return false
	}
	return slices.ContainsFunc(d.Hosts, func(h ir.Host) bool { return w.names(d, h) })
}

// hasTCPByName reports whether a port for TCP would make sidecars look for the name of the host.
func (w *walk) hasTCPByName(d *ir.Destination) bool {
	return w.mesh().DNSCapture && d.Onward.Service == nil && len(w.bundles[d.Bundle.String()].Destinations[d.Name].Addresses) == 0
}

// portOfCall returns a port for the call. TLS to an address names nobody.
func (w *walk) portOfCall() api.Port {
	switch {
	case w.isRequest():
		return api.Port{Number: w.port, Pattern: &api.HTTP{}}
	case w.scheme == schemeTCP, address.IsIP(w.host):
		return api.Port{Number: w.port, Pattern: &api.TCP{}}
	default:
		return api.Port{Number: w.port, Pattern: &api.TLSPassthrough{}}
	}
}

// destination returns one that is for the call. An address has no name, which TCP alone can do
// without: the name that is made up for it is looked up by nobody.
func (w *walk) destination() (d api.Destination, ok bool) {
	switch isIP := address.IsIP(w.host); {
	case w.isToldByAddress():
		return d, false
	case !w.isRequest() && isIP:
		name := "host-" + strings.NewReplacer(".", "-", ":", "-").Replace(w.host) + ".invalid"
		w.notef("The name %s is made up: nobody looks it up.", name)
		d.Hosts, d.Addresses, d.Endpoints = []string{name}, []string{w.host}, []api.Endpoint{{Address: w.host}}
		d.Ports = []api.Port{w.portOfCall()}
		return d, true
	case w.scheme == schemeTCP && !w.mesh().DNSCapture:
		w.notef("A destination of TCP needs the addresses of its host, which nobody knows here, or dnsCapture of the mesh.")
		return d, false
	case isIP:
		w.notef("Requests to an address are led to a host, by the name that its server expects: hosts says it, addresses what is called, " +
			"and endpoints where that is.")
		return d, false
	}
	d.Hosts = []string{w.host}
	if p := w.portOfCall(); w.scheme == schemeHTTP || w.port != impliedPorts[schemeHTTPS] {
		d.Ports = []api.Port{p}
	}
	return d, true
}

// isToldByAddress notes what sidecars know a host by that the call names, if that is not its name.
func (w *walk) isToldByAddress() bool {
	for _, p := range w.plans {
		for _, d := range p.Destinations {
			if d.Told == ir.ByAddress && d.HasPort(w.port) && d.Hosts[0].Outside == w.host && w.isIn(d.Clients) {
				w.notef("%s is for it where it is called by one of its addresses, %s: say with --address which one is.",
					p.NameOf(d), textsOf(d.Addresses))
				return true
			}
		}
	}
	return false
}

// declare adds a destination to a bundle of the caller, or a bundle if there is none.
func (w *walk) declare(d api.Destination) change {
	p := w.bundleOfCaller()
	if p == nil {
		return w.newBundle(d)
	}
	d.Gateway = gatewayFor(p)
	if w.scheme == schemeTCP && !*p.Mesh.MutualTLS {
		d.MutualTLS = new(true) // which TCP cannot be led without
	}
	c := w.change(p.Bundle.String(), field.Destinations)
	c.set(w.destinationName(c.bundle), d, d)
	c.isPlain = w.isRequest()
	return c
}

func (w *walk) newBundle(d api.Destination) change {
	b := api.Bundle{Namespace: w.Call.Namespace, Name: "egress"}
	if len(w.plans) > 0 { // Of a mesh that bundles state, each states the same.
		b.Mesh = w.bundles[w.plans[0].Bundle.String()].Mesh
		d.Gateway = gatewayFor(w.plans[0])
	}
	c := change{bundle: b, patch: api.Bundle{Namespace: b.Namespace, Name: b.Name}}
	c.patch.Mesh = b.Mesh
	c.set(w.destinationName(b), d, d)
	c.isPlain = w.isRequest()
	return c
}

// gatewayFor returns the gateway for a new destination of a bundle: that of another, if the mesh
// has several. One alone needs no name.
func gatewayFor(p *ir.Plan) string {
	if len(p.Mesh.Gateways) < 2 {
		return ""
	}
	for _, g := range p.Gateways() {
		return g.Name
	}
	return sortedKeys(p.Mesh.Gateways)[0]
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

// destinationName returns a name that no destination of a bundle has: that of the domain.
func (w *walk) destinationName(b api.Bundle) string {
	labels := strings.Split(w.host, ".")
	base := labels[max(0, len(labels)-2)]
	if _, err := netip.ParseAddr(w.host); err == nil {
		base = "host-" + w.host
	}
	base = strings.Trim(notInNames.ReplaceAllString(base, "-"), "-")
	name := base
	for i := w.port; ; i++ {
		if _, taken := b.Destinations[name]; !taken {
			return name
		}
		name = base + "-" + strconv.Itoa(i)
	}
}
