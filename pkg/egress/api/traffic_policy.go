// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package api

// A TrafficPolicy says how connections to a host are made, limited and spread.
// Its fields are those of Istio's DestinationRule. It applies where traffic
// leaves the mesh: at the gateway, or at the sidecar with ViaSidecar.
//
// https://istio.io/latest/docs/reference/config/networking/destination-rule/#TrafficPolicy
type TrafficPolicy struct {
	// ConnectTimeout is how long a connection may take to be made. Default: 10s.
	ConnectTimeout Duration `json:"connectTimeout,omitempty"`
	// ConnectionPool limits connections and requests. Default: no limits.
	ConnectionPool *ConnectionPool `json:"connectionPool,omitempty"`
	// OutlierDetection leaves endpoints out that fail. Default: it does not.
	OutlierDetection *OutlierDetection `json:"outlierDetection,omitempty"`
	// Failover leads from one region to another when endpoints fail. It needs
	// OutlierDetection, and endpoints with localities.
	Failover []Failover `json:"failover,omitempty"`
}

// A ConnectionPool limits connections and requests. Zero fields do not.
type ConnectionPool struct {
	TCP  *ConnectionPoolTCP  `json:"tcp,omitempty"`
	HTTP *ConnectionPoolHTTP `json:"http,omitempty"`
}

// ConnectionPoolTCP limits connections.
type ConnectionPoolTCP struct {
	MaxConnections        int           `json:"maxConnections,omitempty"`
	MaxConnectionDuration Duration      `json:"maxConnectionDuration,omitempty"`
	TCPKeepalive          *TCPKeepalive `json:"tcpKeepalive,omitempty"`
}

// TCPKeepalive sends probes over idle connections, as tcp(7) of Linux describes.
// Time and Interval are whole seconds. Zero fields are those of the system.
type TCPKeepalive struct {
	Probes   int      `json:"probes,omitempty"`
	Time     Duration `json:"time,omitempty"`
	Interval Duration `json:"interval,omitempty"`
}

// ConnectionPoolHTTP limits requests. It needs a port whose requests the mesh
// sees.
type ConnectionPoolHTTP struct {
	HTTP1MaxPendingRequests  int `json:"http1MaxPendingRequests,omitempty"`
	HTTP2MaxRequests         int `json:"http2MaxRequests,omitempty"`
	MaxRequestsPerConnection int `json:"maxRequestsPerConnection,omitempty"`
	MaxRetries               int `json:"maxRetries,omitempty"`
	// IdleTimeout is how long a connection without requests stays open.
	// Default: 1h.
	IdleTimeout Duration `json:"idleTimeout,omitempty"`
}

// OutlierDetection leaves an endpoint out for a while if it fails. A connection
// that cannot be made counts as an answer 5xx.
type OutlierDetection struct {
	// Consecutive5xxErrors is how many answers 5xx in a row are a failure.
	// Default: 5.
	Consecutive5xxErrors int `json:"consecutive5xxErrors,omitempty"`
	// ConsecutiveGatewayErrors is the same for 502, 503 and 504. Default: they
	// count as 5xx only.
	ConsecutiveGatewayErrors int `json:"consecutiveGatewayErrors,omitempty"`
	// Interval is the time between two judgements. Default: 10s.
	Interval Duration `json:"interval,omitempty"`
	// BaseEjectionTime is how long an endpoint is left out the first time.
	// Default: 30s.
	BaseEjectionTime Duration `json:"baseEjectionTime,omitempty"`
	// MaxEjectionPercent is how many of the endpoints may be left out at once.
	// Default: 10.
	MaxEjectionPercent int `json:"maxEjectionPercent,omitempty"`
}

// A Failover leads from the endpoints of one region to those of another.
type Failover struct {
	From string `json:"from"`
	To   string `json:"to"`
}
