// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/diagnose"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/shard"
)

// What is wrong with a destination.

// expired names who can say whether the destination is still needed.
func expired(d api.Destination, asOf api.Date) diagnose.Finding {
	var who []string
	if d.Owner != "" {
		who = append(who, fmt.Sprintf("owner %.80q", d.Owner))
	}
	if d.Ticket != "" {
		who = append(who, fmt.Sprintf("ticket %.80q", d.Ticket))
	}
	known := ""
	if len(who) > 0 {
		known = " (" + join(who) + ")"
	}
	return diagnose.Warnf(diag.Expired,
		"has expired: the last day was %s, judged as of %s%s; remove the destination, or have it approved again and "+
			"set a later date", d.Expires, asOf, known)
}

func onlyThroughGateway() diagnose.Finding {
	return diagnose.Errorf(diag.NeedsGateway,
		"must not be set with `via: Sidecar`; remove it, or use `via: Gateway`")
}

func ambiguousGateway(known []string) diagnose.Finding {
	return diagnose.Errorf(diag.AmbiguousGateway,
		"must name one of the gateways of the mesh: %s", join(known))
}

func unknownGateway(known []string, name string) diagnose.Finding {
	return diagnose.Errorf(diag.UnknownGateway,
		"must name one of the gateways of the mesh (%s), got %q", join(known), name)
}

func missingHosts() diagnose.Finding {
	return diagnose.Errorf(diag.MissingField,
		"is missing; it must be a list of at least one host, such as [api.example.com], unless there is a service")
}

func hostTwice(name string) diagnose.Finding {
	return diagnose.Errorf(diag.DuplicateHost,
		"must stand only once in the list, got %q again", name)
}

func wildcardOverServices(name string) diagnose.Finding {
	return diagnose.Errorf(diag.HostInCluster,
		"must cover hosts outside the cluster only, got %q, which covers every Service", name)
}

func hostIsService(name string) diagnose.Finding {
	return diagnose.Errorf(diag.HostInCluster,
		"must be a host outside the cluster, got %q, which is a Service; workloads reach it without a bundle", name)
}

func hostIsShortName(name string) diagnose.Finding {
	return diagnose.Errorf(diag.HostInCluster,
		"must be a host outside the cluster, got %q, which Pods take for the Service of this name and namespace; "+
			"workloads reach it without a bundle", name)
}

func reservedHost(name string) diagnose.Finding {
	return diagnose.Errorf(diag.ReservedHost,
		"must not end in .%s, got %q: gateways know the traffic of bundles by such names", ir.ReservedDomain, name)
}

func wildcardServerWithoutWildcard() diagnose.Finding {
	return diagnose.Errorf(diag.UnsupportedWildcard,
		"must not be set where no host is a wildcard; remove it")
}

func tcpOfAlias() diagnose.Finding {
	return diagnose.Errorf(diag.AmbiguousAddress,
		"must be of `type: Endpoints` where a port has the pattern TCP, which is told by address alone; use "+
			"that, or hosts with addresses or dnsCapture of the mesh")
}

func tcpOfSeveral() diagnose.Finding {
	return diagnose.Errorf(diag.AmbiguousAddress,
		"must be one host, and no wildcard, where a port has the pattern TCP, which is told by address alone; "+
			"give each host a destination and addresses of its own")
}

func unusedAddresses() diagnose.Finding {
	return diagnose.Warnf(diag.UnusedAddresses,
		"has no effect: it tells TCP, and of requests those to the one address of one host, where no port has TLSPassthrough, "+
			"and nothing of a Service, which has its own; remove it, or use TCP for TLS that is opened to an address")
}

func addressTwice(prefix string) diagnose.Finding {
	return diagnose.Errorf(diag.DuplicateAddress,
		"must stand only once in the list, got %s again", prefix)
}

func tooManyAddresses(got int) diagnose.Finding {
	return diagnose.Errorf(diag.InvalidValue,
		"must have at most %d addresses, got %d; that is what a ServiceEntry holds; use ranges", shard.Size, got)
}

func addressOfNoHost(address string) diagnose.Finding {
	return diagnose.Errorf(diag.InvalidValue,
		"must be the address of another host, got %s", address)
}

func addressOfNode(address string) diagnose.Finding {
	return diagnose.Errorf(diag.InvalidValue,
		"must be the address of another host, got %s, at which each node answers for itself, as with metadata of its cloud: "+
			"a gateway would get those of its own node; let the calls skip the proxies with `bypass: {cidrs: [%[1]s]}`, by which "+
			"they have no gateway, no identity and no log of the mesh", address)
}

func addressOfEveryHost(address string) diagnose.Finding {
	return diagnose.Errorf(diag.InvalidValue,
		"must be the address of another host, or a range of them that is not every address, got %s", address)
}

func rangeOfName(prefix string) diagnose.Finding {
	return diagnose.Errorf(diag.NeedsGateway,
		"must be a single address with `via: Sidecar` where traffic goes to a name, got the range %s; list the "+
			"addresses, give the endpoint or the proxy by its IP address, or use `via: Gateway`", prefix)
}

func rangeOfOneHost(prefix, host string) diagnose.Finding {
	return diagnose.Warnf(diag.AmbiguousAddress,
		"leads every address in %s to the one host %s: a gateway does not know which was called; list the addresses of this "+
			"host, or use `via: Sidecar`, which keeps the address, or say with endpoints where all of them lead", prefix, host)
}

func endpointsBesideProxy() diagnose.Finding {
	return diagnose.Errorf(diag.ForwardProxyConflict,
		"must not be set beside forwardProxy, which looks the host up itself; remove one of them")
}

