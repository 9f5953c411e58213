// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"cmp"
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/report"
)

// addTargets says where a port leaves to, and what is demanded there.
func addTargets(entry *report.Access, d *ir.Destination, r ir.Route) {
	entry.LeavesTo = targetsOf(d, r)
	if proxy := d.Onward.Proxy; proxy != nil {
		entry.ForwardProxy = &report.ForwardProxy{Address: proxy.Address, Port: proxy.Port}
	}
	if d.Onward.Policy != nil {
		entry.Failover = slices.Clone(d.Onward.Policy.Failover)
	}
	if r.Exit.TLS != nil {
		entry.TLS = tlsOf(d.Way, *r.Exit.TLS)
	}
}

// targetsOf returns where a port leaves to, or what a forward proxy is asked for.
func targetsOf(d *ir.Destination, r ir.Route) []report.Target {
	var targets []report.Target
	if len(d.Onward.Endpoints) > 0 {
		for _, e := range d.Onward.Endpoints {
			targets = append(targets, report.Target{
				Address: e.Address, Port: cmp.Or(e.Ports[r.Port], r.Exit.Port), Weight: e.Weight, Locality: e.Locality,
			})
		}
		return targets
	}
	if d.Told == ir.ByService {
		for _, address := range d.Onward.Service.Addresses {
			targets = append(targets, report.Target{Address: address, Port: r.Exit.Port})
		}
		return targets
	}
	_, fromSidecar := d.Way.(ir.FromSidecar)
	if fromSidecar && d.Told == ir.ByAddress && d.Onward.Proxy == nil {
		for _, a := range d.Addresses {
			targets = append(targets, report.Target{Address: a.Text, AsCalled: true, Port: r.Exit.Port})
		}
		return targets
	}
	return targetsOfHosts(d, r)
}

// targetsOfHosts returns where hosts lead that are known by their names. Those of a target are
// named if there are others.
func targetsOfHosts(d *ir.Destination, r ir.Route) []report.Target {
	var targets []report.Target
	for _, h := range d.Hosts {
		target := targetOf(d, h, r)
		i := slices.IndexFunc(targets, func(t report.Target) bool { return t.Address == target.Address && t.AsCalled == target.AsCalled })
		if i < 0 {
			i, targets = len(targets), append(targets, target)
		}
		targets[i].Hosts = append(targets[i].Hosts, h.Name)
	}
	if len(targets) == 1 {
		targets[0].Hosts = nil
	}
	return targets
}

func targetOf(d *ir.Destination, h ir.Host, r ir.Route) report.Target {
	target := report.Target{Port: r.Exit.Port}
	_, fromSidecar := d.Way.(ir.FromSidecar)
	switch {
	case !h.IsWildcard():
	case h.Outside != h.Name:
		target.Address = h.Outside
	case fromSidecar && !d.Onward.DynamicDNS:
		target.AsCalled = true
	}
	return target
}

// tlsOf returns the TLS that the exit opens. With a Secret for its own certificate, Istio takes
// the certificate authorities from there.
func tlsOf(way ir.Way, from ir.UpstreamTLS) *report.TLS {
	tls := &report.TLS{SNI: from.SNI, SubjectAltNames: slices.Clone(from.SubjectAltNames)}
	ca, own := from.CACertificates, from.ClientCertificate.Secret
	switch {
	case from.Unverified != "":
		tls.InsecureSkipVerify = &api.InsecureSkipVerify{Reason: from.Unverified}
	case ca != (api.CACertificates{}):
		tls.CACertificates = &ca
	case own != "":
		tls.CACertificates = &api.CACertificates{Secret: own}
	}
	if from.CRL != "" {
		tls.CACRL = &api.CACRL{File: from.CRL}
	}
	if certificate := from.ClientCertificate; certificate != (api.ClientCertificate{}) {
		if certificate.Files != nil {
			certificate.Files = new(*certificate.Files)
		}
		tls.ClientCertificate = &certificate
	}
	gateway, ok := way.(ir.ThroughGateway)
	if ok && from.CACertificates.Secret+from.CACertificates.ConfigMap+from.ClientCertificate.Secret != "" {
		tls.Namespace = gateway.Gateway.Namespace
	}
	return tls
}
