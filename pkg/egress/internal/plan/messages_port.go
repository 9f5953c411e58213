// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/diagnose"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/facts"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/shard"
)

// What is wrong with a port, or with the options of its pattern.

func tooManyPorts(got int) diagnose.Finding {
	return diagnose.Errorf(diag.InvalidValue,
		"must have at most %d ports, got %d; that is what a ServiceEntry holds", shard.Size, got)
}

func portOfSidecars(port int) diagnose.Finding {
	return diagnose.Errorf(diag.ReservedPort,
		"must not be %d, on which sidecars listen themselves; let applications call another, such as 8080, and lead it "+
			"there: with upstreamPort of TLSOrigination, or with `endpoints: [{address: api.example.com, ports: {8080: %d}}]`",
		port, port)
}

func portTwice(number int) diagnose.Finding {
	return diagnose.Errorf(diag.DuplicatePort,
		"must stand only once in the list, got %d again; one port has one pattern", number)
}

func tlsAfterPlainText(port int, protocol string) diagnose.Finding {
	return diagnose.Warnf(diag.StartTLS,
		"is for connections that are TLS from the first byte; on port %d %s begins in plain text, in which no proxy "+
			"sees a server name, and such calls do not arrive; use TCP, with the addresses of the host or dnsCapture of the "+
			"mesh, over which applications open their TLS with the host itself, unless they open it at once", port, protocol)
}

func plainHTTPOn443() diagnose.Finding {
	return diagnose.Errorf(diag.PlainHTTPOn443,
		"must not be 443 where the application speaks plain HTTP: sidecars would take all HTTPS of their "+
			"workloads for plain HTTP and break it; use port 80, or TLSPassthrough for an application that opens TLS "+
			"itself")
}

func retriesOff() diagnose.Finding {
	return diagnose.Errorf(diag.RetriesOff,
		"must not have perTryTimeout or retryOn with `attempts: 0`, which turns retries off; remove them, or set "+
			"attempts to 1 or more")
}

func requestsThroughProxy() diagnose.Finding {
	return diagnose.Errorf(diag.ForwardProxyConflict,
		"must be TLSPassthrough or TCP where a forwardProxy leads to the host: Istio tunnels connections, and no "+
			"requests; let the application open TLS, and use TLSPassthrough")
}

func allowFromSidecar() diagnose.Finding {
	return diagnose.Errorf(diag.NeedsGateway,
		"must not be set with `via: Sidecar`: nothing checks requests there but the proxy of who sends them; "+
			"remove it, or use `via: Gateway`")
}

func emptyAllow() diagnose.Finding {
	return diagnose.Errorf(diag.MissingField,
		"must have methods or paths, such as {methods: [GET]}; without them it is every request, as without allow")
}

func httpWildcardThroughGateway() diagnose.Finding {
	return diagnose.Errorf(diag.UnsupportedWildcard,
		"must not be HTTP with a wildcard through a gateway, which knows requests by one host each; list the "+
			"hosts, or use `via: Sidecar` with wildcardServer")
}

func httpWildcardShaped() diagnose.Finding {
	return diagnose.Errorf(diag.UnsupportedWildcard,
		"must not have timeout, retries, rewrite, headers, fault or paths with a wildcard: the route would take over the requests of other "+
			"destinations below it; remove them, or list the hosts")
}

func httpWildcardToNowhere() diagnose.Finding {
	return diagnose.Errorf(diag.UnsupportedWildcard,
		"must not be HTTP with a wildcard, unless it is known where it leads: of all hosts on a port, Istio lets "+
			"sidecars look up the wildcard that is declared first; set wildcardServer if one host serves all names, "+
			"or list the hosts")
}

func missingAddresses() diagnose.Finding {
	return diagnose.Errorf(diag.MissingField,
		"is missing: a port with the pattern TCP is told by address alone, unless sidecars answer DNS; list the "+
			"addresses of the host, such as [203.0.113.7] or [203.0.113.0/24], or set `dnsCapture: true` in the mesh if its "+
			"configuration has ISTIO_META_DNS_CAPTURE, or use TLSPassthrough if the application opens TLS at once")
}

func tcpOfWildcard() diagnose.Finding {
	return diagnose.Errorf(diag.UnsupportedWildcard,
		"must not be TCP with a wildcard: istiod allocates no address to a wildcard, and nothing else tells such calls; "+
			"list the hosts, or use TLSPassthrough if the application opens TLS at once")
}

