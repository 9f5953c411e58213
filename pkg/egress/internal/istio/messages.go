// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package istio

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/diagnose"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/neighbor"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/precedence"
)

// What the objects of others do to a bundle, and a bundle to them.

func sidecarTakesSome(n neighbor.Object) diagnose.Finding {
	return diagnose.Warnf(diag.SidecarConflict,
		"does not concern the workloads that %s selects: they follow that alone; set its outboundTrafficPolicy "+
			"to REGISTRY_ONLY", n)
}

func sidecarTakesAll(n neighbor.Object) diagnose.Finding {
	return diagnose.Errorf(diag.SidecarConflict,
		"must not be set for namespace %s, whose workloads %s selects: Istio follows one of the two, the older; "+
			"remove that one, or set its outboundTrafficPolicy to REGISTRY_ONLY and this to false", n.Ref.Namespace, n)
}

func sidecarLoses(clients []string, n neighbor.Object) diagnose.Finding {
	return diagnose.Warnf(diag.SidecarConflict,
		"takes the workloads of %s from %s, which is for namespaces without a Sidecar: what it says does not "+
			"concern them any more", strings.Join(clients, ", "), n)
}

func sidecarImportsNot(h ir.Host, client string, missing []string, n neighbor.Object) diagnose.Finding {
	if n.Selects() {
		return diagnose.Warnf(diag.SidecarConflict,
			"is not reached by the workloads of %s that %s selects: they do not see it or the way to it; add %s to its "+
				"egress hosts if they are to", client, n, quoted(missing))
	}
	return diagnose.Errorf(diag.SidecarConflict,
		"must not be %q beside %s, which keeps workloads of %s from seeing it or the way to it, so that every call fails; "+
			"add %s to its egress hosts", h.Name, n, client, quoted(missing))
}

func filterChangesProxies(n neighbor.Object) diagnose.Finding {
	return diagnose.Warnf(diag.UnjudgedEnvoyFilter,
		"pass proxies that %s may change in any way, which is not judged here; make the calls with it, and acknowledge this "+
			"with the annotation "+api.AcknowledgePrefix+string(diag.UnjudgedEnvoyFilter), n)
}

func entryOpensPort(c called, port int, n neighbor.Object) diagnose.Finding {
	return diagnose.Warnf(diag.ServiceEntryConflict,
		"does not hold port %d of %s, which %s opens to workloads of %s beside this bundle; add the port here, "+
			"or remove it there", port, c.host.Name, n, c.client)
}

func entryLosesPort(c called, port int, n neighbor.Object) diagnose.Finding {
	return diagnose.Warnf(diag.ServiceEntryConflict,
		"closes port %d of %s for workloads of %s, which %s opens: of two declarations of a host, sidecars "+
			"follow that of their own namespace; add the port here if they need it", port, c.host.Name, c.client, n)
}

func entrySpeaksOther(c called, theirs neighbor.Port, n neighbor.Object) diagnose.Finding {
	return diagnose.Errorf(diag.ServiceEntryConflict,
		"must not be %q beside %s, which declares %s on port %d where this bundle has requests: the sidecars of %s find "+
			"no route for them; take the port out there", c.host.Name, n, theirs.Protocol, theirs.Number, c.client)
}

func entrySplits(c called, port int, n neighbor.Object) diagnose.Finding {
	return diagnose.Errorf(diag.ServiceEntryConflict,
		"must not be %q beside %s, which has other endpoints for port %d: the sidecars of %s share calls out among those of "+
			"both, or follow the older; remove that one, and state its endpoints here", c.host.Name, n, port, c.client)
}

func entryBelow(c called, host string, n neighbor.Object) diagnose.Finding {
	return diagnose.Warnf(diag.ServiceEntryConflict,
		"does not concern calls of workloads of %s to %s, which go where %s leads: of two hosts, sidecars follow the more "+
			"exact; take it out there if it is to be reached like the rest", c.client, host, n)
}

func entryBeforeName(c called, port int, addresses string, n neighbor.Object) diagnose.Finding {
	return diagnose.Warnf(diag.ServiceEntryConflict,
		"loses calls of workloads of %s to port %d if %s or another host resolves into %s, which %s has: an address comes "+
			"before a name; list single addresses there if you can", c.client, port, c.host.Name, addresses, n)
}

