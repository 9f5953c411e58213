// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package neighbor reads the objects of Istio and Kubernetes in the input that somebody else
// made.
package neighbor

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/source"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// EnvoyFilter is the one kind that is read and that no bundle makes.
const EnvoyFilter = "EnvoyFilter"

// isRead reports whether objects of a kind matter beside bundles, in any version of its API.
func isRead(apiVersion, name string) bool {
	return kind.IsMade(apiVersion, name) || name == EnvoyFilter && kind.GroupOf(apiVersion) == "networking.istio.io"
}

// An Object is one that somebody else made, of a kind that bundles make as well, or an
// EnvoyFilter.
type Object struct {
	Ref      diag.ObjectRef
	Position diag.Position
	Spec     Spec
}

// From reads a document. It is not ok if the document is no object of somebody else, or does
// not have the shape of its kind, which is for others to report.
func From(root *yaml.Node, at diag.Position) (n Object, ok bool) {
	var found struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string `yaml:"kind"`
		Metadata   struct {
			Name        string            `yaml:"name"`
			Namespace   string            `yaml:"namespace"`
			Labels      map[string]string `yaml:"labels"`
			Annotations map[string]string `yaml:"annotations"`
		} `yaml:"metadata"`
		Spec yaml.Node `yaml:"spec"`
	}
	if root.Kind != yaml.MappingNode || root.Decode(&found) != nil || !isRead(found.APIVersion, found.Kind) {
		return n, false
	}
	head := object.Object{
		APIVersion:  found.APIVersion,
		Kind:        found.Kind,
		Name:        found.Metadata.Name,
		Labels:      found.Metadata.Labels,
		Annotations: found.Metadata.Annotations,
	}
	if head.IsOwn() {
		return n, false
	}
	n.Ref = diag.ObjectRef{Kind: found.Kind, Namespace: found.Metadata.Namespace, Name: found.Metadata.Name}
	n.Position = at
	isOfIstio := strings.HasSuffix(kind.GroupOf(found.APIVersion), ".istio.io")
	return n, !isOfIstio || found.Spec.Decode(&n.Spec) == nil
}

// String names the object in messages, and where it stands.
func (n Object) String() string { return n.Ref.String() + source.InParentheses(n.Position) }

// A Reach is who sees an object, seen from one namespace. Of two VirtualServices for one host,
// sidecars follow the one that is nearer, and of two that are alike the older.
type Reach int

// From far to near.
const (
	Unseen  Reach = iota
	Public        // shown to every namespace
	Named         // stands elsewhere, and names the namespace
	Private       // stands in the namespace, and is not shown to every other
)

// ReachIn returns how near an object is to the proxies of a namespace. One for all namespaces is
// no nearer where it stands.
func (n Object) ReachIn(namespace string) Reach {
	to, own := n.Spec.ExportTo, n.Ref.Namespace == namespace
	switch {
	case len(to) == 0, slices.Contains(to, "*"):
		return Public
	case slices.Contains(to, "~"):
		return Unseen
	case own && (slices.Contains(to, ".") || slices.Contains(to, namespace)):
		return Private
	case !own && slices.Contains(to, namespace):
		return Named
	default:
		return Unseen
	}
}

// IsForMesh reports whether a VirtualService is for sidecars.
func (n Object) IsForMesh() bool { return isForMesh(n.Spec.Gateways) }

func isForMesh(gateways []string) bool {
	return len(gateways) == 0 || slices.Contains(gateways, "mesh")
}

// IsFor reports whether a route is for calls of the sidecars of a namespace to a port.
func (m Match) IsFor(namespace string, port int) bool {
	return isForMesh(m.Gateways) && (m.Port == 0 || m.Port == port) && (m.SourceNamespace == "" || m.SourceNamespace == namespace)
}

// OpensTLS reports whether a DestinationRule turns TLS on for a port.
func (n Object) OpensTLS(port int) bool {
	policy := n.Spec.TrafficPolicy
	for _, settings := range policy.PortLevelSettings {
		if settings.Port.Number == port {
			return settings.TLS.opens()
		}
	}
	return policy.TLS.opens()
}

// OpensTunnel reports whether a DestinationRule leads connections, which requests are not, through
// a proxy.
func (n Object) OpensTunnel() bool { return n.Spec.TrafficPolicy.Tunnel != nil }

func (t TLS) opens() bool { return t.Mode != "" && t.Mode != "DISABLE" }

// Selects reports whether a Sidecar, a ServiceEntry or a DestinationRule is for some Pods only.
func (n Object) Selects() bool { return n.Spec.WorkloadSelector != nil }

// PodLabels returns the labels that an EnvoyFilter wants of workloads.
func (n Object) PodLabels() map[string]string {
	if !n.Selects() {
		return nil
	}
	return n.Spec.WorkloadSelector.Labels
}

// FullName returns a host that the object names, which may be the short name of a Service of
// its namespace.
func (n Object) FullName(host, clusterDomain string) string {
	if host == "" || strings.ContainsAny(host, ".*") {
		return host
	}
	return host + "." + n.Ref.Namespace + ".svc." + clusterDomain
}
