// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package rig

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"reflect"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/egressbundle/egressbundle/conformance/cluster"
)

// localityLabel says where a Pod runs, for Istio (with dots, for a label has no slash).
const localityLabel = "istio-locality"

// A gateway is a workload that was made for what a setting says of it.
type gateway struct {
	*Workload

	of cluster.Gateway
}

// addGateway starts the workload of a gateway, unless there is one that is the same.
func (m *Mesh) addGateway(ctx context.Context, g cluster.Gateway, manifests []cluster.Manifest) error {
	if old, ok := m.gateways[g.String()]; ok {
		if reflect.DeepEqual(old.of, g) {
			return nil
		}
		if err := m.closeWorkload(ctx, old.Workload); err != nil {
			return err
		}
		delete(m.gateways, g.String())
	}
	labels := maps.Clone(g.Labels)
	if g.Locality != "" {
		labels[localityLabel] = locality(g.Locality)
	}
	config, err := proxyConfig(manifests, g)
	if err != nil {
		return err
	}
	s := spec{kind: "router", config: config, name: g.Service + "-0", namespace: g.Namespace, account: g.ServiceAccount, labels: labels}
	w, err := m.addWorkload(ctx, s, func(ip string) []runtime.Object {
		var objects []runtime.Object
		labeled := g
		labeled.Labels = labels
		for _, o := range labeled.Objects(ip, "") {
			service, isService := o.(*corev1.Service)
			if isService && hasService(manifests, g) {
				continue
			}
			if isService {
				service.Spec.Selector = g.Labels
			}
			objects = append(objects, o)
		}
		return append(objects, secretReader(g)...)
	})
	if err != nil {
		return fmt.Errorf("gateway %s: %w", g, err)
	}
	m.gateways[g.String()] = gateway{Workload: w, of: g}
	return nil
}

// quietProxy is the configuration that Disabled of proxyHeaders stands for.
var quietProxy = map[string]any{"proxyHeaders": map[string]any{
	"envoyDebugHeaders": map[string]any{"disabled": true},
	"requestId":         map[string]any{"disabled": true},
}}

// proxyConfig returns how the proxy of a gateway is configured: as its Deployment says, or
// where somebody else deploys it, as the mesh says.
func proxyConfig(manifests []cluster.Manifest, g cluster.Gateway) (config map[string]any, err error) {
	if g.QuietProxy {
		config = quietProxy
	}
	for _, m := range manifests {
		if m.String() == "Deployment "+g.String() {
			annotations, _, _ := unstructured.NestedStringMap(m.Object.Object, "spec", "template", "metadata", "annotations")
			config = nil
			err = json.Unmarshal([]byte(annotations["proxy.istio.io/config"]), &config)
		}
	}
	return config, err
}

func hasService(manifests []cluster.Manifest, g cluster.Gateway) bool {
	for _, m := range manifests {
		if m.String() == "Service "+g.String() {
			return true
		}
	}
	return false
}

// secretReader lets a gateway read the Secrets of its namespace, as Istio's chart does.
func secretReader(g cluster.Gateway) []runtime.Object {
	meta := metav1.ObjectMeta{Namespace: g.Namespace, Name: g.ServiceAccount + "-secrets"}
	return []runtime.Object{
		&rbacv1.Role{
			TypeMeta:   metav1.TypeMeta{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "Role"},
			ObjectMeta: meta,
			Rules:      []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"get", "watch", "list"}}},
		},
		&rbacv1.RoleBinding{
			TypeMeta:   metav1.TypeMeta{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "RoleBinding"},
			ObjectMeta: meta,
			RoleRef:    rbacv1.RoleRef{APIGroup: "rbac.authorization.k8s.io", Kind: "Role", Name: meta.Name},
			Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Name: g.ServiceAccount, Namespace: g.Namespace}},
		},
	}
}

// gatewayAt returns the gateway at an address.
func (m *Mesh) gatewayAt(address netip.Addr) (gateway, bool) {
	for _, g := range m.gateways {
		if g.Address == address {
			return g, true
		}
	}
	return gateway{}, false
}

// readServices reads what DNS knows of Services.
func (m *Mesh) readServices(ctx context.Context) error {
	var services corev1.ServiceList
	if err := m.list(ctx, "services", &services); err != nil {
		return err
	}
	var slices discoveryv1.EndpointSliceList
	if err := m.list(ctx, "endpointslices", &slices); err != nil {
		return err
	}
	known := map[string]service{}
	for _, s := range services.Items {
		known[s.Name+"."+s.Namespace+".svc."+domain] = service{
			addresses: addressesOf(s, slices.Items),
			alias:     s.Spec.ExternalName,
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.services = known
	return nil
}

func (m *Mesh) list(ctx context.Context, kind string, into any) error {
	text, err := m.API.Kubectl(ctx, "", "get", kind, "--all-namespaces", "-o", "json")
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(text), into)
}

// addressesOf returns the addresses that the name of a Service resolves to: its own,
// or those of its endpoints.
func addressesOf(s corev1.Service, slices []discoveryv1.EndpointSlice) []netip.Addr {
	texts := []string{s.Spec.ClusterIP}
	if s.Spec.ClusterIP == corev1.ClusterIPNone {
		texts = nil
		for _, slice := range slices {
			if slice.Namespace != s.Namespace || slice.Labels[discoveryv1.LabelServiceName] != s.Name {
				continue
			}
			for _, e := range slice.Endpoints {
				texts = append(texts, e.Addresses...)
			}
		}
	}
	var addresses []netip.Addr
	for _, text := range texts {
		if address, err := netip.ParseAddr(text); err == nil && address.Is4() {
			addresses = append(addresses, address)
		}
	}
	return addresses
}
