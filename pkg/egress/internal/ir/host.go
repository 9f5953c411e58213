// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package ir

import "strings"

// WildcardPrefix is what makes a name stand for every name below a domain.
const WildcardPrefix = "*."

// ReservedDomain is the top of the names that gateways know the traffic of bundles by. It is
// none that DNS delegates.
const ReservedDomain = "egress"

// IsWildcard reports whether a name stands for every name below a domain.
func IsWildcard(name string) bool { return strings.HasPrefix(name, WildcardPrefix) }

// Covers reports whether a host is one that a name of Istio is for.
func Covers(pattern, host string) bool {
	domain, wildcard := strings.CutPrefix(pattern, "*")
	return pattern == host || wildcard && strings.HasSuffix(host, domain)
}
