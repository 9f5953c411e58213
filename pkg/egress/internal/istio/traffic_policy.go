// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package istio

import (
	"cmp"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"
	networking "istio.io/api/networking/v1"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

// hasPolicy reports whether anything is to be said of how connections for a route are made.
func hasPolicy(d *ir.Destination, r ir.Route) bool { return d.Onward.Policy != nil || isHTTP1(r) }

// isHTTP1 reports whether requests must leave as HTTP/1.1. Unless a rule of the host says so,
// h2UpgradePolicy of the mesh, or of a rule for every host, makes HTTP/2 of them, which servers
// outside may not know.
// https://istio.io/latest/docs/reference/config/networking/destination-rule/#ConnectionPoolSettings-HTTPSettings-H2UpgradePolicy
func isHTTP1(r ir.Route) bool { return r.Protocol == ir.HTTP }

// trafficPolicy returns the policy for some routes of a destination as Istio takes it, and nil
// for none.
func trafficPolicy(d *ir.Destination, routes ...ir.Route) *networking.TrafficPolicy {
	if !slices.ContainsFunc(routes, func(r ir.Route) bool { return hasPolicy(d, r) }) {
		return nil
	}
	stated := cmp.Or(d.Onward.Policy, &api.TrafficPolicy{})
	return &networking.TrafficPolicy{
		ConnectionPool:   connectionPool(stated, slices.ContainsFunc(routes, isHTTP1)),
		LoadBalancer:     loadBalancer(stated),
		OutlierDetection: outlierDetection(stated.OutlierDetection),
	}
}

func connectionPool(t *api.TrafficPolicy, http1 bool) *networking.ConnectionPoolSettings {
	from := cmp.Or(t.ConnectionPool, &api.ConnectionPool{})
	pool := &networking.ConnectionPoolSettings{
		Tcp:  connectionPoolTCP(from.TCP, t.ConnectTimeout),
		Http: connectionPoolHTTP(from.HTTP, http1),
	}
	if proto.Size(pool.GetTcp())+proto.Size(pool.GetHttp()) == 0 {
		return nil // Istio refuses a pool that says nothing.
	}
	return pool
}

func connectionPoolTCP(c *api.ConnectionPoolTCP, connectTimeout api.Duration) *networking.ConnectionPoolSettings_TCPSettings {
	if c == nil && connectTimeout == 0 {
		return nil
	}
	c = cmp.Or(c, &api.ConnectionPoolTCP{})
	settings := &networking.ConnectionPoolSettings_TCPSettings{
		ConnectTimeout:        duration(connectTimeout),
		MaxConnections:        int32(c.MaxConnections),
		MaxConnectionDuration: duration(c.MaxConnectionDuration),
	}
	if k := c.TCPKeepalive; k != nil {
		settings.TcpKeepalive = &networking.ConnectionPoolSettings_TCPSettings_TcpKeepalive{
			Interval: duration(k.Interval),
			Probes:   uint32(k.Probes),
			Time:     duration(k.Time),
		}
	}
	return settings
}

func connectionPoolHTTP(c *api.ConnectionPoolHTTP, http1 bool) *networking.ConnectionPoolSettings_HTTPSettings {
	if c == nil && !http1 {
		return nil
	}
	c = cmp.Or(c, &api.ConnectionPoolHTTP{})
	settings := &networking.ConnectionPoolSettings_HTTPSettings{
		Http1MaxPendingRequests:  int32(c.HTTP1MaxPendingRequests),
		Http2MaxRequests:         int32(c.HTTP2MaxRequests),
		IdleTimeout:              duration(c.IdleTimeout),
		MaxRequestsPerConnection: int32(c.MaxRequestsPerConnection),
		MaxRetries:               int32(c.MaxRetries),
	}
	if http1 {
		settings.H2UpgradePolicy = networking.ConnectionPoolSettings_HTTPSettings_DO_NOT_UPGRADE
	}
	return settings
}

func outlierDetection(o *api.OutlierDetection) *networking.OutlierDetection {
	if o == nil {
		return nil
	}
	return &networking.OutlierDetection{
		BaseEjectionTime:         duration(o.BaseEjectionTime),
		Consecutive_5XxErrors:    wrapped(o.Consecutive5xxErrors),
		ConsecutiveGatewayErrors: wrapped(o.ConsecutiveGatewayErrors),
		Interval:                 duration(o.Interval),
		MaxEjectionPercent:       int32(o.MaxEjectionPercent),
	}
}

// wrapped returns nil, which is the default, for a number that is not set.
func wrapped(n int) *wrapperspb.UInt32Value {
	if n == 0 {
		return nil
	}
	return wrapperspb.UInt32(uint32(n))
}

func loadBalancer(t *api.TrafficPolicy) *networking.LoadBalancerSettings {
	if len(t.Failover) == 0 {
		return nil
	}
	setting := &networking.LocalityLoadBalancerSetting{Enabled: wrapperspb.Bool(true)}
	for _, f := range t.Failover {
		setting.Failover = append(setting.Failover, &networking.LocalityLoadBalancerSetting_Failover{From: f.From, To: f.To})
	}
	return &networking.LoadBalancerSettings{LocalityLbSetting: setting}
}
