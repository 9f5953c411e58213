// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
)

// Every name is made from the namespace and the name of the bundle and the name
// of the destination, so that bundles rendered apart never meet by accident.
// Parts are DNS labels, or hosts, and are joined so that no two lists of parts
// give one name.

const (
	maxLabel  = 63  // of a DNS label (RFC 1123)
	maxDomain = 253 // of a DNS name
	maxObject = 200 // of an object: short enough to be the name of a file
	hashSize  = 8   // bytes: enough for names never to meet by chance
)

// objectName joins parts into the name of a Kubernetes object.
func objectName(parts ...string) string {
	return limit(strings.Join(parts, "--"), maxObject, parts)
}

// labelName joins parts into a DNS label. It is for those names that Istio does
// not allow to have a dot: of Gateways and their ports, and of subsets.
func labelName(parts ...string) string {
	return limit(strings.ReplaceAll(strings.Join(parts, "--"), ".", "-"), maxLabel, parts)
}

// limit shortens a name that is too long, and adds a hash to it and to every
// name whose parts cannot be told from the name alone.
func limit(name string, size int, parts []string) string {
	ambiguous := false
	for _, part := range parts {
		dots := size == maxLabel && strings.Contains(part, ".") && strings.Contains(part, "-")
		ambiguous = ambiguous || dots || strings.Contains(part, "--")
	}
	if len(name) <= size && !ambiguous {
		return name
	}
	hash := shortHash(strings.Join(parts, "\n"))
	kept := name[:min(len(name), size-len(hash)-1)]
	return strings.TrimRight(kept, "-.") + "-" + hash
}

func shortHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:hashSize])
}

// laneDomain is the top of the made-up names that carry traffic over the hop
// from a sidecar to a gateway, and out of it. It is none that DNS delegates.
const laneDomain = "egress"

// The kinds of lanes. Each is a branch of its own, so that the wildcard of one
// covers none of another.
const (
	laneClosed   = "closed" // HTTP whose clients are not all of the bundle's
	laneHTTP     = "http"
	laneTCP      = "tcp"
	laneTLS      = "tls"
	laneWildcard = "wildcard"
)

// laneRoot returns the domain of all lanes of one kind of a bundle.
func laneRoot(b bundleID, kind string) string {
	return strings.Join([]string{kind, b.name, b.namespace, laneDomain}, ".")
}

// laneName returns the name by which a gateway tells one port of one host of
// one destination from everything else: the SNI of TLS, the authority of HTTP,
// and the host of its ServiceEntry. It is unique to the bundle, so bundles never
// meet at a gateway, nor do they meet what somebody wrote by hand, whatever
// hosts they share.
func laneName(kind string, d *destination, host string, port int) string {
	return madeUpName(host, strconv.Itoa(port), d.name, laneRoot(d.bundle, kind))
}

// addressName returns the host of the ServiceEntry of what sidecars know by
// address. It is none that anybody calls.
func addressName(d *destination, host string) string {
	return madeUpName(host, d.name, laneRoot(d.bundle, laneTCP))
}

// madeUpName puts a host in front of what makes it unique.
func madeUpName(host string, parts ...string) string {
	tail := "." + strings.Join(parts, ".")
	if len(host)+len(tail) > maxDomain {
		host = shortHash(host)
	}
	return host + tail
}

// objectName names an object of the destination.
func (d *destination) objectName(parts ...string) string {
	return objectName(slices.Concat([]string{d.bundle.namespace, d.bundle.name, d.name}, d.part, parts)...)
}

func portName(protocol string, number int) string {
	return strings.ToLower(protocol) + "-" + strconv.Itoa(number)
}
