// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package object holds what bundles become, and writes it: Kubernetes objects, with what each
// was made from and what it stops, patches of workloads that exist already, and values for
// Helm.
package object

import (
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
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

	// Origin is what the object was made from. It is not written.
	Origin Origin
	// Stops are the ways around bundles that the object closes. They are not written.
	Stops []Stop
}

// An Origin is what of a bundle made an object.
type Origin struct {
	// Bundle is NAMESPACE/NAME. It is empty for what all bundles have in common.
	Bundle string
	// Destination is a name in the bundle. It is empty for what serves several.
	Destination string
	// Host is what applications call, as a bundle names it. It is empty for what serves
	// several.
	Host string
	// Port is the port that applications call. It is 0 for what serves several.
	Port int
	// Gateway is the name in the mesh of the gateway whose hop the object serves for all
	// destinations of the bundle. It is empty for every other object.
	Gateway string
	// Field leads to the field of the bundle that asked for the object, as
	// spec.destinations.stripe. It is empty for what all bundles have in common.
	Field string
}

const (
	// LabelManagedBy is the label of every object, with the value ManagedBy. It says nothing
	// of who made an object: people write it too, and kustomize overwrites it.
	LabelManagedBy = "app.kubernetes.io/managed-by"
	// ManagedBy is the value of LabelManagedBy.
	ManagedBy = "egressbundle"

	// LabelAutoallocateIP is "true" on a ServiceEntry whose host sidecars tell by the address
	// that istiod allocates to it, and "false" on every other: ambient mode does not read
	// exportTo, and with an address of its own a host would lead its workloads, wherever they
	// are, to where nothing answers. Istio merges ServiceEntries that share a host only if
	// their labels are equal.
	// https://istio.io/latest/docs/reference/config/labels/#NetworkingEnableAutoallocateIp
	LabelAutoallocateIP = "networking.istio.io/enable-autoallocate-ip"

	// AnnotationSuppress lists the messages of istioctl analyze that are wrong about an object.
	// https://istio.io/latest/docs/reference/config/annotations/#GalleyAnalyzeSuppress
	AnnotationSuppress = "galley.istio.io/analyze-suppress"

	// AnnotationBundle names the bundle of an object, as NAMESPACE/NAME. It is
	// missing where an object is the same for all bundles.
	AnnotationBundle = api.Group + "/bundle"
	// AnnotationGateway names the gateway of the mesh that an object serves for
	// all bundles.
	AnnotationGateway = api.Group + "/gateway"
	// AnnotationNamespace names the namespace that an object serves for all bundles.
	AnnotationNamespace = api.Group + "/namespace"
	// AnnotationDestination names the destination of an object. It is missing
	// where an object serves several.
	AnnotationDestination = api.Group + "/destination"
	// AnnotationDescription is what the destination says that it is for. It is missing
	// where that is nothing.
	AnnotationDescription = api.Group + "/description"
	// AnnotationOwner is who answers for the destination. It is missing where nobody
	// does.
	AnnotationOwner = api.Group + "/owner"
	// AnnotationTicket says where the approval of the destination is on record. It is
	// missing where that is nowhere.
	AnnotationTicket = api.Group + "/ticket"
	// AnnotationExpires is the last day on which the destination may be used. It is missing
	// where there is none.
	AnnotationExpires = api.Group + "/expires"
)

// Ref names the object.
func (o Object) Ref() diag.ObjectRef {
	return diag.ObjectRef{Kind: o.Kind, Namespace: o.Namespace, Name: o.Name}
}
