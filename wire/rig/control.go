// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package rig

import (
	"context"
	"os"
	"reflect"

	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/wire/parts"
	"github.com/egressbundle/egressbundle/wire/world"
)

const (
	resolvConf = "/etc/resolv.conf"
	dnsPort    = 53
)

// A dnsServer answers queries, and is a Pod that was made for what a setting says of it.
type dnsServer struct {
	*world.Host

	of api.DNS
}

// startDNS starts the DNS server of the cluster. It is no Pod yet.
func (m *Mesh) startDNS() error {
	host, err := m.Network.NewHost()
	if err != nil {
		return err
	}
	m.dns.Host = host
	queries, err := host.ListenPackets()
	if err != nil {
		return err
	}
	go m.Names.Serve(queries)
	return os.WriteFile(resolvConf, []byte("nameserver "+host.Address.String()+"\n"), 0o644)
}

// setDNS makes the DNS server the Pod that NetworkPolicies have to open the way to. They see
// the port of the Pod, not the one that is asked.
func (m *Mesh) setDNS(ctx context.Context, of api.DNS) error {
	if of.Namespace == "" {
		of = egress.WithDefaults(api.Mesh{}).DNS
	}
	if reflect.DeepEqual(m.dns.of, of) {
		return nil
	}
	if old := m.dns.of.Namespace; old != "" {
		if err := m.deletePod(ctx, old, "dns"); err != nil {
			return err
		}
	}
	m.dns.of = of
	s := spec{namespace: of.Namespace, name: "dns", account: "dns", labels: of.Selector}
	if err := m.addObjects(ctx, s, s.pod(m.dns.Address.String())); err != nil {
		return err
	}
	return m.Network.Translate(m.dns.Address, dnsPort, uint16(of.Port))
}

// startIstiod starts istiod in a Pod.
func (m *Mesh) startIstiod(ctx context.Context, folder string) error {
	s := spec{namespace: rootNamespace, name: "istiod", account: "istiod", labels: map[string]string{"app": "istiod"}}
	w, err := m.addWorkload(ctx, s, s.pod)
	if err != nil {
		return err
	}
	m.Names.Assign(parts.DiscoveryHost, w.Address)
	return parts.StartIstiod(ctx, m.programs, m.API, w.Host, folder, m.config())
}
