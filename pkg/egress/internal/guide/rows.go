// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package guide

import (
	"github.com/egressbundle/egressbundle/pkg/egress/explain"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
	"github.com/egressbundle/egressbundle/pkg/egress/runbook"
)

// What stands in access logs. The flags that tell of retries (URX) differ.
const (
	noHost         = "503 UH no_healthy_upstream"
	noHostTCP      = "0 UH - -"
	noCluster      = "503 NC cluster_not_found"
	noClusterTCP   = "0 NC - -"
	refused        = "503 *UF upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}"
	refusedTCP     = `0 UF,URX - - "delayed_connect_error:_Connection_refused"`
	lost           = "503 *UF upstream_reset_before_response_started{connection_timeout}"
	lostTCP        = `0 UF,URX - - "-"`
	notVerified    = "503 *UF upstream_reset_before_response_started{*CERTIFICATE_VERIFY_FAILED:verify_cert_failed:_"
	deniedByPolicy = "rbac_access_denied_matched_policy["
)

const applyAgain = "Apply the objects of the bundle again."

func sidecar(p path) explain.Hop { return p.sidecar() }
func last(p path) explain.Hop    { return p.last() }

// rows are all failures. Each was produced on real proxies, by breaking the one thing: what stands here of logs and of
// curl is what they said.
var rows = []row{
	{
		name:       "virtualservice",
		cause:      "The VirtualService that leads to the gateway is not there.",
		remedy:     applyAgain,
		applies:    throughGateway,
		status:     503,
		request:    noHost,
		connection: noHostTCP,
		cluster:    path.called,
		look:       looksFor(sidecar, kind.VirtualService),
	},
	{
		name:       "sidecar-scope",
		cause:      "A Sidecar of somebody imports too little: the VirtualService is there, and the proxy does not see it.",
		remedy:     "Add `./*` and the namespace of the gateway, with `/*`, to `egress.hosts` of that Sidecar, or delete it.",
		applies:    throughGateway,
		status:     503,
		request:    noHost,
		connection: noHostTCP,
		cluster:    path.called,
		look:       both(looksForSidecars, looksFor(sidecar, kind.VirtualService)),
	},
	{
		name:       "not-declared",
		cause:      "Nothing that the proxy sees is for the host and the port: the ServiceEntry is not there, or a Sidecar imports too little.",
		remedy:     applyAgain + " Of a Sidecar, see the line above.",
		applies:    path.isEnclosed,
		status:     502,
		request:    "502 - direct_response",
		connection: noHostTCP,
		cluster: func(p path) string {
			if p.route.IsHTTP() {
				return "block_all"
			}
			return "BlackHoleCluster"
		},
		look: both(looksFor(sidecar, kind.ServiceEntry), looksForSidecars),
	},
	{
		name: "past-the-gateway",
		cause: "The call arrives past the gateway: the ServiceEntry is not there, or a Sidecar does not import it, " +
			"and the mesh lets out what nothing declares.",
		remedy:     applyAgain + " Of a Sidecar, add `./*` to its `egress.hosts`.",
		applies:    func(p path) bool { return throughGateway(p) && !p.isEnclosed() },
		connection: "0 - - -",
		cluster:    func(path) string { return "PassthroughCluster" },
		other:      asWell,
		look:       both(looksFor(sidecar, kind.ServiceEntry), looksForSidecars),
	},
	{
		name: "destinationrule",
		cause: "What the sidecar sends to is not there: the DestinationRule with the subset, straight from the sidecar the ServiceEntry too. " +
			"Or a Sidecar does not import the Service of the gateway.",
		remedy:     applyAgain,
		applies:    func(p path) bool { return throughGateway(p) || hasSubset(p) || p.route.IsHTTP() },
		status:     503,
		request:    noCluster,
		connection: noClusterTCP,
		look:       both(looksFor(sidecar, kind.DestinationRule, kind.ServiceEntry), looksForSidecars),
	},
	{
		name:       "gateway-pods",
		cause:      "The Service of the gateway has no ready Pod.",
		remedy:     "Look why: `kubectl describe pods`, with the labels of the gateway.",
		applies:    throughGateway,
		status:     503,
		request:    noHost,
		connection: noHostTCP,
		cluster:    onHop,
		look:       looksForPods,
	},
	{
		name:       "gateway",
		cause:      "Nothing listens at the Pods of the gateway: the Gateway is not there, or the Service leads elsewhere.",
		remedy:     applyAgain + " Compare the labels and the ports of the Pods with what the EgressMesh says.",
		applies:    throughGateway,
		status:     503,
		request:    refused,
		connection: refusedTCP,
		cluster:    onHop,
		look:       both(looksFor(last, kind.Gateway), looksForPods),
	},
	{
		name:       "packets-to-gateway",
		cause:      "Packets from the sidecar to the gateway are lost: a NetworkPolicy of the clients or of the gateway drops them.",
		remedy:     "Let the NetworkPolicies of others allow it too: they add up.",
		applies:    throughGateway,
		status:     503,
		request:    lost,
		connection: lostTCP,
		cluster:    onHop,
		look:       looksForNetworkPolicies,
	},
	{
		name:       "gateway-virtualservice",
		cause:      "The VirtualService of the gateway is not there, or it names a Gateway that is not.",
		remedy:     applyAgain,
		applies:    throughGateway,
		atExit:     true,
		status:     404,
		request:    "404 NR route_not_found",
		connection: "0 NR filter_chain_not_found",
		look:       looksFor(last, kind.VirtualService, kind.Gateway),
	},
	{
		name:       "gateway-serviceentry",
		cause:      "The ServiceEntry that tells the gateway of the host is not there.",
		remedy:     applyAgain,
		applies:    throughGateway,
		atExit:     true,
		status:     503,
		request:    noCluster,
		connection: noClusterTCP,
		look:       looksFor(last, kind.ServiceEntry),
	},
	{
		name:       "gateway-destinationrule",
		cause:      "The DestinationRule by which the gateway opens TLS, or asks the forward proxy, is not there.",
		remedy:     applyAgain,
		applies:    func(p path) bool { return throughGateway(p) && hasSubset(p) },
		atExit:     true,
		status:     503,
		request:    noCluster,
		connection: noClusterTCP,
		look:       looksFor(last, kind.DestinationRule),
	},
	{
		name:    "secret",
		cause:   "The Secret of the certificates is not there, or the gateway may not have it: where it calls to, it cannot go.",
		remedy:  "Create the Secret, or the Role and its RoleBinding.",
		applies: func(p path) bool { return throughGateway(p) && p.route.UsesSecret() },
		atExit:  true,
		status:  503,
		request: noCluster,
		look:    both(looksAtSecret, looksAtStatistic("No cluster waits for a Secret:", "cluster_manager.warming_clusters", ": 0")),
	},
	{
		name:       "host-dns",
		cause:      "The name that calls leave to does not resolve.",
		remedy:     "Mend DNS, or the host in the bundle.",
		applies:    leavesToName,
		atExit:     true,
		status:     503,
		request:    noHost,
		connection: noHostTCP,
		cluster:    onward,
		look:       looksAtCluster("The proxy has an address for it:", "hostname::"),
	},
	{
		name:    "ejected",
		cause:   "The host failed so often that `outlierDetection` leaves it out for a while.",
		remedy:  "See why the host fails; it is tried again by itself.",
		applies: func(p path) bool { return p.of.Onward.Policy != nil && p.of.Onward.Policy.OutlierDetection != nil },
		atExit:  true,
		status:  503,
		request: noHost,
		cluster: onward,
		look:    looksAtCluster("The proxy takes it for healthy:", "health_flags::healthy"),
	},
	{
		name:       "host-refuses",
		cause:      "The host, or the endpoint or forward proxy before it, refuses connections.",
		remedy:     "It is down, or its port is another. Ask who runs it.",
		applies:    func(path) bool { return true },
		atExit:     true,
		status:     503,
		request:    refused,
		connection: refusedTCP,
		cluster:    onward,
		look:       looksAtControl,
	},
	{
		name:       "host-silent",
		cause:      "Packets from the last proxy to the host are lost: a firewall or a NetworkPolicy drops them, or the host is down.",
		remedy:     "Ask who runs the network.",
		applies:    func(p path) bool { return p.timeout() == 0 },
		atExit:     true,
		status:     503,
		request:    lost,
		connection: lostTCP,
		cluster:    onward,
		look:       looksAtControl,
	},
	{
		name:  "certificate-authority",
		cause: "Nobody whom the proxy trusts signed the certificate of the host.",
		remedy: "Ask the host whether it changed, and trust no other authority before: somebody may stand between. " +
			"If it did, put that into what the Secret or `caCertificates` names.",
		applies: verifiesHost,
		atExit:  true,
		status:  503,
		request: notVerified + "X509_verify_cert",
		cluster: onward,
		look:    both(looksAtRule, looksAtHost),
	},
	{
		name:    "certificate-name",
		cause:   "The certificate of the host carries none of the names that the bundle says.",
		remedy:  "Ask the host whether it changed: it may be another. If it did, set `subjectAltNames`.",
		applies: verifiesHost,
		atExit:  true,
		status:  503,
		request: notVerified + "SAN_matcher,_certificate_SANs_are_[*]",
		cluster: onward,
		look:    both(looksAtRule, looksAtHost),
	},
	{
		name:    "timeout",
		cause:   "The host took longer to answer than the `timeout` of the bundle.",
		remedy:  "Ask who runs the host, or raise the timeout.",
		applies: func(p path) bool { return p.timeout() != 0 },
		atExit:  true,
		status:  504,
		request: "504 UT response_timeout",
		cluster: onward,
		look:    looksAtTime,
	},
	{
		name:    "reset",
		cause:   "The host ended the connection without an answer.",
		remedy:  "Ask who runs the host; `retries` with `reset` hide it.",
		applies: func(path) bool { return true },
		atExit:  true,
		status:  503,
		request: "503 *UC upstream_reset_before_response_started{connection_termination}", cluster: onward,
		look: looksAtControl,
	},
	{
		name:    "overflow",
		cause:   "More requests wait for the host than `connectionPool` allows.",
		remedy:  "Raise the limit, or see why the host is slow.",
		applies: path.limitsPending,
		atExit:  true,
		status:  503,
		request: "503 UO upstream_reset_before_response_started{overflow}",
		cluster: onward,
		look:    looksAtCluster("How many requests are under way; here, when nobody calls:", "rq_active::0"),
	},
	{
		name:    "identity",
		cause:   "A policy refuses the caller: it is no client of the bundle, or somebody else has a policy at the gateway.",
		remedy:  "Add the caller to `clients`, or ask who wrote the policy.",
		applies: func(p path) bool { return p.overMutualTLS() && !p.route.IsTCP() },
		atExit:  true,
		status:  403,
		request: "403 - " + deniedByPolicy, connection: "0 - - " + deniedByPolicy,
		look: looksForPolicies,
	},
	{
		name:       "handshake",
		cause:      "The gateway ends the handshake: the caller is none of the service accounts of the bundle.",
		remedy:     "Add it to `serviceAccounts`.",
		applies:    func(p path) bool { return p.overMutualTLS() && p.isNamedTCP() },
		atExit:     true,
		connection: `0 - - - "-" 0 0 `,
		cluster:    onward,
		look:       looksAtIdentities,
	},
	{
		name:    "request",
		cause:   "The bundle does not allow this method or path.",
		remedy:  "Add it to `allow` of the port.",
		applies: func(p path) bool { return len(p.route.Exit.Allow) > 0 },
		atExit:  true,
		status:  403,
		request: "403 - direct_response",
	},
	{
		name:    "host-answers",
		cause:   "The host itself answers so: the mesh carried the request.",
		remedy:  "Ask who runs the host.",
		applies: func(path) bool { return true },
		atExit:  true,
		status:  503,
		request: "503 - via_upstream",
		cluster: onward,
	},
	{
		name:       "application-dns",
		cause:      "The application cannot look up the host: that comes before the mesh.",
		remedy:     "Mend the DNS of the cluster, or turn on DNS capture in the mesh.",
		applies:    func(p path) bool { return p.of.Told == ir.ByName },
		request:    "-",
		connection: "-",
		other:      func(_ path, s *runbook.Symptom) { s.Exit, s.Prints, s.Proxy, s.Logs = curlNoHost, "000", "", "" },
		look:       looksAtName,
	},
	{
		name:       "application-certificate",
		cause:      "The application does not trust the certificate of the host: the mesh carried the connection, and does not look into it.",
		remedy:     "Ask the host whether it changed, and trust no other authority before. If it did, give the application the right one.",
		applies:    func(p path) bool { return p.route.IsTLS() },
		atExit:     true,
		connection: "0 - - -",
		cluster:    onward,
		other:      func(_ path, s *runbook.Symptom) { s.Exit = curlCertificate },
		look:       looksAtHost,
	},
	{
		name:       "no-sidecar",
		cause:      "The Pod has no sidecar, or a bypass is for the call: it leaves past the mesh.",
		remedy:     "Label the namespace for injection, and start the Pod again.",
		applies:    func(p path) bool { return !p.plan.Enforce.NetworkPolicy },
		request:    "-",
		connection: "-",
		other:      func(p path, s *runbook.Symptom) { asWell(p, s); s.Proxy, s.Logs = "", "" },
		look:       looksForInjection,
	},
}