func tooManyEndpoints(got int) diagnose.Finding {
	return diagnose.Errorf(diag.InvalidValue,
		"must have at most %d endpoints, got %d", shard.Size, got)
}

func endpointTwice(address string) diagnose.Finding {
	return diagnose.Errorf(diag.DuplicateAddress,
		"must stand only once in the list, got %q again", address)
}

func unknownPort(known []ir.Route, port int) diagnose.Finding {
	return diagnose.Errorf(diag.UnknownPort,
		"must be one of the ports that applications call (%s), got %d", join(portsOf(known)), port)
}

func hostsBesideService() diagnose.Finding {
	return diagnose.Errorf(diag.ServiceConflict,
		"must not be set beside service, which is called by the name of the destination; remove one of them")
}

func destinationStartsWithDigit(name string) diagnose.Finding {
	return diagnose.Errorf(diag.InvalidValue,
		"the name must start with a letter where it is the name of a Service, got %q", name)
}

func serviceOfGateway(name string) diagnose.Finding {
	return diagnose.Errorf(diag.DuplicateService,
		"must have another name: %q is the Service of a gateway of the mesh; rename the destination", name)
}

func serviceOfCluster(name, namespace string) diagnose.Finding {
	return diagnose.Errorf(diag.NameConflict,
		"must have another name: in namespace %s, %q is a Service of the cluster itself; rename the destination",
		namespace, name)
}

func missingExternalName() diagnose.Finding {
	return diagnose.Errorf(diag.MissingField,
		"is missing; it must be the name of the host, such as \"api.example.com\"")
}

func addressesOfAlias() diagnose.Finding {
	return diagnose.Errorf(diag.ServiceConflict,
		"must not be set with `type: ExternalName`, which has a name and no address; remove it, or use `type: "+
			"Endpoints`")
}

func serviceThroughGateway() diagnose.Finding {
	return diagnose.Errorf(diag.NeedsSidecar,
		"must have `via: Sidecar` with `type: Endpoints`: its address leads straight from the sidecar to the "+
			"host; add it, or use hosts, or `type: ExternalName`, to go through a gateway")
}

func missingServiceAddresses() diagnose.Finding {
	return diagnose.Errorf(diag.MissingField,
		"is missing; it must be a list of the IP addresses of the host, such as [203.0.113.7]: a Service without "+
			"them leads nowhere")
}

func addressOfNoEndpoint(address string) diagnose.Finding {
	return diagnose.Errorf(diag.InvalidValue,
		"must be the address of one other host, got %s, which Kubernetes refuses in an EndpointSlice", address)
}

func endpointsBesideService() diagnose.Finding {
	return diagnose.Errorf(diag.ServiceConflict,
		"must not be set beside a service of `type: Endpoints`, whose addresses say where traffic goes; remove it")
}

func proxyBesideService() diagnose.Finding {
	return diagnose.Errorf(diag.ServiceConflict,
		"must not be set beside a service of `type: Endpoints`, which leads to addresses and not through a "+
			"proxy; use hosts instead of service")
}

func durationOfTunnel() diagnose.Finding {
	return diagnose.Errorf(diag.ForwardProxyConflict,
		"must not be set where a forwardProxy leads to the host: Istio ignores it for tunnels; remove it")
}

func limitsOfRequests() diagnose.Finding {
	return diagnose.Errorf(diag.NeedsHTTP,
		"must not be set where the mesh sees connections and no requests; remove it, or use a port with the "+
			"pattern HTTP or TLSOrigination")
}

func failoverWithoutDetection() diagnose.Finding {
	return diagnose.Errorf(diag.IncompleteFailover,
		"is missing; without it no endpoint ever counts as failed, and failover never happens; {} is enough")
}

func failoverTwice(region string) diagnose.Finding {
	return diagnose.Errorf(diag.IncompleteFailover,
		"must stand only once in the list, got %q again", region)
}

func failoverToSame(region string) diagnose.Finding {
	return diagnose.Errorf(diag.IncompleteFailover,
		"must be another region than from, got %q", region)
}

func failoverToNowhere(region string) diagnose.Finding {
	return diagnose.Errorf(diag.IncompleteFailover,
		"must be the region of an endpoint, got %q; give an endpoint `locality: %s`", region, region)
}

func detectionWithoutEndpoints() diagnose.Finding {
	return diagnose.Errorf(diag.UnsupportedWildcard,
		"must not be set with a wildcard whose hosts are looked up as they are called: there are no endpoints to "+
			"leave out, and Istio 1.31 crashes on it; remove it, or list the hosts")
}

func durationOfLookedUp() diagnose.Finding {
	return diagnose.Errorf(diag.UnsupportedWildcard,
		"must not be set with a wildcard whose hosts are looked up as they are called: Envoy takes no limits for "+
			"the life of such connections; remove it, or list the hosts")
}

func originalsLeave(headers []string) diagnose.Finding {
	what := map[string]string{
		ir.OriginalHost:                         "header X-Envoy-Original-Host, which is the name",
		ir.OriginalPath:                         "header X-Envoy-Original-Path, which is the path",
		ir.OriginalHost + " " + ir.OriginalPath: "headers X-Envoy-Original-Host and X-Envoy-Original-Path, which are the name and the path",
	}
	return diagnose.Warnf(diag.ProxyHeaders,
		"sends HTTP requests from the sidecar with the %s that the "+
			"application called: disable envoyDebugHeaders and requestId of defaultConfig.proxyHeaders in the "+
			"configuration of the mesh, then set proxyHeaders: Disabled in the mesh", what[strings.Join(headers, " ")])
}
