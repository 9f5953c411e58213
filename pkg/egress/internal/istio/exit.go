// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package istio

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
	networking "istio.io/api/networking/v1"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/address"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

// tlsSubset is the subset of a host to which the mesh opens TLS.
const tlsSubset = "tls"

// exitSubset names the subset through which a port leaves, if it needs one: that
// for TLS, or that for its tunnel.
func exitSubset(d *ir.Destination, r ir.Route) string {
	switch {
	case d.Onward.Proxy != nil:
		return "tunnel-" + strconv.Itoa(r.Port)
	case r.Exit.TLS != nil:
		return tlsSubset
	default:
		return ""
	}
}

// exitTo returns where a port leaves from the host that the mesh knows it by.
func exitTo(host string, d *ir.Destination, r ir.Route) *networking.Destination {
	return &networking.Destination{Host: host, Port: portSelector(r.Port), Subset: exitSubset(d, r)}
}

// tunnelPolicy opens TLS to the proxy from a namespace, if it is to, and asks it for the host.
func tunnelPolicy(h ir.Host, r ir.Route, namespace string) *networking.TrafficPolicy {
	policy := &networking.TrafficPolicy{Tunnel: tunnel(h, r)}
	if r.Exit.TLS != nil {
		policy.Tls = upstreamTLS(r.Exit.TLS, h.Outside, namespace)
	}
	return policy
}

// tunnel asks the proxy for a connection to the host.
// https://istio.io/latest/docs/reference/config/networking/destination-rule/#TrafficPolicy-TunnelSettings
func tunnel(h ir.Host, r ir.Route) *networking.TrafficPolicy_TunnelSettings {
	return &networking.TrafficPolicy_TunnelSettings{
		Protocol:   "CONNECT",
		TargetHost: h.Outside,
		TargetPort: uint32(r.Exit.Port),
	}
}

// servicePort returns the port of a ServiceEntry that leads to a target.
func servicePort(r ir.Route, target int) *networking.ServicePort {
	port := &networking.ServicePort{
		Name:     r.Name(),
		Number:   uint32(r.Port),
		Protocol: string(r.Protocol),
	}
	if target != r.Port {
		port.TargetPort = uint32(target)
	}
	return port
}

// workloads returns targets with their ports for some routes.
func workloads(targets []api.Endpoint, routes ...ir.Route) []*networking.WorkloadEntry {
	var entries []*networking.WorkloadEntry
	for _, t := range targets {
		entry := &networking.WorkloadEntry{Address: t.Address, Locality: t.Locality, Weight: uint32(t.Weight)}
		for _, r := range routes {
			if port, ok := t.Ports[r.Port]; ok {
				if entry.Ports == nil {
					entry.Ports = map[string]uint32{}
				}
				entry.Ports[r.Name()] = uint32(port)
			}
		}
		entries = append(entries, entry)
	}
	return entries
}

// resolution says how a proxy finds targets.
func resolution(targets []*networking.WorkloadEntry) networking.ServiceEntry_Resolution {
	if slices.ContainsFunc(targets, func(t *networking.WorkloadEntry) bool { return !address.IsIP(t.Address) }) {
		return networking.ServiceEntry_DNS
	}
	return networking.ServiceEntry_STATIC
}

// duration returns nil, which is no limit, for a duration that is not set.
func duration(d api.Duration) *durationpb.Duration {
	if d == 0 {
		return nil
	}
	return durationpb.New(time.Duration(d))
}

// upstreamTLS returns what Istio needs to open the TLS to a host from a namespace. Names are
// given wherever anything is verified: without them that is who signed, and nothing else.
// https://istio.io/latest/docs/reference/config/networking/destination-rule/#ClientTLSSettings
func upstreamTLS(t *ir.UpstreamTLS, host, namespace string) *networking.ClientTLSSettings {
	settings := &networking.ClientTLSSettings{Mode: networking.ClientTLSSettings_SIMPLE, Sni: cmp.Or(t.SNI, host)}
	if t.ClientCertificate != (api.ClientCertificate{}) {
		settings.Mode = networking.ClientTLSSettings_MUTUAL
	}
	if files := t.ClientCertificate.Files; files != nil {
		settings.ClientCertificate, settings.PrivateKey = files.Certificate, files.PrivateKey
	}
	settings.CredentialName = credential(t, namespace)
	if t.Unverified != "" {
		settings.InsecureSkipVerify = wrapperspb.Bool(true)
		return settings
	}
	settings.SubjectAltNames = slices.Clone(t.SubjectAltNames)
	if len(t.SubjectAltNames) == 0 {
		settings.SubjectAltNames = []string{host}
	}
	if settings.CredentialName == "" {
		settings.CaCertificates, settings.CaCrl = cmp.Or(t.CACertificates.File, "system"), t.CRL
	}
	return settings
}

// credential names the object from which Istio takes all certificates, if there is one.
func credential(t *ir.UpstreamTLS, namespace string) string {
	if configMap := t.CACertificates.ConfigMap; configMap != "" {
		return "configmap://" + namespace + "/" + configMap
	}
	return cmp.Or(t.ClientCertificate.Secret, t.CACertificates.Secret) // The first has the authorities too.
}
