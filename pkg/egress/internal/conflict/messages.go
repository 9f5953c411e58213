// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conflict

import (
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/diagnose"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

// What bundles contradict each other in.

func allowAny() diagnose.Finding {
	return diagnose.Warnf(diag.AllowAny,
		"is ALLOW_ANY: workloads reach every host, declared or not, so bundles restrict nobody; set it to "+
			"REGISTRY_ONLY in the configuration of the mesh, and here, or set spec.enforce.registryOnly of the bundle")
}

func unlistedPorts() diagnose.Finding {
	return diagnose.Warnf(diag.UnlistedPorts,
		"sidecars answer DNS for it with an address that istiod allocates, which leads to the ports of bundles alone: its "+
			"other ports, which outboundTrafficPolicy ALLOW_ANY would let workloads reach, they do not reach any more; list "+
			"each port that they call")
}

func bundleTwice(id ir.BundleID, first diag.Position) diagnose.Finding {
	return diagnose.Errorf(diag.DuplicateBundle,
		"must be unique in the namespace, got %q again%s; rename or remove one of them", id, already(first))
}

func meshesDiffer(first *bundle) diagnose.Finding {
	return diagnose.Errorf(diag.MeshConflict,
		"must be the same in every bundle, and differs from %s; state the facts of the cluster once, in an %s",
		first, api.KindMesh)
}

func hostInTwoDestinations(host, client, first string) diagnose.Finding {
	return diagnose.Errorf(diag.DuplicateHost,
		"must stand in one destination only, got %q again: workloads of %s reach it as destination %q; put the "+
			"ports of a host into one destination", host, client, first)
}

func hostForOthers(client, host string, first *destination) diagnose.Finding {
	return diagnose.Errorf(diag.HostConflict,
		"must be for the same service accounts of %s, got %q, which is for others in %s: sidecars of one "+
			"namespace send all calls to a host one way; agree on the service accounts", client, host, first)
}

func hostInTwoWays(host, client string, first *destination) diagnose.Finding {
	return diagnose.Errorf(diag.HostConflict,
		"must be reached in one way, got %q, which workloads of %s reach in another way as %s; agree on one way, "+
			"or on different clients", host, client, first)
}

func hostOfOtherPorts(host, client string, first *destination) diagnose.Finding {
	return diagnose.Errorf(diag.HostConflict,
		"must have the same ports of TCP and TLS, got %q, of which workloads of %s reach others as %s: for each of the two "+
			"sidecars answer DNS with an address of its own, at which the ports of the other lead nowhere; put all ports of "+
			"the host into one bundle, or the same into both", host, client, first)
}

func hostBelowWildcard(host, client string, wildcard *destination) diagnose.Finding {
	return diagnose.Errorf(diag.HostConflict,
		"must be reached like the wildcard above it, got %q: workloads of %s reach what is below its domain in "+
			"another way, as %s, and sidecars cannot tell the two apart; choose the same `via` and forwardProxy for "+
			"both, and a trafficPolicy for both or none", host, client, wildcard)
}

func addressInTwoDestinations(claim addressOfClient, first string) diagnose.Finding {
	return diagnose.Errorf(diag.DuplicateAddress,
		"must not be %s, which workloads of %s reach on port %d as destination %q; an address and a port belong "+
			"to one destination", claim.address, claim.client, claim.port, first)
}

func addressInTwoWays(claim addressOfClient, first *destination) diagnose.Finding {
	return diagnose.Errorf(diag.AddressConflict,
		"must not be %s, which workloads of %s reach on port %d in another way as %s; agree on one way, or on "+
			"different clients", claim.address, claim.client, claim.port, first)
}

func addressBeforeName(claim addressOfClient, named *destination) diagnose.Finding {
	return diagnose.Warnf(diag.AddressBeforeName,
		"takes every connection of workloads of %s to port %d in %s, also to hosts of %s that resolve into it: "+
			"an address comes before a name; list single addresses if they can",
		claim.client, claim.port, claim.address, named)
}

func bypassed(what, client string, by *bundle) diagnose.Finding {
	return diagnose.Errorf(diag.Bypassed,
		"must not be %s, which workloads of %s call without the proxy: %s says so in %s; remove it there or here",
		what, client, by, field.Bypass)
}

func allocatedBypassed(prefix, client string, by *bundle) diagnose.Finding {
	return diagnose.Errorf(diag.Bypassed,
		"must not get an address in %s, where istiod allocates those of TCP by name: workloads of %s call it without the "+
			"proxy, which alone knows it; take the range out of %s of %s", prefix, client, field.Bypass, by)
}

func bypassedTogether(client string, first *bundle) diagnose.Finding {
	return diagnose.Errorf(diag.Bypassed,
		"must not be every address for workloads of %s, together with what other bundles say, such as %s: no "+
			"destination could be reached through a proxy; list the ranges that are to skip it", client, first)
}

func serviceTwice(first *bundle, name string) diagnose.Finding {
	return diagnose.Errorf(diag.DuplicateService,
		"must have another name: %s makes the Service %q of this namespace already; rename the destination",
		first, name)
}

func sameNameOnTwoPorts(p, first hostPort, name string) diagnose.Finding {
	return diagnose.Errorf(diag.NeedsMutualTLS,
		"must not lead to port %d of %s: %s leads to port %d of %s, and without mutual TLS the gateway cannot "+
			"tell them apart; set `mutualTLS: true`", p.route.Port, p.host.Name, first.destination, first.route.Port, name)
}

func sameNameInTwoWays(p, first hostPort, name string) diagnose.Finding {
	return diagnose.Errorf(diag.NeedsMutualTLS,
		"must lead to %s as %s leads to %s, in endpoints, forwardProxy, trafficPolicy and wildcardServer: "+
			"without mutual TLS the gateway cannot tell them apart; agree, or set `mutualTLS: true`",
		p.host.Name, first.destination, name)
}

func gatewayPortTwice(number int, first hostPort) diagnose.Finding {
	return diagnose.Errorf(diag.GatewayPortConflict,
		"must not be %d, which %s uses for port %d: without mutual TLS each port with the pattern TCP needs one "+
			"of its own; choose another, or set `mutualTLS: true`", number, first.destination, first.route.Port)
}

func clusterTrafficDiffers(first *bundle, client string) diagnose.Finding {
	return diagnose.Errorf(diag.EnforceConflict,
		"must be %s, as %s says for workloads of %s; agree on it", first.Enforce.ClusterTraffic, first, client)
}

func deniedWithoutMutualTLS(by *bundle, gateway string) diagnose.Finding {
	return diagnose.Errorf(diag.NeedsMutualTLS,
		"must be true: %s closes gateway %q for everything that is of no bundle, and without mutual TLS nothing "+
			"tells what is", by, gateway)
}

func dropped(by *bundle, where string) diagnose.Finding {
	return diagnose.Errorf(diag.EnforceConflict,
		"must be true: %s closes %s for every packet that no NetworkPolicy is for, also for those of this bundle",
		by, where)
}

func gatewaysNotImported(by *bundle, client string) diagnose.Finding {
	return diagnose.Errorf(diag.EnforceConflict,
		"must be in the same namespaces as those that %s states, whose Sidecar for workloads of %s imports no "+
			"others; state the facts of the cluster once, in an %s", by, client, api.KindMesh)
}

func serviceNotImported(namespace, client string, by *bundle) diagnose.Finding {
	return diagnose.Errorf(diag.Unenforceable,
		"must not be of namespace %s for workloads of %s: with clusterTraffic Deny of %s they know the Services "+
			"of their own namespace only; put a bundle there, or set Allow", namespace, client, by)
}

// already says where the first of two stands, if that is known.
func already(first diag.Position) string {
	if first.File == "" {
		return ""
	}
	return "; it stands at " + first.String() + " already"
}
