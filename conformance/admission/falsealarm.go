// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"fmt"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	"istio.io/istio/pkg/config/analysis/diag"
	"istio.io/istio/pkg/config/resource"

	"github.com/egressbundle/egressbundle/conformance/cluster"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// A falseAlarm is a message of istioctl analyze that is wrong under a condition which it does not look at.
type falseAlarm struct {
	code      string
	reason    string
	condition func(diag.Message, []cluster.Manifest) bool
}

// falseAlarms are all messages that are not reported as problems.
var falseAlarms = []falseAlarm{
	{
		code: "IST0109",
		reason: "several mesh VirtualServices for one host: the analyzer compares hosts alone, " +
			"the control plane builds routes port by port, so they do not meet when each route matches a port of its own",
		condition: portsAreDisjoint,
	},
	{
		code: "IST0109",
		reason: "several mesh VirtualServices of egressbundle for one host: bundles that lead a client's host to different " +
			"ends are refused when they are rendered, so it does not matter which one the control plane follows",
		condition: areOurs("VirtualService"),
	},
	{
		code:      "IST0128",
		reason:    "no caCertificates: with credentialName the secret holds them, and with insecureSkipVerify there are none",
		condition: needsNoAuthority,
	},
	{
		code:      "IST0129",
		reason:    "no caCertificates on a port: with credentialName the secret holds them, and with insecureSkipVerify there are none",
		condition: needsNoAuthority,
	},
	{
		code: "IST0145",
		reason: "two Gateways of egressbundle with one host on one port: without mutual TLS a server of egressbundle has one " +
			"host, and all bundles lead a host to the same port, so the server that is dropped has a twin. Names of lanes, which " +
			"end in .egress, must never meet",
		condition: func(m diag.Message, objects []cluster.Manifest) bool {
			return areOurs("Gateway")(m, objects) && !strings.Contains(text(m), ".egress")
		},
	},
	{
		code:   "IST0177",
		reason: "conflicting protocols HTTPS and TLS: for a client's sidecar they are the same",
		condition: func(m diag.Message, _ []cluster.Manifest) bool {
			return strings.Contains(text(m), "(HTTPS, TLS)")
		},
	},
}

func isFalseAlarm(m diag.Message, objects []cluster.Manifest) bool {
	return slices.ContainsFunc(falseAlarms, func(f falseAlarm) bool {
		return f.code == m.Type.Code() && f.condition(m, objects)
	})
}

// needsNoAuthority reports whether all TLS settings of the DestinationRule that lack caCertificates name a secret, or
// verify nothing.
func needsNoAuthority(m diag.Message, _ []cluster.Manifest) bool {
	rule, ok := m.Resource.Message.(*networking.DestinationRule)
	if !ok {
		return false
	}
	settings := []*networking.ClientTLSSettings{rule.GetTrafficPolicy().GetTls()}
	for _, p := range rule.GetTrafficPolicy().GetPortLevelSettings() {
		settings = append(settings, p.GetTls())
	}
	return !slices.ContainsFunc(settings, func(s *networking.ClientTLSSettings) bool {
		return s != nil && s.GetCaCertificates() == "" && s.GetCredentialName() == "" && !s.GetInsecureSkipVerify().GetValue()
	})
}

// portsAreDisjoint reports whether no two of the VirtualServices that the message names have routes for one port.
func portsAreDisjoint(m diag.Message, objects []cluster.Manifest) bool {
	names := strings.Split(fmt.Sprint(m.Parameters[0]), ",")
	taken := map[string]bool{}
	for _, o := range objects {
		name := resource.NewFullName(resource.Namespace(o.Object.GetNamespace()), resource.LocalName(o.Object.GetName()))
		if o.Object.GetKind() != "VirtualService" || !slices.Contains(names, name.String()) {
			continue
		}
		ports, ok := routedPorts(o)
		if !ok {
			return false
		}
		for _, p := range ports {
			if taken[p] {
				return false
			}
		}
		for _, p := range ports {
			taken[p] = true
		}
	}
	return true
}

// areOurs reports whether egressbundle made all objects of a kind that the message names.
func areOurs(kind string) func(diag.Message, []cluster.Manifest) bool {
	return func(m diag.Message, objects []cluster.Manifest) bool {
		names := strings.Split(fmt.Sprint(m.Parameters[0]), ",")
		ours := 0
		for _, o := range objects {
			name := resource.NewFullName(resource.Namespace(o.Object.GetNamespace()), resource.LocalName(o.Object.GetName()))
			isNamed := o.Object.GetKind() == kind && slices.Contains(names, name.String())
			if isNamed && o.Object.GetLabels()[object.LabelManagedBy] == object.ManagedBy {
				ours++
			}
		}
		return ours == len(names)
	}
}

// routedPorts returns the ports that the routes of a VirtualService match, with the kind of route, and false if a route
// matches any port.
func routedPorts(m cluster.Manifest) (ports []string, ok bool) {
	spec, err := message(m)
	if err != nil {
		return nil, false
	}
	service, ok := spec.(*networking.VirtualService)
	if !ok {
		return nil, false
	}
	add := func(kind string, port uint32) {
		ports = append(ports, fmt.Sprint(kind, port))
		ok = ok && port != 0
	}
	for _, r := range service.GetHttp() {
		ok = ok && len(r.GetMatch()) > 0
		for _, match := range r.GetMatch() {
			add("http", match.GetPort())
		}
	}
	for _, r := range service.GetTls() {
		for _, match := range r.GetMatch() {
			add("tls", match.GetPort())
		}
	}
	for _, r := range service.GetTcp() {
		ok = ok && len(r.GetMatch()) > 0
		for _, match := range r.GetMatch() {
			add("tcp", match.GetPort())
		}
	}
	return ports, ok
}
