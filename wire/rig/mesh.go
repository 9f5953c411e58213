// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package rig runs a mesh of real parts in a world of its own, makes calls from its
// workloads, and says what became of them in the words of package calls.
package rig

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"sigs.k8s.io/yaml"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/conformance/cluster"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/wire/outside"
	"github.com/egressbundle/egressbundle/wire/parts"
	"github.com/egressbundle/egressbundle/wire/world"
)

const (
	rootNamespace = "istio-system"
	domain        = "cluster.local"
	systemCAs     = "/etc/ssl/certs/ca-certificates.crt"
)

// A Mesh is an API server, Istio's control plane, and workloads with their proxies.
type Mesh struct {
	API     *parts.APIServer
	Outside *outside.Server
	// Internet is the host that Outside runs on.
	Internet *world.Host
	Network  *world.Network
	Names    *outside.Names

	programs    parts.Programs
	authorities map[string]*outside.Authority // by the name that a promise has for it
	root        string                        // the certificate of Istio's authority
	policy      string                        // OutboundTrafficPolicy
	upgrade     string                        // h2UpgradePolicy
	quiet       bool                          // QuietProxies
	captures    bool                          // DNSCapture
	manifests   []cluster.Manifest            // that are applied
	clients     *lru.Cache[string, *Workload] // by NAMESPACE/NAME
	gateways    map[string]gateway            // by NAMESPACE/SERVICE
	drops       *dropLog
	dns         dnsServer
	lastCall    int

	mu       sync.Mutex
	services map[string]service // by host
}

// A service is what DNS knows of a Service.
type service struct {
	addresses []netip.Addr
	alias     string
}

// Start starts a mesh without workloads. It must be in a world of its own.
func Start(ctx context.Context, programs parts.Programs) (*Mesh, error) {
	clients, err := lru.New[string, *Workload](mostClients)
	if err != nil {
		return nil, err
	}
	m := &Mesh{
		programs:    programs,
		authorities: map[string]*outside.Authority{},
		policy:      "REGISTRY_ONLY",
		upgrade:     "DO_NOT_UPGRADE",
		clients:     clients,
		gateways:    map[string]gateway{},
		services:    map[string]service{},
	}
	if err := m.share(); err != nil {
		return nil, err
	}
	m.Names = outside.NewNames(domain, m.lookUp)
	if err := m.startOutside(); err != nil {
		return nil, err
	}
	if err := m.startDNS(); err != nil {
		return nil, err
	}
	folder, err := newFolder("control")
	if err != nil {
		return nil, err
	}
	m.API, err = parts.StartAPIServer(ctx, programs, folder)
	if err != nil {
		return nil, err
	}
	enforcement, err := parts.StartNetworkPolicies(ctx, programs, m.API, m.Network, folder)
	if err != nil {
		return nil, err
	}
	m.drops = &dropLog{logFile{path: enforcement.Log}}
	if err := m.startIstiod(ctx, folder); err != nil {
		return nil, err
	}
	return m, m.awaitRoot(ctx)
}

// share lets the user of proxies run and read what the agent needs.
func (m *Mesh) share() (err error) {
	for _, path := range []*string{&m.programs.Agent, &m.programs.Envoy, &m.programs.Bootstrap} {
		if *path, err = world.Share(*path); err != nil {
			return err
		}
	}
	return nil
}

func newFolder(name string) (string, error) {
	folder := filepath.Join(world.Folder, name)
	return folder, os.MkdirAll(folder, 0o755)
}

// config is the mesh configuration. Fields that it does not have are Istio's.
func (m *Mesh) config() map[string]any {
	return map[string]any{
		"accessLogFile":         "/dev/stdout",
		"accessLogEncoding":     "JSON",
		"accessLogFormat":       accessLogFormat,
		"outboundTrafficPolicy": map[string]any{"mode": m.policy},
		"defaultProviders":      map[string]any{"metrics": []any{}},
		"h2UpgradePolicy":       m.upgrade,
	}
}

// startOutside starts the server outside, and makes the system trust it.
func (m *Mesh) startOutside() error {
	network, err := world.NewNetwork()
	if err != nil {
		return err
	}
	m.Network = network
	authority, err := m.Authority("system")
	if err != nil {
		return err
	}
	if err := os.WriteFile(systemCAs, authority.PEM(), 0o644); err != nil {
		return err
	}
	m.Outside = outside.NewServer(authority)
	m.Internet, err = network.NewOutside()
	if err != nil {
		return err
	}
	listener, err := m.Internet.ListenEverywhere()
	if err != nil {
		return err
	}
	go m.Outside.Serve(listener)
	return nil
}

// Authority returns the authority that a promise has a name for.
func (m *Mesh) Authority(name string) (*outside.Authority, error) {
	if a, ok := m.authorities[name]; ok {
		return a, nil
	}
	a, err := outside.NewAuthority(name)
	m.authorities[name] = a
	return a, err
}

