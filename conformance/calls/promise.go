// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package calls

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
)

// Promised returns what a bundle promises to its clients, on a mesh whose
// defaults are filled in. It reads the bundle and nothing that was rendered from
// it, so that the two can be compared.
func Promised(bundle api.Bundle, mesh api.Mesh) []Outcome {
	var outcomes []Outcome
	for _, name := range slices.Sorted(maps.Keys(bundle.Destinations)) {
		p := promiser{bundle: bundle, mesh: mesh, name: name, Destination: bundle.Destinations[name]}
		p.setWay()
		for _, client := range p.clients() {
			for _, port := range p.ports() {
				for _, c := range p.called(port) {
					outcomes = append(outcomes, p.promise(client, c, port))
				}
			}
		}
	}
	return outcomes
}

// A promiser knows what one destination promises.
type promiser struct {
	api.Destination

	bundle    api.Bundle
	mesh      api.Mesh
	name      string
	through   string
	namespace string // of the gateway
	mutualTLS bool
}

// A target is what an application calls.
type target struct {
	host    string
	address string // that it connects to, where the host does not say
	// outside is what the host is called outside: nothing for an address
	// without a name.
	outside string
}

func (p *promiser) setWay() {
	p.through = Sidecar
	if p.Via == api.ViaSidecar {
		return
	}
	name := p.Gateway
	if name == "" {
		name = slices.Collect(maps.Keys(p.mesh.Gateways))[0]
	}
	g := p.mesh.Gateways[name]
	p.through, p.namespace = g.Namespace+"/"+g.Service, g.Namespace
	p.mutualTLS = *cmp.Or(p.MutualTLS, p.mesh.MutualTLS)
}

// clients returns who may call: a namespace, or some service accounts of it. A
// destination that names a namespace alone means those that the bundle names.
func (p *promiser) clients() []string {
	clients := p.Clients
	if len(clients) == 0 {
		clients = p.bundle.Clients
	}
	if len(clients) == 0 {
		return []string{p.bundle.Namespace}
	}
	var callers []string
	for _, c := range clients {
		accounts := c.ServiceAccounts
		for _, of := range p.bundle.Clients {
			if len(accounts) == 0 && of.Namespace == c.Namespace {
				accounts = of.ServiceAccounts
			}
		}
		if len(accounts) == 0 {
			callers = append(callers, c.Namespace)
		}
		for _, account := range accounts {
			callers = append(callers, c.Namespace+"/"+account)
		}
	}
	return callers
}

func (p *promiser) ports() []api.Port {
	if len(p.Ports) == 0 {
		return []api.Port{{Number: 443, Pattern: &api.TLSPassthrough{}}}
	}
	return p.Ports
}

// called returns what applications call on a port.
func (p *promiser) called(port api.Port) []target {
	if p.Service != nil {
		return []target{p.calledService(port)}
	}
	if _, tcp := port.Pattern.(*api.TCP); tcp && len(p.Addresses) > 0 {
		return p.calledAddresses()
	}
	var targets []target
	for _, host := range p.Hosts {
		targets = append(targets, p.calledHost(host))
	}
	return targets
}

// calledAddresses returns the addresses of TCP, and of each range one.
func (p *promiser) calledAddresses() []target {
	var targets []target
	for _, text := range p.Addresses {
		address := text
		if prefix, err := netip.ParsePrefix(text); err == nil {
			address = prefix.Masked().Addr().Next().String()
		}
		targets = append(targets, target{host: bracketed(address), address: address, outside: p.Hosts[0]})
	}
	return targets
}

// calledService returns the name of the Service, or that of the host where the
// application opens TLS to an alias: the host knows no other name.
func (p *promiser) calledService(port api.Port) target {
	service := fmt.Sprintf("%s.%s.svc.%s", p.name, p.bundle.Namespace, p.mesh.ClusterDomain)
	if _, tls := port.Pattern.(*api.TLSPassthrough); tls && p.Service.Type == api.ServiceExternalName {
		service = p.Service.ExternalName
	}
	return target{host: service, outside: p.Service.ExternalName}
}

// nowhere is an address that no configuration knows.
const nowhere = "192.0.2.99"

