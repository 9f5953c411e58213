// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"crypto/sha256"
	"slices"
)

// maxItems is how many items an object holds: the limit of a ServiceEntry for
// its hosts, and enough to keep every other object below the 256 KiB that
// kubectl can note of it in an annotation.
// https://istio.io/latest/docs/reference/config/networking/service-entry/#ServiceEntry
const maxItems = 256

// build returns the objects of all destinations, sorted.
func build(destinations []*destination) []Object {
	var objects []Object
	hops := newHops(destinations)
	for _, h := range hops {
		objects = append(objects, h.gateways()...)
		objects = append(objects, h.destinationRules()...)
	}
	for _, d := range destinations {
		objects = append(objects, d.clientObjects()...)
		for _, l := range d.lanes() {
			objects = append(objects, l.objects(hops[d.hop()])...)
		}
	}
	sortObjects(objects)
	return objects
}

// A shard is the part of many items that one object holds.
type shard struct {
	name  []string // the last part of the object's name; empty if it is the only one
	items []string
}

// shards splits items so that none holds more than size. An item stays in its
// shard when others come and go: a shard that overflows is halved by the next
// bit of the hashes of its items, and all others stay as they are.
func shards(items []string, size int) []shard {
	return halve(slices.Sorted(slices.Values(items)), size, "")
}

func halve(items []string, size int, bits string) []shard {
	if len(items) <= size {
		if bits == "" {
			return []shard{{items: items}}
		}
		return []shard{{[]string{bits}, items}}
	}
	var halves [2][]string
	for _, item := range items {
		bit := hashBit(item, len(bits))
		halves[bit] = append(halves[bit], item)
	}
	return append(halve(halves[0], size, bits+"0"), halve(halves[1], size, bits+"1")...)
}

func hashBit(item string, n int) byte {
	hash := sha256.Sum256([]byte(item))
	return hash[n/8] >> (7 - n%8) & 1
}
