// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"github.com/egressbundle/egressbundle/conformance/calls"
)

// The promises for TCP that is told by name.
var (
	nameFirst    = promise{golden: "tcp/by_name", from: "shop", call: "tcp://orders-1.db.example.com:5432"}
	nameSecond   = nameFirst.calling("tcp://orders-2.db.example.com:5432")
	nameUnlisted = nameFirst.calling("tcp://other.db.example.com:5432")
	nameElse     = nameFirst.at("203.0.113.254")

	nameSidecar      = promise{golden: "tcp/by_name_sidecar", from: "shop", call: "tcp://b-1.kafka.example.com:9092"}
	nameSidecarOther = nameSidecar.calling("tcp://b-3.kafka.example.com:9092")
)

// What tells single hosts apart at their clients.
const (
	firstEntry   = "ServiceEntry shop/shop--databases--orders--orders-1.db.example.com"
	firstRoute   = "VirtualService istio-system/shop--databases--orders--orders-1.db.example.com"
	secondRoute  = "VirtualService istio-system/shop--databases--orders--orders-2.db.example.com"
	sidecarEntry = "ServiceEntry shop/shop--databases--brokers--b-1.kafka.example.com"
)

// tcpNameTwins spoil what tells TCP by the name of its host.
func tcpNameTwins() []twin {
	notAllocated := map[string]any{"networking.istio.io/enable-autoallocate-ip": "false"}
	atFirst := becomes(calls.Outcome{Through: gateway, As: "shop/default", Leaves: "orders-1.db.example.com:5432"})
	return []twin{
		{
			wrong:   "no address allocated",
			because: "TCP without an address takes every address on its port, also those of names that nobody declares",
			change:  set(called(firstEntry), "metadata.labels", notAllocated),
			effects: each([]promise{nameUnlisted, nameElse}, func(promise) becoming { return atFirst }),
		},
		{
			wrong:   "no address allocated, straight from the sidecar",
			because: "what is then on the port takes every address, and leads to the host that it is for",
			change:  set(called(sidecarEntry), "metadata.labels", notAllocated),
			effects: each([]promise{nameSidecarOther}, func(promise) becoming {
				return becomes(calls.Outcome{Through: calls.Sidecar, Leaves: "b-1.kafka.example.com:9092"})
			}),
		},
		{
			wrong:   "resolution NONE for TCP by name",
			because: "istiod allocates nothing where the address that is called counts, and then each counts",
			change:  set(called(sidecarEntry), "spec.resolution", "NONE"),
			effects: each([]promise{nameSidecar, nameSidecarOther}, func(promise) becoming {
				return becomes(calls.Outcome{Through: calls.Sidecar, Leaves: "203.0.113.254:9092"})
			}),
		},
		{
			wrong:   "one VirtualService for two hosts with TCP",
			because: "a route for TCP is for every host of its VirtualService: both end at the first",
			change: allOf(
				set(called(firstRoute), "spec.hosts", list("orders-1.db.example.com", "orders-2.db.example.com")),
				remove(called(secondRoute)),
			),
			effects: []effect{{nameSecond, leaves("orders-1.db.example.com:5432")}},
		},
		{
			wrong:   "no ServiceEntry for TCP by name",
			because: "the sidecar answers with the real address, which nothing declares",
			change:  remove(called(firstEntry)),
			effects: each([]promise{nameFirst}, func(promise) becoming { return blocked("BlackHoleCluster") }),
		},
		{
			wrong:   "no VirtualService for TCP by name",
			because: "what the clients know by name has no endpoints, so that nothing leaves past the gateway",
			change:  remove(called(secondRoute)),
			effects: each([]promise{nameSecond}, func(promise) becoming {
				return blocked(noEndpoints("outbound|5432||orders-2.db.example.com"))
			}),
		},
	}
}
