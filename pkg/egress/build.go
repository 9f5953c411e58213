// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"cmp"
	"crypto/sha256"
	"maps"
	"slices"
)

// maxItems is how many items an object holds: the limit of a ServiceEntry for
// its hosts, and enough to keep every other object below the 256 KiB that
// kubectl can note of it in an annotation.
// https://istio.io/latest/docs/reference/config/networking/service-entry/#ServiceEntry
const maxItems = 256

// build returns the objects of all bundles, sorted: those of each, and those that
// are the same for all.
func build(planners []*planner) []Object {
	var objects []Object
	for _, p := range planners {
		objects = append(objects, p.objects()...)
	}
	objects = append(objects, sharedObjects(planners)...)
	sortObjects(objects)
	return objects
}

// objects returns the objects of the bundle.
func (p *planner) objects() []Object {
	var objects []Object
	hops := newHops(p.planned)
	for _, h := range hops {
		objects = append(objects, h.gateways()...)
		objects = append(objects, h.destinationRules()...)
		objects = append(objects, h.authorizationPolicies()...)
		objects = append(objects, h.secretReaders(p.planned)...)
		if p.enforce.Authorization {
			objects = append(objects, h.defaultDeny())
		}
	}
	for _, d := range p.planned {
		objects = append(objects, d.clientObjects()...)
		for _, l := range d.lanes() {
			objects = append(objects, l.objects(hops[d.gateway.name])...)
		}
	}
	return append(objects, p.networkPolicies()...)
}

// sharedObjects returns what several bundles make alike. So it comes out once,
// and stays what it is if they are rendered apart.
func sharedObjects(planners []*planner) []Object {
	type key struct{ kind, namespace, name string }
	byName := map[key]Object{}
	for _, p := range planners {
		for _, o := range slices.Concat(p.sidecars(), p.mesh.objects()) {
			byName[key{o.Kind, o.Namespace, o.Name}] = o
		}
	}
	return slices.Collect(maps.Values(byName))
}

// objects returns what the gateways of the mesh need, whatever the bundles.
func (m Mesh) objects() []Object {
	var objects []Object
	for name, g := range m.Gateways {
		if g.Deploy != nil && g.Deploy.Installer == InstallerManifests {
			objects = append(objects, workload{g, name}.objects()...)
		}
		if m.AccessLog {
			objects = append(objects, accessLog(name, g))
		}
	}
	return objects
}

// A shard is the part of many items that one object holds.
type shard[T any] struct {
	name  []string // the last parts of the object's name; empty if it is the only one
	items []T
}

// shards splits items, by a text that is unique to each, so that none holds more
// than size. An item stays in its shard when others come and go: a shard that
// overflows is halved by the next bit of the hashes of its items, and all others
// stay as they are.
func shards[T any](items []T, key func(T) string, size int) []shard[T] {
	sorted := slices.SortedFunc(slices.Values(items), func(a, b T) int { return cmp.Compare(key(a), key(b)) })
	return halve(sorted, key, size, "")
}

func halve[T any](items []T, key func(T) string, size int, bits string) []shard[T] {
	if len(items) <= size {
		if bits == "" {
			return []shard[T]{{items: items}}
		}
		return []shard[T]{{[]string{bits}, items}}
	}
	var halves [2][]T
	for _, item := range items {
		bit := hashBit(key(item), len(bits))
		halves[bit] = append(halves[bit], item)
	}
	return append(halve(halves[0], key, size, bits+"0"), halve(halves[1], key, size, bits+"1")...)
}

func itself(text string) string { return text }

func hashBit(item string, n int) byte {
	hash := sha256.Sum256([]byte(item))
	return hash[n/8] >> (7 - n%8) & 1
}