func entryTakesGateway(n neighbor.Object, gateway string) diagnose.Finding {
	return diagnose.Errorf(diag.ServiceEntryConflict,
		"must not have namespace %s beside %s, which declares the Service of gateway %q as a host of its own: sidecars "+
			"there follow it, and not the Service; take the host out there", n.Ref.Namespace, n, gateway)
}

// besideRoute says what becomes of a host beside a VirtualService, for one name and one port.
func besideRoute(c called, n neighbor.Object, outcome precedence.Outcome, name string, port int) diagnose.Finding {
	switch outcome {
	case precedence.Kept:
		return routeLosesHost(c, n)
	case precedence.LostBelow:
		return routeTakesBelow(c, n, name)
	case precedence.LostByAge:
		return routeForSameClients(c, n)
	case precedence.Shut:
		return routeShutsWildcard(c, n, name)
	case precedence.Rejected:
		return routesRejected(c, n, port)
	default:
		return routeTakesHost(c, n)
	}
}

func routeTakesHost(c called, n neighbor.Object) diagnose.Finding {
	return diagnose.Errorf(diag.VirtualServiceConflict,
		"must not be %[1]q beside %[2]s, which sidecars of %[3]s follow instead: it leads calls elsewhere; take the host "+
			"out there, or do not show it to %[3]s with exportTo", c.host.Name, n, c.client)
}

func routeForSameClients(c called, n neighbor.Object) diagnose.Finding {
	return diagnose.Errorf(diag.VirtualServiceConflict,
		"must not be %q beside %s, which is for the host and for workloads of %s as well: sidecars follow one of "+
			"the two, the older; take the host out there", c.host.Name, n, c.client)
}

func routeShutsWildcard(c called, n neighbor.Object, below string) diagnose.Finding {
	return diagnose.Errorf(diag.VirtualServiceConflict,
		"must not be %q beside %s, which is for %s below it: with a route for one, sidecars of %s lead calls to the others "+
			"nowhere; take %[3]s out there, and list it here, or reach the wildcard through a gateway", c.host.Name, n, below, c.client)
}

func routesRejected(c called, n neighbor.Object, port int) diagnose.Finding {
	return diagnose.Errorf(diag.VirtualServiceConflict,
		"must not be %q beside %s, which has it in a list of several sniHosts: Envoy rejects what comes of both, so Pods of %s "+
			"that start are never ready, and those that run learn nothing new of port %d; take the host out there",
		c.host.Name, n, c.client, port)
}

func routeTakesBelow(c called, n neighbor.Object, below string) diagnose.Finding {
	return diagnose.Warnf(diag.VirtualServiceConflict,
		"does not concern calls of workloads of %s to %s, which follow %s: of two hosts, sidecars follow the more exact; "+
			"take it out there if it is to be reached like the rest", c.client, below, n)
}

func routeLosesHost(c called, n neighbor.Object) diagnose.Finding {
	return diagnose.Warnf(diag.VirtualServiceConflict,
		"takes %s for workloads of %s from %s, which has no effect on them any more; take the host out there",
		c.host.Name, c.client, n)
}

func ruleForSameHost(c called, n neighbor.Object) diagnose.Finding {
	return diagnose.Errorf(diag.DestinationRuleConflict,
		"must not be %q beside %s, which is for the host and for workloads of %s as well: of the two, sidecars "+
			"follow the older; remove that one, or move what it says here", c.host.Name, n, c.client)
}

func ruleOfEither(c called, n neighbor.Object) diagnose.Finding {
	return diagnose.Warnf(diag.DestinationRuleConflict,
		"stands beside %s, which is for %s and for workloads of %s as well: of the two, sidecars follow the older; "+
			"move what it says to trafficPolicy here, or let it say h2UpgradePolicy: DO_NOT_UPGRADE too", n, c.host.Name, c.client)
}

func ruleOpensTLS(c called, n neighbor.Object) diagnose.Finding {
	return diagnose.Errorf(diag.DestinationRuleConflict,
		"must not be %q beside %s, which makes the sidecars of %s open TLS to it, also around TLS that is there "+
			"already; remove that one, or use TLSOrigination here", c.host.Name, n, c.client)
}