// calledHost returns the host, and for a wildcard a host below it.
func (p *promiser) calledHost(host string) target {
	domain, wildcard := strings.CutPrefix(host, "*.")
	if !wildcard {
		return target{host: host, outside: host}
	}
	below := "any." + domain
	if p.WildcardServer != "" {
		return target{host: below, outside: p.WildcardServer}
	}
	return target{host: below, address: nowhere, outside: below}
}

func (p *promiser) promise(client string, c target, port api.Port) Outcome {
	o := Outcome{From: client, Through: p.through, Policy: p.policy(port)}
	if p.mutualTLS {
		o.As = client
		if !strings.Contains(client, "/") {
			o.As += "/default"
		}
	}
	exit := port.Number
	switch pattern := port.Pattern.(type) {
	case *api.TLSPassthrough:
		o.Call = callURL("https", c.host, port.Number, 443)
		o.Address = c.address
	case *api.TCP:
		o.Call = callURL("tcp", c.host, port.Number, 0)
	case *api.HTTP:
		o.Call = callURL("http", c.host, port.Number, 80)
		o.Host = authorityOf(p.header(c), port.Number, 80)
		o.http(pattern.Protocol, pattern.Timeout, pattern.Retries)
		o.allowed(pattern.Allow)
	case *api.TLSOrigination:
		exit = cmp.Or(pattern.UpstreamPort, 443)
		o.Call = callURL("http", c.host, port.Number, 80)
		o.Host = authorityOf(c.outside, exit, 443)
		o.http(pattern.Protocol, pattern.Timeout, pattern.Retries)
		o.allowed(pattern.Allow)
		o.TLS = p.opened(pattern.ClientTLS, c.outside)
	default:
		panic(fmt.Sprintf("calls: no promise for %T", pattern))
	}
	o.Leaves = p.leaves(c, port, exit)
	if p.ForwardProxy != nil {
		o.Connect = hostPort(c.outside, exit)
		o.TLS = p.openedToProxy()
	}
	return o
}

// header is the host that plain HTTP is sent with. A wildcard leads many hosts
// to one server, and each stays what it is.
func (p *promiser) header(c target) string {
	if p.Service == nil && p.WildcardServer != "" {
		return c.host
	}
	return cmp.Or(c.outside, c.host)
}

// leaves returns where the traffic goes: through the proxy, to the endpoints, to
// the address that was called, or to the host.
func (p *promiser) leaves(c target, port api.Port, exit int) string {
	_, isTCP := port.Pattern.(*api.TCP)
	var places []string
	switch {
	case p.ForwardProxy != nil:
		places = []string{hostPort(p.ForwardProxy.Address, p.ForwardProxy.Port)}
	case p.Service != nil && p.Service.Type == api.ServiceEndpoints:
		for _, address := range p.Service.Addresses {
			places = append(places, hostPort(address, exit))
		}
	case len(p.Endpoints) > 0:
		for _, e := range p.Endpoints {
			places = append(places, hostPort(e.Address, cmp.Or(e.Ports[port.Number], exit)))
		}
	case isTCP && p.through == Sidecar && len(p.Addresses) > 0, c.address == nowhere && !p.dynamicDNS():
		places = []string{hostPort(c.address, exit)}
	default:
		places = []string{hostPort(c.outside, exit)}
	}
	slices.Sort(places)
	return strings.Join(places, " ")
}

func (p *promiser) dynamicDNS() bool { return p.mesh.IstioVersion >= "1.30" }

func callURL(scheme, host string, port, implied int) string {
	return scheme + "://" + authorityOf(host, port, implied)
}

func authorityOf(host string, port, implied int) string {
	if port == implied {
		return host
	}
	return fmt.Sprintf("%s:%d", host, port)
}

func hostPort(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }

// bracketed writes an address as it stands in a URL.
func bracketed(address string) string {
	if strings.Contains(address, ":") {
		return "[" + address + "]"
	}
	return address
}

func (o *Outcome) http(protocol string, timeout api.Duration, retries *api.Retries) {
	o.HTTP2 = protocol == "HTTP2" || protocol == "GRPC"
	o.Timeout = durationText(timeout)
	if retries == nil {
		return
	}
	o.Retries = &Retries{Attempts: uint32(retries.Attempts), PerTryTimeout: durationText(retries.PerTryTimeout)}
	if retries.Attempts > 0 {
		o.Retries.RetryOn = cmp.Or(strings.Join(retries.RetryOn, ","), meshRetries.On)
	}
}

