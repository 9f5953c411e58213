// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package calls

import "github.com/egressbundle/egressbundle/conformance/trace"

// A Policy is how connections to a host are made and limited, in the words of a
// DestinationRule. What is not said is as Istio has it by default. For calls
// that the mesh carries as bytes, limits of requests are not said: they do not
// apply.
type Policy struct {
	ConnectTimeout           string     `json:"connectTimeout,omitempty"`
	MaxConnections           uint32     `json:"maxConnections,omitempty"`
	MaxConnectionDuration    string     `json:"maxConnectionDuration,omitempty"`
	TCPKeepalive             *Keepalive `json:"tcpKeepalive,omitempty"`
	HTTP1MaxPendingRequests  uint32     `json:"http1MaxPendingRequests,omitempty"`
	HTTP2MaxRequests         uint32     `json:"http2MaxRequests,omitempty"`
	MaxRequestsPerConnection uint32     `json:"maxRequestsPerConnection,omitempty"`
	MaxRetries               uint32     `json:"maxRetries,omitempty"`
	IdleTimeout              string     `json:"idleTimeout,omitempty"`

	// When endpoints that fail are left out. Interval, BaseEjectionTime and
	// MaxEjectionPercent are said whenever they are, also where they are Envoy's
	// own: 10s, 30s and 10.
	Consecutive5xxErrors     uint32 `json:"consecutive5xxErrors,omitempty"`
	ConsecutiveGatewayErrors uint32 `json:"consecutiveGatewayErrors,omitempty"`
	Interval                 string `json:"interval,omitempty"`
	BaseEjectionTime         string `json:"baseEjectionTime,omitempty"`
	MaxEjectionPercent       uint32 `json:"maxEjectionPercent,omitempty"`
}

// A Keepalive is how idle connections are probed. What is not said is as the
// system has it.
type Keepalive struct {
	Probes   uint32 `json:"probes,omitempty"`
	Time     string `json:"time,omitempty"`
	Interval string `json:"interval,omitempty"`
}

// policyOf returns nil for the defaults.
func policyOf(p trace.Policy) *Policy {
	if p == (trace.Policy{}) {
		return nil
	}
	out := &Policy{
		ConnectTimeout:           duration(p.ConnectTimeout),
		MaxConnections:           p.MaxConnections,
		MaxConnectionDuration:    duration(p.MaxConnectionDuration),
		HTTP1MaxPendingRequests:  p.MaxPendingRequests,
		HTTP2MaxRequests:         p.MaxRequests,
		MaxRequestsPerConnection: p.MaxRequestsPerConnection,
		MaxRetries:               p.MaxRetries,
		IdleTimeout:              duration(p.IdleTimeout),
	}
	if k := p.Keepalive; k != nil {
		out.TCPKeepalive = &Keepalive{Probes: k.Probes, Time: duration(k.Time), Interval: duration(k.Interval)}
	}
	if o := p.Outlier; o != nil {
		out.Consecutive5xxErrors = o.Consecutive5xx
		out.ConsecutiveGatewayErrors = o.ConsecutiveGateway
		out.Interval = duration(o.Interval)
		out.BaseEjectionTime = duration(o.BaseEjection)
		out.MaxEjectionPercent = o.MaxEjectionPercent
	}
	return out
}
