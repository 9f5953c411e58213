// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
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

// settings are those of Istio for the TLS that is opened to a host. Names are
// always given: without them nothing is verified but who signed.
func (t *originatedTLS) settings(host string) *networking.ClientTLSSettings {
	settings := &networking.ClientTLSSettings{
		Mode:            networking.ClientTLSSettings_SIMPLE,
		Sni:             host,
		SubjectAltNames: []string{host},
		CaCertificates:  t.caCertificates,
		CredentialName:  t.credentialName,
	}
	if t.sni != "" {
		settings.Sni = t.sni
	}
	if len(t.subjectAltNames) > 0 {
		settings.SubjectAltNames = t.subjectAltNames
	}
	return settings
}