func ruleOpensTunnel(h ir.Host, proxy string, n neighbor.Object) diagnose.Finding {
	return diagnose.Errorf(diag.DestinationRuleConflict,
		"must not be %q beside %s, which makes %s lead connections to it through a tunnel; remove that one, or use "+
			"forwardProxy here", h.Name, n, proxy)
}

func hopRuleIsExported(client string, n neighbor.Object, gateway string) diagnose.Finding {
	return diagnose.Errorf(diag.DestinationRuleConflict,
		"must not have namespace %s beside %s: its rule for gateway %q has exportTo and that of this bundle has "+
			"none, so they do not unite and sidecars follow the older alone; take exportTo out there", client, n, gateway)
}

func hopRuleSelects(client string, n neighbor.Object, gateway string) diagnose.Finding {
	return diagnose.Errorf(diag.DestinationRuleConflict,
		"must not have namespace %s beside %s: its rule for gateway %q has a workloadSelector and that of this bundle has "+
			"none, so what it selects follows it alone, and does not reach the gateway; take workloadSelector out there",
		client, n, gateway)
}

func hopRuleIsLost(client string, n neighbor.Object, gateway string) diagnose.Finding {
	return diagnose.Warnf(diag.DestinationRuleConflict,
		"takes workloads of %[1]s from %[2]s: for gateway %[3]q they follow the rules of their own namespace, so "+
			"subsets of that one do not exist for them; copy it to %[1]s, without exportTo, if they need them",
		client, n, gateway)
}

func laneRuleOpensTLS(l lane, n neighbor.Object, clusterDomain string) diagnose.Finding {
	return diagnose.Errorf(diag.DestinationRuleConflict,
		"must not be %q beside %s, whose host %q makes gateway %q open TLS to it, also around TLS that is there "+
			"already; name the Services of the cluster there, as in \"*.%s\"",
		l.host.Name, n, n.Spec.Host, l.way.Gateway.Name, clusterDomain)
}

func serverExcludes(l lane, n neighbor.Object, theirs neighbor.Server) diagnose.Finding {
	return diagnose.Errorf(diag.GatewayConflict,
		"must not be %q on gateway %q beside %s, whose server for %s speaks %s on port %d: of the two, "+
			"Istio skips the younger; use another port or another gateway for one of them",
		l.host.Name, l.way.Gateway.Name, n, strings.Join(theirs.Hosts, ", "), theirs.Port.Protocol, theirs.Port.Number)
}

func policyDenies(l lane, n neighbor.Object) diagnose.Finding {
	does := "denies its calls"
	if precedence.Allows(n) {
		does = "allows none of its calls, and so denies them"
	}
	return diagnose.Errorf(diag.AuthorizationPolicyConflict, "must not be %q on gateway %q beside %s, which %s; %s",
		l.host.Name, l.way.Gateway.Name, n, does, policyAdvice(l, n))
}

func policyMayDeny(l lane, n neighbor.Object) diagnose.Finding {
	return diagnose.Warnf(diag.AuthorizationPolicyConflict,
		"is reached through gateway %q, where %s may deny calls by what is not known here; to keep it from that, %s",
		l.way.Gateway.Name, n, policyAdvice(l, n))
}

// policyAdvice says how a policy can tell the calls of the bundle, which is by nothing but the
// port where the hop is without mutual TLS.
func policyAdvice(l lane, n neighbor.Object) string {
	bySNI, byPort := "exempt connection.sni %q from it (notValues)", "exempt the port of the hop (notPorts)"
	if precedence.Allows(n) {
		bySNI, byPort = "let it allow connection.sni %q", "let it allow the port of the hop (to.operation.ports)"
	}
	bySNI = fmt.Sprintf(bySNI, "*."+laneDomain(l.destination.Bundle))
	if l.way.MutualTLS {
		return bySNI
	}
	var ports []string
	for _, port := range l.containerPorts() {
		ports = append(ports, strconv.Itoa(port))
	}
	return fmt.Sprintf("without mutual TLS nobody knows who calls: set `mutualTLS: true` and %s, or %s: %s", bySNI, byPort, quoted(ports))
}

func quoted(texts []string) string {
	var all []string
	for _, text := range texts {
		all = append(all, strconv.Quote(text))
	}
	return strings.Join(all, " and ")
}
