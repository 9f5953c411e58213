// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package istio

import (
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/diagnose"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/neighbor"
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

func routeTakesHost(c called, n neighbor.Object) diagnose.Finding {
	return diagnose.Errorf(diag.VirtualServiceConflict,
		"must not be %[1]q beside %[2]s, which leads calls of workloads of %[3]s elsewhere; take the host out "+
			"there, or do not show it to %[3]s with exportTo", c.host.Name, n, c.client)
}

func routeForSameClients(c called, n neighbor.Object) diagnose.Finding {
	return diagnose.Errorf(diag.VirtualServiceConflict,
		"must not be %q beside %s, which is for the host and for workloads of %s as well: sidecars follow one of "+
			"the two, the older; take the host out there", c.host.Name, n, c.client)
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

func hopRuleIsExported(client string, n neighbor.Object, gateway string) diagnose.Finding {
	return diagnose.Errorf(diag.DestinationRuleConflict,
		"must not have namespace %s beside %s: its rule for gateway %q has exportTo and that of this bundle has "+
			"none, so they do not unite and sidecars follow the older alone; take exportTo out there", client, n, gateway)
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
		"must not be %q on gateway %q beside %s, whose server for %s speaks %s on port %d of it: of the two, "+
			"Istio skips the younger; use another port or another gateway for one of them",
		l.host.Name, l.way.Gateway.Name, n, strings.Join(theirs.Hosts, ", "), theirs.Port.Protocol, l.crossing.server.port)
}

func policyAllowsNothing(gateway string, n neighbor.Object) diagnose.Finding {
	return diagnose.Errorf(diag.AuthorizationPolicyConflict,
		"must not lead through gateway %q beside %s, which allows nothing there; give it rules, or a selector "+
			"that leaves out the gateway", gateway, n)
}

func policyAllowsOthers(gateway string, n neighbor.Object, b ir.BundleID) diagnose.Finding {
	return diagnose.Warnf(diag.AuthorizationPolicyConflict,
		"lead through gateway %q, where %s denies whatever it does not allow; let it allow the SNIs \"*.%s.%s.%s\" "+
			"(connection.sni)", gateway, n, b.Name, b.Namespace, ir.ReservedDomain)
}