// awaitRoot reads the certificate that proxies know istiod by.
func (m *Mesh) awaitRoot(ctx context.Context) (err error) {
	return retry(ctx, func() error {
		m.root, err = m.API.Kubectl(ctx, "", "get", "configmap", "istio-ca-root-cert", "-n", rootNamespace,
			"-o", `jsonpath={.data.root-cert\.pem}`)
		if err == nil && m.root == "" {
			err = errors.New("istiod has not published its certificate yet")
		}
		return err
	})
}

// retry calls f until it returns no error.
func retry(ctx context.Context, f func() error) error {
	for {
		err := f()
		if err == nil {
			return nil
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return err
		}
	}
}

// lookUp answers for the names of the cluster.
func (m *Mesh) lookUp(host string) ([]netip.Addr, string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.services[host]
	return s.addresses, s.alias
}

// A Setting is what a mesh is to be.
type Setting struct {
	// Manifests are applied, and what was applied before is deleted.
	Manifests string
	// Gateways are the workloads of gateways. Their Services are added where the
	// manifests do not have them.
	Gateways []cluster.Gateway
	// OutboundTrafficPolicy is REGISTRY_ONLY unless it is said.
	OutboundTrafficPolicy string
	// UpgradesHTTP is set if the mesh configuration makes HTTP/2 of HTTP/1.1.
	UpgradesHTTP bool
	// DNSCapture is set if sidecars answer the DNS of their workloads.
	DNSCapture bool
	// DNS is where the DNS servers of the cluster are. The default is that of an EgressMesh.
	DNS api.DNS
	// QuietProxies is set if the mesh configuration keeps proxies from making request ids.
	QuietProxies bool
	// Calls are those that will be made. What they need is there before.
	Calls []calls.Outcome
}

// Set makes the mesh what it is to be.
func (m *Mesh) Set(ctx context.Context, s Setting) error {
	if err := m.clear(ctx); err != nil {
		return err
	}
	if err := m.setConfig(ctx, s); err != nil {
		return err
	}
	manifests, err := cluster.Read(s.Manifests)
	if err != nil {
		return err
	}
	if err := m.setDNS(ctx, s.DNS); err != nil {
		return err
	}
	if err := m.prepare(ctx, s.Calls); err != nil {
		return err
	}
	if err := m.addNamespaces(ctx, manifests); err != nil {
		return err
	}
	if len(manifests) > 0 {
		if err := m.API.Apply(ctx, s.Manifests); err != nil {
			return err
		}
	}
	m.quiet, m.captures = s.QuietProxies, s.DNSCapture
	m.manifests = manifests
	for _, g := range s.Gateways {
		if err := m.addGateway(ctx, g, manifests); err != nil {
			return err
		}
	}
	return m.readServices(ctx)
}

// clear deletes what was applied.
func (m *Mesh) clear(ctx context.Context) error {
	var rest []string
	for _, manifest := range m.manifests {
		if manifest.Object.GetKind() != "Namespace" {
			rest = append(rest, manifest.YAML)
		}
	}
	if len(rest) == 0 {
		return nil
	}
	m.manifests = nil
	_, err := m.API.Kubectl(ctx, cluster.Join(rest...), "delete", "--ignore-not-found", "--wait=false", "-f", "-")
	return err
}

// Stop ends the workloads of namespaces.
func (m *Mesh) Stop(ctx context.Context, namespaces ...string) error {
	for _, key := range m.clients.Keys() {
		w, _ := m.clients.Peek(key)
		if slices.Contains(namespaces, w.Namespace) {
			if err := m.closeWorkload(ctx, w); err != nil {
				return err
			}
			m.clients.Remove(key)
		}
	}
	for key, g := range m.gateways {
		if slices.Contains(namespaces, g.Namespace) {
			if err := m.closeWorkload(ctx, g.Workload); err != nil {
				return err
			}
			delete(m.gateways, key)
		}
	}
	return nil
}

// setConfig sets what the mesh configuration says.
func (m *Mesh) setConfig(ctx context.Context, s Setting) error {
	policy, upgrade := cmp.Or(s.OutboundTrafficPolicy, "REGISTRY_ONLY"), "DO_NOT_UPGRADE"
	if s.UpgradesHTTP {
		upgrade = "UPGRADE"
	}
	if policy == m.policy && upgrade == m.upgrade {
		return nil
	}
	m.policy, m.upgrade = policy, upgrade
	config, err := yaml.Marshal(m.config())
	if err != nil {
		return err
	}
	text, err := yaml.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"name": "istio", "namespace": rootNamespace},
		"data":     map[string]any{"mesh": string(config)},
	})
	if err != nil {
		return err
	}
	return m.API.Apply(ctx, string(text))
}

// addNamespaces makes the namespaces that objects are in.
func (m *Mesh) addNamespaces(ctx context.Context, manifests []cluster.Manifest) error {
	var names []string
	for _, manifest := range manifests {
		names = append(names, manifest.Object.GetNamespace())
	}
	return m.addNamespace(ctx, names...)
}

func (m *Mesh) addNamespace(ctx context.Context, names ...string) error {
	var text strings.Builder
	for _, name := range names {
		if name != "" {
			fmt.Fprintf(&text, "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: %s}\n", name)
		}
	}
	if text.Len() == 0 {
		return nil
	}
	return m.API.Apply(ctx, text.String())
}