func gatewayPortOverMutualTLS(shared int) diagnose.Finding {
	return diagnose.Errorf(diag.GatewayPortConflict,
		"must not be set where the hop to the gateway is mutual TLS: any number of destinations share its port "+
			"%d; remove it", shared)
}

func gatewayWithoutTCPPort(gateway string) diagnose.Finding {
	return diagnose.Errorf(diag.NeedsMutualTLS,
		"must not be TCP without mutual TLS on the hop: gateway %q has no port for it; set `mutualTLS: true`, or "+
			"give the gateway a port in ports.tcp of the mesh and name it in gatewayPort", gateway)
}

func missingGatewayPort(gateway string, known []int) diagnose.Finding {
	return diagnose.Errorf(diag.MissingField,
		"is missing; it must be one of the ports for TCP of gateway %q (%s): without mutual TLS each port with "+
			"the pattern TCP needs one of its own", gateway, join(known))
}

func unknownGatewayPort(gateway string, known []int, number int) diagnose.Finding {
	return diagnose.Errorf(diag.UnknownGatewayPort,
		"must be one of the ports for TCP of gateway %q (%s), got %d; without mutual TLS each port with the "+
			"pattern TCP needs one of its own", gateway, join(known), number)
}

func originationOfWildcard() diagnose.Finding {
	return diagnose.Errorf(diag.UnsupportedWildcard,
		"must not be TLSOrigination with a wildcard: the mesh opens TLS to a host whose name it knows and "+
			"verifies; list the hosts")
}

func missingNameOfService() diagnose.Finding {
	return diagnose.Errorf(diag.MissingField,
		"is missing; it must be the name of the host, such as \"api.example.com\": TLSOrigination sends it, and "+
			"verifies the certificate with it")
}

func tlsWildcardThroughProxy() diagnose.Finding {
	return diagnose.Errorf(diag.UnsupportedWildcard,
		"must not be used with a wildcard where a forwardProxy leads to the host: Istio asks the proxy for one "+
			"host only; list the hosts in destinations of their own, or set wildcardServer if one host serves all "+
			"names")
}

func tlsWildcardThroughGateway() diagnose.Finding {
	return diagnose.Errorf(diag.UnsupportedWildcard,
		"must not be used with a wildcard through a gateway, which cannot look up what a wildcard stands for; "+
			"set wildcardServer if one host serves all names, or list the hosts, or use `via: Sidecar`")
}

func openWildcard(port int) diagnose.Finding {
	return diagnose.Warnf(diag.OpenWildcard,
		"opens every address on port %d: before Istio %s sidecars cannot look up what a wildcard stands for, and "+
			"believe any caller that names such a host; set wildcardServer if one host serves all names, or list the "+
			"hosts", port, facts.DynamicDNSVersion)
}

func aliasThroughGateway(name string) diagnose.Finding {
	return diagnose.Errorf(diag.NeedsSidecar,
		"must not be TLSPassthrough for a service through a gateway: applications that open TLS name the host "+
			"itself, and the gateway knows no other name; use `hosts: [%s]` and that name, or TLSOrigination, or "+
			"`via: Sidecar`", name)
}

func authoritiesOfSecret(secret string) diagnose.Finding {
	return diagnose.Warnf(diag.CertificateSource,
		"takes the CA certificates from the key ca.crt of the Secret %[1]q, and not from the system: Istio "+
			"cannot join the two; say so with `caCertificates: {secret: %[1]s}`", secret)
}

func authoritiesElsewhere(secret string) diagnose.Finding {
	return diagnose.Errorf(diag.CertificateSource,
		"must be {secret: %[1]s} or {secret: %[1]s-cacert} beside `clientCertificate: {secret: %[1]s}`: Istio "+
			"looks nowhere else for them; put the CA certificates there under the key ca.crt, or use files for both",
		secret)
}

func authoritiesBesideFiles() diagnose.Finding {
	return diagnose.Errorf(diag.CertificateSource,
		"must be a file beside the files of clientCertificate: Istio takes all certificates from files, or all "+
			"from one Secret; use {file: PATH}, or leave it out for those of the system")
}

func authoritiesFromSidecar() diagnose.Finding {
	return diagnose.Errorf(diag.NeedsGateway,
		"must be a file with `via: Sidecar`: sidecars do not fetch Secrets and ConfigMaps by themselves; use "+
			"{file: PATH}, or `via: Gateway`")
}

