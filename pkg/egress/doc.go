// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package egress turns EgressBundles into the Istio objects that let workloads
// of a mesh reach hosts outside it, through an egress gateway or straight from
// their sidecars.
package egress
