// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package kind lists the kinds of objects that bundles make.
package kind

import "strings"

// The kinds that are made.
const (
	ServiceAccount      = "ServiceAccount"
	Role                = "Role"
	RoleBinding         = "RoleBinding"
	Service             = "Service"
	EndpointSlice       = "EndpointSlice"
	ServiceEntry        = "ServiceEntry"
	DestinationRule     = "DestinationRule"
	AuthorizationPolicy = "AuthorizationPolicy"
	Gateway             = "Gateway"
	VirtualService      = "VirtualService"
	Deployment          = "Deployment"
	PodDisruptionBudget = "PodDisruptionBudget"
	Autoscaler          = "HorizontalPodAutoscaler"
	Telemetry           = "Telemetry"
	NetworkPolicy       = "NetworkPolicy"
	Sidecar             = "Sidecar"
)

const networkingVersion = "networking.istio.io/v1"

// made are the kinds that are made, in the order in which they are applied: a route comes
// after everything that it names, and what closes ways after what opens them.
var made = []struct{ kind, apiVersion string }{
	{ServiceAccount, "v1"},
	{Role, "rbac.authorization.k8s.io/v1"},
	{RoleBinding, "rbac.authorization.k8s.io/v1"},
	{Deployment, "apps/v1"},
	{PodDisruptionBudget, "policy/v1"},
	{Autoscaler, "autoscaling/v2"},
	{Service, "v1"},
	{EndpointSlice, "discovery.k8s.io/v1"},
	{ServiceEntry, networkingVersion},
	{DestinationRule, networkingVersion},
	{AuthorizationPolicy, "security.istio.io/v1"},
	{Gateway, networkingVersion},
	{VirtualService, networkingVersion},
	{Telemetry, "telemetry.istio.io/v1"},
	{NetworkPolicy, "networking.k8s.io/v1"},
	{Sidecar, networkingVersion},
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

// APIVersion returns the version of its API in which a kind is made.
func APIVersion(kind string) string { return made[Order(kind)].apiVersion }

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
