// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"cmp"
	"slices"
)

// An Object is one Kubernetes object.
type Object struct {
	APIVersion  string
	Kind        string
	Namespace   string
	Name        string
	Labels      map[string]string
	Annotations map[string]string
	// Spec is a pointer to a type of istio.io/api or of k8s.io/api, such as
	// *networking.ServiceEntry or *corev1.ServiceSpec. Where a kind has no field
	// spec, it is the object without metadata, such as *discoveryv1.EndpointSlice.
	Spec any
}

const (
	// LabelManagedBy is the label of every object, with the value ManagedBy.
	// Objects of Istio have no other: it merges ServiceEntries that share a
	// host only if their labels are equal.
	LabelManagedBy = "app.kubernetes.io/managed-by"
	// ManagedBy is the value of LabelManagedBy.
	ManagedBy = "egressbundle"

	// AnnotationBundle names the bundle of an object, as NAMESPACE/NAME. It is
	// missing where an object is the same for all bundles.
	AnnotationBundle = apiGroup + "/bundle"
	// AnnotationGateway names the gateway of the mesh that an object serves for
	// all bundles.
	AnnotationGateway = apiGroup + "/gateway"
	// AnnotationDestination names the destination of an object. It is missing
	// where an object serves several.
	AnnotationDestination = apiGroup + "/destination"

	annotationDescription = apiGroup + "/description"
	annotationOwner       = apiGroup + "/owner"
)

// The kinds that are made.
const (
	kindServiceAccount      = "ServiceAccount"
	kindRole                = "Role"
	kindRoleBinding         = "RoleBinding"
	kindService             = "Service"
	kindEndpointSlice       = "EndpointSlice"
	kindServiceEntry        = "ServiceEntry"
	kindDestinationRule     = "DestinationRule"
	kindAuthorizationPolicy = "AuthorizationPolicy"
	kindGateway             = "Gateway"
	kindVirtualService      = "VirtualService"
	kindDeployment          = "Deployment"
	kindPodDisruptionBudget = "PodDisruptionBudget"
	kindAutoscaler          = "HorizontalPodAutoscaler"
	kindTelemetry           = "Telemetry"
	kindNetworkPolicy       = "NetworkPolicy"
	kindSidecar             = "Sidecar"
)

// kinds are the kinds that are made, in the order in which they are applied: a
// route comes after everything that it names, and what closes ways after what
// opens them.
var kinds = []struct{ kind, apiVersion string }{
	{kindServiceAccount, "v1"},
	{kindRole, "rbac.authorization.k8s.io/v1"},
	{kindRoleBinding, "rbac.authorization.k8s.io/v1"},
	{kindDeployment, "apps/v1"},
	{kindPodDisruptionBudget, "policy/v1"},
	{kindAutoscaler, "autoscaling/v2"},
	{kindService, "v1"},
	{kindEndpointSlice, "discovery.k8s.io/v1"},
	{kindServiceEntry, networkingVersion},
	{kindDestinationRule, networkingVersion},
	{kindAuthorizationPolicy, "security.istio.io/v1"},
	{kindGateway, networkingVersion},
	{kindVirtualService, networkingVersion},
	{kindTelemetry, "telemetry.istio.io/v1"},
	{kindNetworkPolicy, "networking.k8s.io/v1"},
	{kindSidecar, networkingVersion},
}

const networkingVersion = "networking.istio.io/v1"

// order returns the place of a kind in the order in which kinds are applied.
func order(kind string) int {
	for i, k := range kinds {
		if k.kind == kind {
			return i
		}
	}
	return len(kinds)
}

// isKind reports whether bundles make objects of a kind, in any version of its API.
func isKind(apiVersion, kind string) bool {
	i := order(kind)
	return i < len(kinds) && groupOf(kinds[i].apiVersion) == groupOf(apiVersion)
}

// IsManaged reports whether an object is one that this package makes: it has the label
// LabelManagedBy, and its kind is one that bundles make, in any version of its API. What
// has the label alone belongs to whoever wrote it.
func IsManaged(apiVersion, kind string, labels map[string]string) bool {
	return labels[LabelManagedBy] == ManagedBy && isKind(apiVersion, kind)
}

// sharedObject returns an object that is the same for all bundles.
func sharedObject(kind, namespace, name string, spec any) Object {
	return Object{
		APIVersion:  kinds[order(kind)].apiVersion,
		Kind:        kind,
		Namespace:   namespace,
		Name:        name,
		Labels:      map[string]string{LabelManagedBy: ManagedBy},
		Annotations: map[string]string{},
		Spec:        spec,
	}
}

// newObject returns an object that serves a whole bundle.
func newObject(kind, namespace, name string, b bundleID, spec any) Object {
	o := sharedObject(kind, namespace, name, spec)
	o.Annotations[AnnotationBundle] = b.String()
	return o
}

// object returns an object that serves one destination.
func (d *destination) object(kind, namespace, name string, spec any) Object {
	o := newObject(kind, namespace, name, d.bundle, spec)
	o.Annotations[AnnotationDestination] = d.name
	if d.description != "" {
		o.Annotations[annotationDescription] = d.description
	}
	if d.owner != "" {
		o.Annotations[annotationOwner] = d.owner
	}
	return o
}

func sortObjects(objects []Object) {
	slices.SortFunc(objects, func(a, b Object) int {
		return cmp.Or(
			cmp.Compare(order(a.Kind), order(b.Kind)),
			cmp.Compare(a.Namespace, b.Namespace),
			cmp.Compare(a.Name, b.Name),
		)
	})
}
