// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"cmp"
	"slices"

	"google.golang.org/protobuf/proto"
)

// An Object is one Kubernetes object.
type Object struct {
	APIVersion  string
	Kind        string
	Namespace   string
	Name        string
	Labels      map[string]string
	Annotations map[string]string
	// Spec is a pointer to a message of istio.io/api, such as
	// *networking.ServiceEntry.
	Spec proto.Message
}

const (
	// LabelManagedBy is the label of every object, with the value ManagedBy.
	// There is no other: Istio merges ServiceEntries that share a host only if
	// their labels are equal.
	LabelManagedBy = "app.kubernetes.io/managed-by"
	// ManagedBy is the value of LabelManagedBy.
	ManagedBy = "egressbundle"

	// AnnotationBundle names the bundle of an object, as NAMESPACE/NAME.
	AnnotationBundle = apiGroup + "/bundle"
	// AnnotationDestination names the destination of an object. It is missing
	// where an object serves several.
	AnnotationDestination = apiGroup + "/destination"

	annotationDescription = apiGroup + "/description"
	annotationOwner       = apiGroup + "/owner"
)

// The kinds that are made, in the order in which they are applied: a route
// comes after everything that it names.
const (
	kindServiceEntry    = "ServiceEntry"
	kindDestinationRule = "DestinationRule"
	kindGateway         = "Gateway"
	kindVirtualService  = "VirtualService"
)

var applyOrder = []string{kindServiceEntry, kindDestinationRule, kindGateway, kindVirtualService}

const networkingVersion = "networking.istio.io/v1"

// newObject returns an object that serves a whole bundle.
func newObject(kind, namespace, name string, b bundleID, spec proto.Message) Object {
	return Object{
		APIVersion:  networkingVersion,
		Kind:        kind,
		Namespace:   namespace,
		Name:        name,
		Labels:      map[string]string{LabelManagedBy: ManagedBy},
		Annotations: map[string]string{AnnotationBundle: b.String()},
		Spec:        spec,
	}
}

// object returns an object that serves one destination.
func (d *destination) object(kind, namespace, name string, spec proto.Message) Object {
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
			cmp.Compare(slices.Index(applyOrder, a.Kind), slices.Index(applyOrder, b.Kind)),
			cmp.Compare(a.Namespace, b.Namespace),
			cmp.Compare(a.Name, b.Name),
		)
	})
}
