// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package trace

import (
	"cmp"
	"fmt"
	"net/netip"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	networking "istio.io/api/networking/v1"
	"istio.io/istio/pilot/pkg/config/kube/crd"
	"istio.io/istio/pilot/pkg/features"
	"istio.io/istio/pilot/pkg/networking/serviceentry"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/host"
	"istio.io/istio/pkg/kube"

	"github.com/egressbundle/egressbundle/conformance/cluster"
)

// A world is what the control plane finds in the cluster.
type world struct {
	configs    []config.Config
	objects    []runtime.Object
	namespaces map[string]*corev1.Namespace
	services   map[string]corev1.ServiceSpec // by namespace/name
	allocated  netip.Addr                    // the last address that was
}

// newWorld sorts the manifests and adds what they refer to: the gateways, the namespaces, the addresses of Services.
func newWorld(opts Options) (*world, error) {
	manifests, err := cluster.Read(opts.Manifests)
	if err != nil {
		return nil, err
	}
	w := &world{
		namespaces: map[string]*corev1.Namespace{},
		services:   map[string]corev1.ServiceSpec{},
		allocated:  netip.MustParsePrefix(features.IPAutoallocateIPv4Prefix).Addr(),
	}
	for _, m := range manifests {
		if err := w.add(m); err != nil {
			return nil, fmt.Errorf("%s: %w", m, err)
		}
	}
	for i, g := range opts.Gateways {
		for _, o := range g.Objects(podIP(i), fmt.Sprintf("10.96.0.%d", i+1)) {
			w.addObject(o)
		}
	}
	for _, ns := range w.namespaces {
		w.objects = append(w.objects, ns)
	}
	return w, nil
}

// podIP is the address of the i-th gateway.
func podIP(i int) string { return fmt.Sprintf("10.244.1.%d", i+1) }

func (w *world) add(m cluster.Manifest) error {
	if m.Schema == nil {
		o, _, err := kube.IstioCodec.UniversalDeserializer().Decode([]byte(m.YAML), nil, nil)
		if err != nil {
			return err
		}
		w.addObject(o)
		return nil
	}
	configs, _, err := crd.ParseInputs(m.YAML)
	if err != nil {
		return err
	}
	for _, c := range configs {
		if c.Namespace == "" && !m.Schema.IsClusterScoped() {
			c.Namespace = metav1.NamespaceDefault
		}
		w.addNamespace(c.Namespace)
		w.allocate(&c)
		w.configs = append(w.configs, c)
	}
	return nil
}

// allocate gives addresses to the hosts of a ServiceEntry, as the controller of istiod does: each ServiceEntry has its own.
// https://istio.io/latest/docs/ops/configuration/traffic-management/dns-proxy/#address-auto-allocation
func (w *world) allocate(c *config.Config) {
	entry, ok := c.Spec.(*networking.ServiceEntry)
	if !ok || !serviceentry.ShouldV2AutoAllocateIPFromConfig(*c) {
		return
	}
	status := &networking.ServiceEntryStatus{}
	for _, h := range entry.GetHosts() {
		if host.Name(h).IsWildCarded() {
			continue
		}
		w.allocated = w.allocated.Next()
		status.Addresses = append(status.Addresses, &networking.ServiceEntryAddress{Host: h, Value: w.allocated.String()})
	}
	c.Status = status
}

// addObject adds a built-in object, unless it is a Service that is there already: manifests may bring a gateway's.
func (w *world) addObject(o runtime.Object) {
	switch o := o.(type) {
	case *corev1.Namespace:
		w.namespaces[o.Name] = o
		return
	case *corev1.Service:
		name := o.Namespace + "/" + o.Name
		if _, ok := w.services[name]; ok {
			return
		}
		if o.Spec.ClusterIP == "" && o.Spec.Type != corev1.ServiceTypeExternalName {
			o.Spec.ClusterIP = fmt.Sprintf("10.97.%d.%d", len(w.services)/250, len(w.services)%250+1)
		}
		w.services[name] = o.Spec
	}
	if a, ok := o.(metav1.ObjectMetaAccessor); ok {
		w.addNamespace(a.GetObjectMeta().GetNamespace())
	}
	w.objects = append(w.objects, o)
}

func (w *world) addNamespace(name string) {
	if name != "" && w.namespaces[name] == nil {
		w.namespaces[name] = &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	}
}

// maxAliases bounds the way of a name whose Services lead in circles.
const maxAliases = 8

// resolver resolves names as the Pod of a caller does: by its sidecar, if that answers DNS.
func (m *Mesh) resolver(c Call) func(host string) (string, bool) {
	services := m.resolverOfServices(c.Namespace)
	return func(host string) (string, bool) {
		if m.captured && !c.NoSidecar {
			if known := m.sidecar(c).names[host]; known != nil {
				return known.GetIps()[0], true
			}
		}
		return services(host)
	}
}

// resolverOfServices resolves the names of Services. A Service may be another name for a host.
func (m *Mesh) resolverOfServices(namespace string) func(host string) (string, bool) {
	return func(host string) (string, bool) {
		spec := m.services[serviceName(host, namespace)]
		for range maxAliases {
			if spec.Type != corev1.ServiceTypeExternalName {
				break
			}
			spec = m.aliased(spec.ExternalName)
		}
		return spec.ClusterIP, spec.ClusterIP != "" && spec.ClusterIP != corev1.ClusterIPNone
	}
}

// aliased returns the Service that an ExternalName names. It is a full name: only what the application asks for is
// completed with the namespace and the domain of the cluster.
func (m *Mesh) aliased(host string) corev1.ServiceSpec {
	if !strings.HasSuffix(host, ".svc."+clusterDomain) {
		return corev1.ServiceSpec{}
	}
	return m.services[serviceName(host, "")]
}

// serviceName returns namespace/name of the Service that a host names.
func serviceName(host, namespace string) string {
	name, rest, _ := strings.Cut(strings.TrimSuffix(strings.TrimSuffix(host, "."+clusterDomain), ".svc"), ".")
	return cmp.Or(rest, namespace) + "/" + name
}
