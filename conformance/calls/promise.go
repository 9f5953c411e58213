// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package calls

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/egressbundle/egressbundle/pkg/egress"
)

// Promised returns what a bundle promises to its clients, on a mesh whose
// defaults are filled in. It reads the bundle and nothing that was rendered from
// it, so that the two can be compared.
func Promised(bundle egress.Bundle, mesh egress.Mesh) []Outcome {
	var outcomes []Outcome
	for _, name := range slices.Sorted(maps.Keys(bundle.Destinations)) {
		d := bundle.Destinations[name]
		way := wayOf(d, mesh)
		for _, client := range clientsOf(bundle, d) {
			for _, host := range d.Hosts {
				for _, port := range portsOf(d) {
					outcomes = append(outcomes, way.promise(client, host, port))
				}
			}
		}
	}
	return outcomes
}

func clientsOf(bundle egress.Bundle, d egress.Destination) []string {
	clients := d.Clients
	if len(clients) == 0 {
		clients = bundle.Clients
	}
	if len(clients) == 0 {
		return []string{bundle.Namespace}
	}
	var namespaces []string
	for _, c := range clients {
		namespaces = append(namespaces, c.Namespace)
	}
	return namespaces
}

func portsOf(d egress.Destination) []egress.Port {
	if len(d.Ports) == 0 {
		return []egress.Port{{Number: 443, Pattern: &egress.TLSPassthrough{}}}
	}
	return d.Ports
}

// A way is how a destination is reached.
type way struct {
	through   string
	mutualTLS bool
}

func wayOf(d egress.Destination, mesh egress.Mesh) way {
	if d.Via == egress.ViaSidecar {
		return way{through: Sidecar}
	}
	name := d.Gateway
	if name == "" {
		name = slices.Collect(maps.Keys(mesh.Gateways))[0]
	}
	g := mesh.Gateways[name]
	return way{g.Namespace + "/" + g.Service, *cmp.Or(d.MutualTLS, mesh.MutualTLS)}
}

func (w way) promise(client, host string, port egress.Port) Outcome {
	o := Outcome{From: client, Through: w.through}
	if w.mutualTLS {
		o.As = client + "/default"
	}
	switch p := port.Pattern.(type) {
	case *egress.TLSPassthrough:
		o.Call = callURL("https", host, port.Number, 443)
		o.Leaves = fmt.Sprintf("%s:%d", host, port.Number)
	case *egress.HTTP:
		o.Call = callURL("http", host, port.Number, 80)
		o.Leaves = fmt.Sprintf("%s:%d", host, port.Number)
		o.Host = authorityOf(host, port.Number, 80)
		o.http(p.Protocol, p.Timeout, p.Retries)
	case *egress.TLSOrigination:
		exit := cmp.Or(p.UpstreamPort, 443)
		o.Call = callURL("http", host, port.Number, 80)
		o.Leaves = fmt.Sprintf("%s:%d", host, exit)
		o.Host = authorityOf(host, exit, 443)
		o.http(p.Protocol, p.Timeout, p.Retries)
		o.TLS = originated(p, host)
	default:
		panic(fmt.Sprintf("calls: no promise for %T", p))
	}
	return o
}

func callURL(scheme, host string, port, implied int) string {
	return scheme + "://" + authorityOf(host, port, implied)
}

func authorityOf(host string, port, implied int) string {
	if port == implied {
		return host
	}
	return fmt.Sprintf("%s:%d", host, port)
}

func (o *Outcome) http(protocol string, timeout egress.Duration, retries *egress.Retries) {
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

func durationText(d egress.Duration) string {
	if d == 0 {
		return ""
	}
	return time.Duration(d).String()
}

func originated(p *egress.TLSOrigination, host string) *TLS {
	tls := &TLS{SNI: cmp.Or(p.SNI, host), Names: p.SubjectAltNames, CA: "system"}
	if len(tls.Names) == 0 {
		tls.Names = []string{host}
	}
	if p.CACertificates != nil {
		tls.CA = cmp.Or(p.CACertificates.File, p.CACertificates.Secret, p.CACertificates.ConfigMap)
	}
	return tls
}
