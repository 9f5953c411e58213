// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"cmp"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"
	networking "istio.io/api/networking/v1"
)

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

// sorted returns the policy with its steps in an order of its own: they are a
// set. It returns nil for a policy that says nothing.
func (t *TrafficPolicy) sorted() *TrafficPolicy {
	if t == nil || proto.Size(t.settings()) == 0 {
		return nil
	}
	sorted := *t
	sorted.Failover = slices.SortedFunc(slices.Values(t.Failover), func(a, b Failover) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	return &sorted
}

// settings returns the policy as Istio takes it, and nil for none.
func (t *TrafficPolicy) settings() *networking.TrafficPolicy {
	if t == nil {
		return nil
	}
	return &networking.TrafficPolicy{
		ConnectionPool:   t.connectionPool(),
		LoadBalancer:     t.loadBalancer(),
		OutlierDetection: t.OutlierDetection.settings(),
	}
}

func (t *TrafficPolicy) connectionPool() *networking.ConnectionPoolSettings {
	if t.ConnectTimeout == 0 && t.ConnectionPool == nil {
		return nil
	}
	from := cmp.Or(t.ConnectionPool, &ConnectionPool{})
	pool := &networking.ConnectionPoolSettings{
		Tcp:  from.TCP.settings(t.ConnectTimeout),
		Http: from.HTTP.settings(),
	}
	if proto.Size(pool.GetTcp())+proto.Size(pool.GetHttp()) == 0 {
		return nil // Istio refuses a pool that says nothing.
	}
	return pool
}

func (c *ConnectionPoolTCP) settings(connectTimeout Duration) *networking.ConnectionPoolSettings_TCPSettings {
	if c == nil && connectTimeout == 0 {
		return nil
	}
	c = cmp.Or(c, &ConnectionPoolTCP{})
	settings := &networking.ConnectionPoolSettings_TCPSettings{
		ConnectTimeout:        connectTimeout.proto(),
		MaxConnections:        int32(c.MaxConnections),
		MaxConnectionDuration: c.MaxConnectionDuration.proto(),
	}
	if k := c.TCPKeepalive; k != nil {
		settings.TcpKeepalive = &networking.ConnectionPoolSettings_TCPSettings_TcpKeepalive{
			Interval: k.Interval.proto(),
			Probes:   uint32(k.Probes),
			Time:     k.Time.proto(),
		}
	}
	return settings
}

func (c *ConnectionPoolHTTP) settings() *networking.ConnectionPoolSettings_HTTPSettings {
	if c == nil {
		return nil
	}
	return &networking.ConnectionPoolSettings_HTTPSettings{
		Http1MaxPendingRequests:  int32(c.HTTP1MaxPendingRequests),
		Http2MaxRequests:         int32(c.HTTP2MaxRequests),
		IdleTimeout:              c.IdleTimeout.proto(),
		MaxRequestsPerConnection: int32(c.MaxRequestsPerConnection),
		MaxRetries:               int32(c.MaxRetries),
	}
}

func (o *OutlierDetection) settings() *networking.OutlierDetection {
	if o == nil {
		return nil
	}
	return &networking.OutlierDetection{
		BaseEjectionTime:         o.BaseEjectionTime.proto(),
		Consecutive_5XxErrors:    wrapped(o.Consecutive5xxErrors),
		ConsecutiveGatewayErrors: wrapped(o.ConsecutiveGatewayErrors),
		Interval:                 o.Interval.proto(),
		MaxEjectionPercent:       int32(o.MaxEjectionPercent),
	}
}

func wrapped(n int) *wrapperspb.UInt32Value {
	if n == 0 {
		return nil
	}
	return wrapperspb.UInt32(uint32(n))
}

func (t *TrafficPolicy) loadBalancer() *networking.LoadBalancerSettings {
	if len(t.Failover) == 0 {
		return nil
	}
	setting := &networking.LocalityLoadBalancerSetting{Enabled: wrapperspb.Bool(true)}
	for _, f := range t.Failover {
		setting.Failover = append(setting.Failover, &networking.LocalityLoadBalancerSetting_Failover{From: f.From, To: f.To})
	}
	return &networking.LoadBalancerSettings{LocalityLbSetting: setting}
}
