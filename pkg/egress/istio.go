// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	networking "istio.io/api/networking/v1"
)

// httpRoute returns a route with the time limits and the retries of an exit.
func (e exit) httpRoute(to *networking.Destination) *networking.HTTPRoute {
	route := &networking.HTTPRoute{
		Route:   []*networking.HTTPRouteDestination{{Destination: to}},
		Timeout: e.timeout.proto(),
	}
	if e.retries != nil {
		route.Retries = &networking.HTTPRetry{
			Attempts:      int32(e.retries.Attempts),
			PerTryTimeout: e.retries.PerTryTimeout.proto(),
			RetryOn:       strings.Join(e.retries.RetryOn, ","),
		}
	}
	return route
}

// matches returns what requests the exit is for: those on a port of the gateway,
// and where there are descriptions of requests, of these only.
func (e exit) matches(port uint32) []*networking.HTTPMatchRequest {
	if len(e.allow) == 0 {
		return []*networking.HTTPMatchRequest{{Port: port}}
	}
	var matches []*networking.HTTPMatchRequest
	for _, allowed := range e.allow {
		for _, path := range orAny(allowed.Paths) {
			for _, method := range orAny(allowed.Methods) {
				matches = append(matches, &networking.HTTPMatchRequest{Port: port, Uri: pathMatch(path), Method: exactMatch(method)})
			}
		}
	}
	return matches
}

// orAny returns an empty text, which stands for any, where there is none.
func orAny(texts []string) []string {
	if len(texts) == 0 {
		return []string{""}
	}
	return texts
}

func pathMatch(path string) *networking.StringMatch {
	if prefix, ok := strings.CutSuffix(path, "*"); ok {
		return &networking.StringMatch{MatchType: &networking.StringMatch_Prefix{Prefix: prefix}}
	}
	return exactMatch(path)
}

func exactMatch(text string) *networking.StringMatch {
	if text == "" {
		return nil
	}
	return &networking.StringMatch{MatchType: &networking.StringMatch_Exact{Exact: text}}
}

// forbidden is the status of a request that is understood and refused (RFC 9110,
// section 15.5.4).
const forbidden = 403

// refusal answers what no description of requests is for. A policy could not: of
// those that deny, none can say "neither of two", and one that allows shuts the
// gateway for everybody else.
func (l lane) refusal(port uint32) *networking.HTTPRoute {
	body := fmt.Sprintf("EgressBundle %s does not allow this request.\n", l.bundle)
	return &networking.HTTPRoute{
		Match: []*networking.HTTPMatchRequest{{Port: port}},
		DirectResponse: &networking.HTTPDirectResponse{
			Status: forbidden,
			Body:   &networking.HTTPBody{Specifier: &networking.HTTPBody_String_{String_: body}},
		},
	}
}

// targets returns where the traffic of some ports of a host goes, if it does not
// go to the host by its own name.
func (w way) targets(h host, routes ...route) []*networking.WorkloadEntry {
	switch {
	case w.proxy != nil:
		proxy := &networking.WorkloadEntry{Address: w.proxy.Address, Ports: map[string]uint32{}}
		for _, r := range routes {
			proxy.Ports[portName(r.protocol, r.port)] = uint32(w.proxy.Port)
		}
		return []*networking.WorkloadEntry{proxy}
	case len(w.endpoints) > 0:
		var targets []*networking.WorkloadEntry
		for _, e := range w.endpoints {
			targets = append(targets, e.target(routes))
		}
		return targets
	case h.isWildcard() && h.outside != h.name:
		return []*networking.WorkloadEntry{{Address: h.outside}}
	default:
		return nil
	}
}

func (e Endpoint) target(routes []route) *networking.WorkloadEntry {
	target := &networking.WorkloadEntry{Address: e.Address, Locality: e.Locality}
	for _, r := range routes {
		if port, ok := e.Ports[r.port]; ok {
			if target.Ports == nil {
				target.Ports = map[string]uint32{}
			}
			target.Ports[portName(r.protocol, r.port)] = uint32(port)
		}
	}
	return target
}

// resolution says how a proxy finds targets.
func resolution(targets []*networking.WorkloadEntry) networking.ServiceEntry_Resolution {
	if slices.ContainsFunc(targets, func(t *networking.WorkloadEntry) bool { return !isIP(t.Address) }) {
		return networking.ServiceEntry_DNS
	}
	return networking.ServiceEntry_STATIC
}

// proto returns nil, which is no limit, for a duration that is not set.
func (d Duration) proto() *durationpb.Duration {
	if d == 0 {
		return nil
	}
	return durationpb.New(time.Duration(d))
}

func portSelector(number int) *networking.PortSelector {
	return &networking.PortSelector{Number: uint32(number)}
}

// authority is what the host is called with, outside.
func (r route) authority(host string) string {
	if r.exit.tls != nil {
		return authority(host, r.exit.port, 443)
	}
	return authority(host, r.exit.port, 80)
}

// authority leaves out the port that the scheme implies (RFC 9110, section
// 4.2).
func authority(host string, port, implied int) string {
	if port == implied {
		return host
	}
	return fmt.Sprintf("%s:%d", host, port)
}

// settings returns what Istio needs to open the TLS from a namespace. Names are
// always given: without them nothing is verified but who signed.
// https://istio.io/latest/docs/reference/config/networking/destination-rule/#ClientTLSSettings
func (t *upstreamTLS) settings(host, namespace string) *networking.ClientTLSSettings {
	settings := &networking.ClientTLSSettings{
		Mode:            networking.ClientTLSSettings_SIMPLE,
		Sni:             cmp.Or(t.sni, host),
		SubjectAltNames: slices.Clone(t.subjectAltNames),
	}
	if len(t.subjectAltNames) == 0 {
		settings.SubjectAltNames = []string{host}
	}
	if t.clientCertificate != (ClientCertificate{}) {
		settings.Mode = networking.ClientTLSSettings_MUTUAL
	}
	if files := t.clientCertificate.Files; files != nil {
		settings.ClientCertificate, settings.PrivateKey = files.Certificate, files.PrivateKey
	}
	switch ca := t.caCertificates; {
	case t.clientCertificate.Secret != "":
		settings.CredentialName = t.clientCertificate.Secret // and its CA certificates
	case ca.Secret != "":
		settings.CredentialName = ca.Secret
	case ca.ConfigMap != "":
		settings.CredentialName = "configmap://" + namespace + "/" + ca.ConfigMap
	default:
		settings.CaCertificates = cmp.Or(ca.File, "system")
	}
	return settings
}