// allowed makes the call one of those that may pass, where not all may.
func (o *Outcome) allowed(allow []api.AllowedRequest) {
	if len(allow) == 0 {
		return
	}
	if methods := allow[0].Methods; len(methods) > 0 {
		o.Method = methods[0]
	}
	if paths := allow[0].Paths; len(paths) > 0 {
		o.Call += strings.Replace(paths[0], "*", "any", 1)
	}
}

func durationText(d api.Duration) string { return duration(time.Duration(d)) }

// openedToProxy is the TLS to the forward proxy, which is known by its address or by its SNI.
func (p *promiser) openedToProxy() *TLS {
	if p.ForwardProxy.TLS == nil {
		return nil
	}
	return p.opened(*p.ForwardProxy.TLS, cmp.Or(p.ForwardProxy.TLS.SNI, p.ForwardProxy.Address))
}

func (p *promiser) opened(from api.ClientTLS, host string) *TLS {
	tls := &TLS{SNI: cmp.Or(from.SNI, host)}
	if from.InsecureSkipVerify == nil {
		tls.Names, tls.CA = from.SubjectAltNames, p.authority(from.CACertificates)
		if len(tls.Names) == 0 {
			tls.Names = []string{host}
		}
	}
	if from.CACRL != nil {
		tls.CRL = from.CACRL.File
	}
	switch client := from.ClientCertificate; {
	case client == nil:
	case client.Secret != "":
		tls.Certificate = "Secret " + client.Secret
		if from.InsecureSkipVerify == nil {
			tls.CA = tls.Certificate
		}
	default:
		tls.Certificate = client.Files.Certificate + " " + client.Files.PrivateKey
	}
	return tls
}

func (p *promiser) authority(ca *api.CACertificates) string {
	switch {
	case ca == nil:
		return "system"
	case ca.File != "":
		return ca.File
	case ca.ConfigMap != "":
		return "ConfigMap " + p.namespace + "/" + ca.ConfigMap
	default:
		return "Secret " + ca.Secret
	}
}

// policy returns what of the traffic policy applies to a port: requests have
// limits only where the mesh sees them.
func (p *promiser) policy(port api.Port) *Policy {
	from := p.TrafficPolicy
	if from == nil {
		return nil
	}
	out := Policy{ConnectTimeout: durationText(from.ConnectTimeout)}
	pool := cmp.Or(from.ConnectionPool, &api.ConnectionPool{})
	if tcp := pool.TCP; tcp != nil {
		out.MaxConnections = uint32(tcp.MaxConnections)
		out.MaxConnectionDuration = durationText(tcp.MaxConnectionDuration)
		if k := tcp.TCPKeepalive; k != nil {
			out.TCPKeepalive = &Keepalive{Probes: uint32(k.Probes), Time: durationText(k.Time), Interval: durationText(k.Interval)}
		}
	}
	if http := pool.HTTP; http != nil {
		out.HTTP1MaxPendingRequests = uint32(http.HTTP1MaxPendingRequests)
		if carriesRequests(port) {
			out.HTTP2MaxRequests = uint32(http.HTTP2MaxRequests)
			out.MaxRequestsPerConnection = uint32(http.MaxRequestsPerConnection)
			out.MaxRetries = uint32(http.MaxRetries)
			out.IdleTimeout = durationText(http.IdleTimeout)
		}
	}
	if o := from.OutlierDetection; o != nil {
		out.Consecutive5xxErrors = cmp.Or(uint32(o.Consecutive5xxErrors), 5)
		out.ConsecutiveGatewayErrors = uint32(o.ConsecutiveGatewayErrors)
		out.Interval = durationText(cmp.Or(o.Interval, api.Duration(10*time.Second)))
		out.BaseEjectionTime = durationText(cmp.Or(o.BaseEjectionTime, api.Duration(30*time.Second)))
		out.MaxEjectionPercent = cmp.Or(uint32(o.MaxEjectionPercent), 10)
	}
	if out == (Policy{}) {
		return nil
	}
	return &out
}

func carriesRequests(port api.Port) bool {
	switch port.Pattern.(type) {
	case *api.HTTP, *api.TLSOrigination:
		return true
	default:
		return false
	}
}
