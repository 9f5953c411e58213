// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package trace

import "time"

// A Result says what becomes of a call.
type Result struct {
	// Blocked is why the call does not leave the mesh, in the words of Envoy where it has some: "BlackHoleCluster",
	// "502 block_all", "503 NC: cluster ... does not exist", "403 RBAC: ...". It is empty if the call leaves.
	Blocked string

	// Direct is set if the call leaves from the caller's sidecar, without passing a gateway.
	Direct bool
	// Unregistered is set if it leaves only because unknown destinations are allowed.
	Unregistered bool
	// Gateway is the gateway it passes, as namespace/service.
	Gateway string
	// Hop is the leg from the sidecar to the gateway.
	Hop Hop

	// Exit is where the call leaves to.
	Exit Exit
	// TLS is what the mesh opens on the last leg. It is empty if the mesh leaves the call as it is.
	TLS TLS
	// DoubleTLS is set if the mesh encrypts what the caller encrypted already. No server understands that, unless it is
	// a proxy that unwraps it: TLS around a tunnel is no double TLS.
	DoubleTLS bool
	// Headers are what the mesh adds to the request and the host receives.
	Headers []string
	// Answer are the headers that the response gets at the exit. Those that are taken away are empty.
	Answer map[string]string
	// Fault is what the last route does to some requests.
	Fault Fault
	// Timeout and Retries are those of the last route.
	Timeout time.Duration
	Retries Retries
	// Policy is how the last proxy makes and limits the connections of the last leg.
	Policy Policy

	// Proxies are those that the call came to, in order.
	Proxies []Proxy
	// Steps tells the way of the call, proxy by proxy, for people to read.
	Steps []string
}

// A Proxy is one that a call came to, and what it followed there.
type Proxy struct {
	// Objects are the VirtualServices and DestinationRules, as KIND NAMESPACE/NAME, in the order in which the call met them.
	Objects []string
	// Cluster is where the proxy sends the call. It is empty if it sends it nowhere.
	Cluster string
}

// A Hop is the leg of a call from the sidecar to the gateway.
type Hop struct {
	TLS      string // ISTIO_MUTUAL, SIMPLE or MUTUAL; empty if the sidecar opens no TLS
	SNI      string // what the gateway sees, also when the caller sent it
	Identity string // SPIFFE ID of the caller, if the gateway can verify it
	HTTP2    bool
}

// An Exit is the far end of the last leg.
type Exit struct {
	Addresses []string // host:port, sorted; host names are resolved by the proxy
	// Priorities are the addresses in the order in which they take over from one another, each group sorted. They are
	// empty if all addresses have the same priority.
	Priorities [][]string
	// Connect is the host:port that the last proxy asks a forward proxy at Addresses for, with the method CONNECT. It is
	// empty if the call is not tunneled.
	Connect   string
	Authority string // the Host header, for HTTP; that within the tunnel, if there is one
	Path      string // of the request, with its query; empty: as the application sent it
	// Headers are those of the request that the application sends or that routes add, by names in lower case.
	Headers map[string]string
	// Weights are those of the addresses, if any has another than the rest.
	Weights map[string]uint32
	HTTP2   bool
}

// TLS is a TLS client's configuration.
type TLS struct {
	Mode       string   // SIMPLE, MUTUAL or ISTIO_MUTUAL; empty for none
	SNI        string   // server name it asks for
	SANs       []string // names of which the server's certificate must carry one
	CA         string   // secret that holds the roots; empty if the server's certificate is not verified
	CRL        string   // file of what is revoked
	Credential string   // secret that holds the client certificate
	ALPN       []string
}

// Retries is the retry policy of a route.
type Retries struct {
	Attempts      uint32
	PerTryTimeout time.Duration
	On            string
}

// A Policy is how connections are made, limited and given up. What is as Istio has it by default is zero. So is what
// does not apply to the call: limits of requests where the proxy handles bytes, and all of it where the host is not
// registered.
type Policy struct {
	ConnectTimeout           time.Duration // zero for the default of 10s
	MaxConnections           uint32
	MaxPendingRequests       uint32 // how many requests or connections wait for a connection
	MaxRequests              uint32
	MaxRetries               uint32
	MaxRequestsPerConnection uint32
	IdleTimeout              time.Duration
	MaxConnectionDuration    time.Duration
	Keepalive                *Keepalive // nil if connections are not probed
	Outlier                  *Outlier   // nil if endpoints that fail stay in use
}

// A Keepalive is how idle connections are probed. Zero is what the system does.
type Keepalive struct {
	Probes         uint32
	Time, Interval time.Duration
}

// An Outlier is when an endpoint that fails is left out for a while. Values that nobody set are Envoy's own.
type Outlier struct {
	Consecutive5xx     uint32 // zero if these errors do not count
	ConsecutiveGateway uint32 // zero if these errors do not count
	Interval           time.Duration
	BaseEjection       time.Duration
	MaxEjectionPercent uint32
}
