// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

// sortedPolicy returns a policy with its steps in an order of its own: they are a set. What
// says nothing is nil in it, and so is a policy that says nothing.
func sortedPolicy(from *api.TrafficPolicy) *api.TrafficPolicy {
	if from == nil || saysNothing(*from) {
		return nil
	}
	sorted := *from
	sorted.ConnectionPool = plainPool(from.ConnectionPool)
	sorted.Failover = slices.SortedFunc(slices.Values(from.Failover), func(a, b api.Failover) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	return &sorted
}

// saysNothing reports whether a policy leaves everything as the mesh does it. One that turns
// the detection of outliers on says something, also without details.
func saysNothing(t api.TrafficPolicy) bool {
	return t.ConnectTimeout == 0 && t.OutlierDetection == nil && len(t.Failover) == 0 && plainPool(t.ConnectionPool) == nil
}

// plainPool returns the limits of a pool, and nil where there are none.
func plainPool(from *api.ConnectionPool) *api.ConnectionPool {
	pool := *cmp.Or(from, &api.ConnectionPool{})
	if pool.TCP != nil && *pool.TCP == (api.ConnectionPoolTCP{}) {
		pool.TCP = nil
	}
	if pool.HTTP != nil && *pool.HTTP == (api.ConnectionPoolHTTP{}) {
		pool.HTTP = nil
	}
	if pool == (api.ConnectionPool{}) {
		return nil
	}
	return &pool
}

// checkTrafficPolicy refuses settings that nothing would follow.
func (d destination) checkTrafficPolicy(routes []ir.Route) {
	policy := d.from.TrafficPolicy
	if policy == nil {
		return
	}
	path := d.path.Child("trafficPolicy")
	if d.isLookedUp() {
		d.checkLookedUp(path, policy)
	}
	if d.from.ForwardProxy != nil && limitsDuration(policy) {
		d.Report(maxConnectionDuration(path), durationOfTunnel())
	}
	pool := policy.ConnectionPool
	if pool != nil && pool.HTTP != nil && !slices.ContainsFunc(routes, ir.Route.IsHTTP) {
		d.Report(path.Child("connectionPool").Child("http"), limitsOfRequests())
	}
	if len(policy.Failover) > 0 && policy.OutlierDetection == nil {
		d.Report(path.Child("outlierDetection"), failoverWithoutDetection())
	}
	d.checkFailover(path.Child("failover"), policy.Failover)
}

func limitsDuration(policy *api.TrafficPolicy) bool {
	pool := policy.ConnectionPool
	return pool != nil && pool.TCP != nil && pool.TCP.MaxConnectionDuration != 0
}

func maxConnectionDuration(path field.Path) field.Path {
	return path.Child("connectionPool").Child("tcp").Child("maxConnectionDuration")
}

func (d destination) checkFailover(path field.Path, steps []api.Failover) {
	regions := map[string]bool{}
	for _, e := range d.from.Endpoints {
		regions[region(e.Locality)] = true
	}
	seen := map[api.Failover]bool{}
	for i, step := range steps {
		to := path.Item(i).Child("to")
		switch {
		case seen[step]:
			d.Report(to, failoverTwice(step.To))
		case step.From == step.To:
			d.Report(to, failoverToSame(step.To))
		case !regions[step.To]:
			d.Report(to, failoverToNowhere(step.To))
		}
		seen[step] = true
	}
}

func region(locality string) string {
	region, _, _ := strings.Cut(locality, "/")
	return region
}

// checkLookedUp refuses what Istio 1.31 does not survive, and what Envoy rejects.
func (d destination) checkLookedUp(path field.Path, policy *api.TrafficPolicy) {
	if policy.OutlierDetection != nil {
		d.Report(path.Child("outlierDetection"), detectionWithoutEndpoints())
	}
	if limitsDuration(policy) {
		d.Report(maxConnectionDuration(path), durationOfLookedUp())
	}
}
