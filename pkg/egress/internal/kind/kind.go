// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package kind lists the kinds of objects that bundles make, with their API versions, in the
// order in which they are applied.
package kind

import "strings"

// The kinds that are made.
const (
	ServiceAccount          = "ServiceAccount"
	Role                    = "Role"
	RoleBinding             = "RoleBinding"
	Service                 = "Service"
	EndpointSlice           = "EndpointSlice"
	ServiceEntry            = "ServiceEntry"
	DestinationRule         = "DestinationRule"
	AuthorizationPolicy     = "AuthorizationPolicy"
	Gateway                 = "Gateway"
	VirtualService          = "VirtualService"
	Deployment              = "Deployment"
	PodDisruptionBudget     = "PodDisruptionBudget"
	HorizontalPodAutoscaler = "HorizontalPodAutoscaler"
	Telemetry               = "Telemetry"
	NetworkPolicy           = "NetworkPolicy"
	Sidecar                 = "Sidecar"
)

// The kinds of what tries calls. Bundles do not become any.
const (
	ConfigMap = "ConfigMap"
	Job       = "Job"
)

const networkingVersion = "networking.istio.io/v1"

// made are the kinds that are made, in the order in which they are applied: a route comes
// after everything that it names, and what closes ways after what opens them.
var made = []struct {
	kind, apiVersion string
	// isBare says that the kind has no field spec: what it holds stands beside its metadata.
	isBare bool
}{
	{kind: ServiceAccount, apiVersion: "v1", isBare: true},
	{kind: Role, apiVersion: "rbac.authorization.k8s.io/v1", isBare: true},
	{kind: RoleBinding, apiVersion: "rbac.authorization.k8s.io/v1", isBare: true},
	{kind: Deployment, apiVersion: "apps/v1"},
	{kind: PodDisruptionBudget, apiVersion: "policy/v1"},
	{kind: HorizontalPodAutoscaler, apiVersion: "autoscaling/v2"},
	{kind: Service, apiVersion: "v1"},
	{kind: EndpointSlice, apiVersion: "discovery.k8s.io/v1", isBare: true},
	{kind: ServiceEntry, apiVersion: networkingVersion},
	{kind: DestinationRule, apiVersion: networkingVersion},
	{kind: AuthorizationPolicy, apiVersion: "security.istio.io/v1"},
	{kind: Gateway, apiVersion: networkingVersion},
	{kind: VirtualService, apiVersion: networkingVersion},
	{kind: Telemetry, apiVersion: "telemetry.istio.io/v1"},
	{kind: NetworkPolicy, apiVersion: "networking.k8s.io/v1"},
	{kind: Sidecar, apiVersion: networkingVersion},
}

// Order returns the place of a kind in the order in which kinds are applied.
func Order(kind string) int {
	for i, m := range made {
		if m.kind == kind {
			return i
		}
	}
	return len(made)
}

// APIVersion returns the version of its API in which a kind is made. It panics for a kind
// that is not: no input chooses one.
func APIVersion(kind string) string { return made[Order(kind)].apiVersion }

// IsBare reports whether a kind has no field spec.
func IsBare(kind string) bool {
	i := Order(kind)
	return kind == ConfigMap || i < len(made) && made[i].isBare
}

// IsMade reports whether bundles make objects of a kind, in any version of its API.
func IsMade(apiVersion, kind string) bool {
	i := Order(kind)
	return i < len(made) && GroupOf(made[i].apiVersion) == GroupOf(apiVersion)
}

// GroupOf returns the group of an API version.
func GroupOf(apiVersion string) string {
	group, _, _ := strings.Cut(apiVersion, "/")
	return group
}
