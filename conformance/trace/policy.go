// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package trace

import (
	"cmp"
	"math"
	"time"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	http "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// defaultConnectTimeout is what Istio gives to every cluster that does not say otherwise.
const defaultConnectTimeout = 10 * time.Second

// policyOf reads how a cluster makes and limits connections. For bytes, how long a connection lives is said by the
// listener and not by the cluster, whose options are for HTTP.
func policyOf(c *cluster.Cluster, options *http.HttpProtocolOptions, d departure) Policy {
	limits := thresholds(c)
	p := Policy{
		MaxConnections:        limit(limits.GetMaxConnections()),
		MaxPendingRequests:    limit(limits.GetMaxPendingRequests()),
		IdleTimeout:           d.idleTimeout,
		MaxConnectionDuration: d.maxDuration,
		Keepalive:             keepaliveOf(c.GetUpstreamConnectionOptions().GetTcpKeepalive()),
		Outlier:               outlierOf(c.GetOutlierDetection()),
	}
	if timeout := c.GetConnectTimeout().AsDuration(); timeout != defaultConnectTimeout {
		p.ConnectTimeout = timeout
	}
	if d.isHTTP {
		common := options.GetCommonHttpProtocolOptions()
		p.MaxRequests = limit(limits.GetMaxRequests())
		p.MaxRetries = limit(limits.GetMaxRetries())
		p.MaxRequestsPerConnection = common.GetMaxRequestsPerConnection().GetValue()
		p.IdleTimeout = common.GetIdleTimeout().AsDuration()
		p.MaxConnectionDuration = common.GetMaxConnectionDuration().AsDuration()
	}
	return p
}

// thresholds returns the limits for traffic of default priority, which all traffic is.
func thresholds(c *cluster.Cluster) *cluster.CircuitBreakers_Thresholds {
	for _, t := range c.GetCircuitBreakers().GetThresholds() {
		if t.GetPriority() == core.RoutingPriority_DEFAULT {
			return t
		}
	}
	return nil
}

// limit returns zero for the greatest number, with which Istio turns a limit off.
func limit(v *wrapperspb.UInt32Value) uint32 {
	if v.GetValue() == math.MaxUint32 {
		return 0
	}
	return v.GetValue()
}

func keepaliveOf(k *core.TcpKeepalive) *Keepalive {
	if k == nil {
		return nil
	}
	return &Keepalive{
		Probes:   k.GetKeepaliveProbes().GetValue(),
		Time:     time.Duration(k.GetKeepaliveTime().GetValue()) * time.Second,
		Interval: time.Duration(k.GetKeepaliveInterval().GetValue()) * time.Second,
	}
}

// outlierOf fills in Envoy's defaults, among them that errors 5xx are enforced and gateway errors are not.
func outlierOf(o *cluster.OutlierDetection) *Outlier {
	if o == nil {
		return nil
	}
	out := &Outlier{
		Interval:           durationOr(o.GetInterval(), 10*time.Second),
		BaseEjection:       durationOr(o.GetBaseEjectionTime(), 30*time.Second),
		MaxEjectionPercent: valueOr(o.GetMaxEjectionPercent(), 10),
	}
	if valueOr(o.GetEnforcingConsecutive_5Xx(), 100) > 0 {
		out.Consecutive5xx = valueOr(o.GetConsecutive_5Xx(), 5)
	}
	if valueOr(o.GetEnforcingConsecutiveGatewayFailure(), 0) > 0 {
		out.ConsecutiveGateway = valueOr(o.GetConsecutiveGatewayFailure(), 5)
	}
	return out
}

func valueOr(v *wrapperspb.UInt32Value, implied uint32) uint32 {
	if v == nil {
		return implied
	}
	return v.GetValue()
}

func durationOr(d *durationpb.Duration, implied time.Duration) time.Duration {
	return cmp.Or(d.AsDuration(), implied)
}
