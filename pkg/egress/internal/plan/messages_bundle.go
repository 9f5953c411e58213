// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/diagnose"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
)

// What is wrong with a bundle as a whole.

func meshBesideShared() diagnose.Finding {
	return diagnose.Errorf(diag.DuplicateMesh,
		"must not be set where an %s states the facts of the cluster; remove it", api.KindMesh)
}

func noDestination() diagnose.Finding {
	return diagnose.Errorf(diag.MissingField,
		"must have at least one destination, such as {stripe: {hosts: [api.stripe.com]}}")
}

func clientTwice(name string) diagnose.Finding {
	return diagnose.Errorf(diag.DuplicateClient,
		"must stand only once in the list, got %q again", name)
}

func consentToItself() diagnose.Finding {
	return diagnose.Errorf(diag.CrossNamespace,
		"must not be set in a bundle, which would consent to itself; set it in an %s", api.KindMesh)
}

func judgesItself() diagnose.Finding {
	return diagnose.Errorf(diag.Expired,
		"must not be set in a bundle, which would judge itself; set it in an %s", api.KindMesh)
}

func foreignClients(foreign []string) diagnose.Finding {
	return diagnose.Warnf(diag.CrossNamespace,
		"opens ways for workloads of %s, which are other namespaces than its own; with crossNamespaceBundles an %s "+
			"says whose bundles may", join(foreign), api.KindMesh)
}

func foreignBypass(foreign []string) diagnose.Finding {
	return diagnose.Warnf(diag.CrossNamespace,
		"lets workloads of %s skip their proxies too, which are other namespaces than its own; what bundles there "+
			"enforce at the proxy does not concern it", join(foreign))
}

func foreignClientsRefused(foreign []string, own string, permitted []string) diagnose.Finding {
	who := "bundles of no namespace"
	if len(permitted) > 0 {
		who = "only bundles of " + join(permitted)
	}
	return diagnose.Errorf(diag.CrossNamespace,
		"must be of namespace %s alone, got %s: the %s lets %s have clients of others; put a bundle there, or add "+
			"%s to crossNamespaceBundles", own, join(foreign), api.KindMesh, who, own)
}

func unknownClient(known []string, name string) diagnose.Finding {
	return diagnose.Errorf(diag.UnknownClient,
		"must be one of the bundle's clients (%s), got %q; add it to %s first",
		join(known), name, field.Clients)
}

func unknownServiceAccount(namespace string, known []string, name string) diagnose.Finding {
	return diagnose.Errorf(diag.UnknownClient,
		"must be one of the bundle's service accounts of %s (%s), got %q; add it to %s first",
		namespace, join(known), name, field.Clients)
}

func identityFromSidecar() diagnose.Finding {
	return diagnose.Errorf(diag.NeedsGateway,
		"must not be for service accounts alone with `via: Sidecar`: nothing checks who calls there; use `via: "+
			"Gateway`, or allow the whole namespace")
}

func identityWithoutMutualTLS() diagnose.Finding {
	return diagnose.Errorf(diag.NeedsMutualTLS,
		"must not be for service accounts alone without mutual TLS: the gateway cannot tell who calls; set "+
			"`mutualTLS: true`, or allow the whole namespace")
}

func emptyBypass() diagnose.Finding {
	return diagnose.Errorf(diag.MissingField,
		"must have cidrs or ports, such as {cidrs: [10.0.0.0/8]}; remove it if nothing skips the proxies")
}

func bypassPortTwice(number int) diagnose.Finding {
	return diagnose.Errorf(diag.DuplicatePort,
		"must stand only once in the list, got %d again", number)
}

func bypassOfEverything(prefix string) diagnose.Finding {
	return diagnose.Errorf(diag.Bypassed,
		"must not be every address, got %s: no destination could be reached through a proxy; list the ranges "+
			"that are to skip it", prefix)
}

func bypassOfEverythingTogether() diagnose.Finding {
	return diagnose.Errorf(diag.Bypassed,
		"must not be every address together: no destination could be reached through a proxy; list the ranges that "+
			"are to skip it")
}

func bypassIntoPolicy() diagnose.Finding {
	return diagnose.Warnf(diag.Bypassed,
		"skip the proxies and lead to no host outside: spec.enforce.networkPolicy lets no packet out for them; "+
			"list the addresses in cidrs")
}

func emptyEnforce() diagnose.Finding {
	return diagnose.Errorf(diag.MissingField,
		"must turn on registryOnly, networkPolicy or authorization, such as {networkPolicy: true}; remove it if "+
			"nothing is enforced")
}

func clusterTrafficOfNothing() diagnose.Finding {
	return diagnose.Errorf(diag.Unenforceable,
		"must not be set without registryOnly or networkPolicy, which are what it is about; remove it, or set "+
			"one of them")
}

func sidecarForMesh(namespace string) diagnose.Finding {
	return diagnose.Errorf(diag.Unenforceable,
		"must not be set with the client %s, which is the root namespace: a Sidecar there is for every namespace "+
			"of the mesh; move its workloads, or leave it out of the clients", namespace)
}

func sidecarOfOneMesh(clients []string) diagnose.Finding {
	return diagnose.Warnf(diag.EnforceConflict,
		"are all whose namespaces the Sidecar of %s imports: a bundle for the same clients that is rendered apart "+
			"from this and states others makes another Sidecar, and what is applied last stops the calls of the other; "+
			"state the facts of the cluster once, in an %s for all of them", join(clients), api.KindMesh)
}

func policyForServer(client, server string) diagnose.Finding {
	return diagnose.Errorf(diag.Unenforceable,
		"must not be set with the client %s, which is the namespace of %s: its Pods would be cut off; leave it "+
			"out of the clients", client, server)
}

func policyOfName() diagnose.Finding {
	return diagnose.Errorf(diag.NeedsAddress,
		"must lead to IP addresses with `via: Sidecar` where spec.enforce.networkPolicy is set: NetworkPolicies "+
			"know no names; add {endpoints: [{address: 203.0.113.7}]}, or give the forwardProxy by its IP address, "+
			"or use `via: Gateway`")
}

func policyClosesGateway(gateway string) diagnose.Finding {
	return diagnose.Warnf(diag.ClosesGateway,
		"drops what reaches gateway %q from namespaces that no bundle with networkPolicy names, and what leaves "+
			"it to other ports, also where somebody wrote the configuration by hand; add a NetworkPolicy for that",
		gateway)
}

func assumedPorts(ports []int, gateway string) diagnose.Finding {
	return diagnose.Warnf(diag.AssumedPorts,
		"lets clients reach the container ports %s of gateway %q, of which it has some: those of the Helm chart of "+
			"Istio, or those of istioctl; state targetPorts in the mesh", join(ports), gateway)
}

func authorizationWithoutGateway() diagnose.Finding {
	return diagnose.Errorf(diag.NeedsGateway,
		"must not be set where every destination has `via: Sidecar`: it is for gateways; remove it, or use `via: "+
			"Gateway`")
}

func authorizationClosesGateway(gateway string) diagnose.Finding {
	return diagnose.Warnf(diag.ClosesGateway,
		"closes gateway %q for everything that is of no bundle, also for routes that somebody wrote by hand", gateway)
}