func clientSecretFromSidecar() diagnose.Finding {
	return diagnose.Errorf(diag.NeedsGateway,
		"must be files with `via: Sidecar`: a sidecar fetches a Secret only for workloads that a selector names, "+
			"with a Role that lets them read it; use {files: ...}, or `via: Gateway`, where the gateway alone holds "+
			"the key")
}

func fileInEtcCerts(file string) diagnose.Finding {
	return diagnose.Errorf(diag.CertificateFolder,
		"must not be in /etc/certs, got %q: nothing is mounted there since Istio 1.5; use the folder of a Secret "+
			"of your own, such as /etc/istio/partner-certs", file)
}

func fileInNoFolderOfItsOwn(file string) diagnose.Finding {
	return diagnose.Errorf(diag.CertificateFolder,
		"must be in a folder of its own that is named as the Secret to mount there, such as "+
			"/etc/istio/partner-certs/tls.crt, got %q", file)
}

func revokedBesideObject() diagnose.Finding {
	return diagnose.Errorf(diag.CertificateSource,
		"must not be set where the certificates come from a Secret or a ConfigMap: Istio takes the list from there; put it "+
			"beside them under the key ca.crl")
}

func besideSkipVerify() diagnose.Finding {
	return diagnose.Errorf(diag.CertificateSource,
		"must not be set beside insecureSkipVerify, with which nothing is verified; remove one of them")
}

func missingNameOfProxy() diagnose.Finding {
	return diagnose.Errorf(diag.MissingField,
		"is missing; it must be the name of the proxy, such as \"proxy.corp.internal\": its address is no server name")
}

func tooManyPaths(got int) diagnose.Finding {
	return diagnose.Errorf(diag.InvalidValue, "must have at most %d paths, got %d", mostPaths, got)
}

func everyPath() diagnose.Finding {
	return diagnose.Errorf(diag.InvalidValue,
		"must be more exact than /*, which is every path; put what it says beside paths, which is for every path")
}

func pathNotNormalized(path, read string) diagnose.Finding {
	return diagnose.Errorf(diag.InvalidValue,
		"must be a path as proxies read it, got %q: they compare %q with it, and nothing meets it; write that", path, read)
}

func pathNotAllowed() diagnose.Finding {
	return diagnose.Errorf(diag.InvalidValue,
		"must be a path of requests that `allow` lets pass, as the application sends it; remove it, or add it there")
}

func emptyRewrite() diagnose.Finding {
	return diagnose.Errorf(diag.MissingField, "must have uri or authority, such as {uri: /v2/}")
}

func emptyOperations() diagnose.Finding {
	return diagnose.Errorf(diag.MissingField, "must have set, add or remove, such as {set: {x-tenant: acme}}")
}

func rewriteWithoutSlash(path, uri string) diagnose.Finding {
	replaced := strings.TrimSuffix(path, "*")
	return diagnose.Errorf(diag.InvalidValue,
		"must end with / as what it replaces does: %[2]q in the place of %[1]q makes %[2]susers of %[1]susers; use %[3]q",
		replaced, uri, uri+"/")
}

func hostHeader() diagnose.Finding {
	return diagnose.Errorf(diag.InvalidValue, "must not be host, which headers cannot change; use `rewrite: {authority: api.example.com}`")
}

func framingHeader(name string) diagnose.Finding {
	return diagnose.Errorf(diag.InvalidValue,
		"must not be %s, which says where a message or its connection ends, and is for the proxies; remove it", name)
}

func headerOfProxies(name string) diagnose.Finding {
	return diagnose.Errorf(diag.InvalidValue,
		"must not be %s: with headers that begin so proxies of the mesh tell each other what to do, and take them away "+
			"where requests leave; use another name", name)
}

func faultForTests(f api.Fault) diagnose.Finding {
	return diagnose.Warnf(diag.Fault, "makes requests fail that would not: %s; it is for tests of applications, so remove it after them", f)
}

func statusOfGRPC() diagnose.Finding {
	return diagnose.Errorf(diag.InvalidValue, "must not be set unless `protocol: GRPC` is; use httpStatus")
}

func oneStatus() diagnose.Finding {
	return diagnose.Errorf(diag.MissingField, "must have either httpStatus or grpcStatus, such as {httpStatus: 503}")
}

func headerSetAgain(name string) diagnose.Finding {
	return diagnose.Errorf(diag.InvalidValue, "must not be %s, which each proxy on the way back sets by itself; remove it", name)
}
