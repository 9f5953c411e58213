// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/conformance/cluster"
)

// A role tells the objects of a golden by what they do.
type role func(cluster.Manifest) bool

func hopRule(m cluster.Manifest) bool {
	return m.Object.GetKind() == "DestinationRule" && field(m, "host") == hopHost
}

func origination(m cluster.Manifest) bool {
	return m.Object.GetKind() == "DestinationRule" && field(m, "host") != hopHost
}

func lane(m cluster.Manifest) bool {
	return m.Object.GetKind() == "ServiceEntry" && m.Object.GetNamespace() == "istio-system"
}

func declaration(m cluster.Manifest) bool {
	return m.Object.GetKind() == "ServiceEntry" && m.Object.GetNamespace() != "istio-system"
}

func meshLeg(m cluster.Manifest) bool {
	return m.Object.GetKind() == "VirtualService" && !exitLeg(m)
}

func exitLeg(m cluster.Manifest) bool {
	gateways := field(m, "gateways")
	return m.Object.GetKind() == "VirtualService" && gateways != nil && !cmp.Equal(gateways, list("mesh"))
}

func server(m cluster.Manifest) bool {
	return m.Object.GetKind() == "Gateway"
}

func field(m cluster.Manifest, name string) any {
	spec, _ := m.Object.Object["spec"].(map[string]any)
	return spec[name]
}

// objects returns the names of the objects of a stream.
func objects(t *testing.T, manifests string) []string {
	t.Helper()
	var names []string
	edit(t, manifests, func(m cluster.Manifest) bool {
		names = append(names, m.String())
		return true
	})
	return names
}

// kinds counts the objects of a stream by kind.
func kinds(t *testing.T, manifests string) map[string]int {
	t.Helper()
	count := map[string]int{}
	for _, name := range objects(t, manifests) {
		kind, _, _ := strings.Cut(name, " ")
		count[kind]++
	}
	return count
}

// folders returns the names of the folders that a pattern of paths matches.
func folders(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("nothing matches %s (%v)", pattern, err)
	}
	for i, path := range paths {
		paths[i] = filepath.Base(path)
	}
	return paths
}

// A mutation makes one thing wrong. ok is false if there is nothing to change.
type mutation func(t *testing.T, manifests string) (changed string, ok bool)

// apply changes manifests.
func apply(t *testing.T, manifests string, m mutation) string {
	t.Helper()
	changed, ok := m(t, manifests)
	if !ok {
		t.Fatal("there is nothing to change")
	}
	return changed
}

// remove removes all objects of a role.
func remove(r role) mutation {
	return func(t *testing.T, manifests string) (changed string, ok bool) {
		t.Helper()
		changed = edit(t, manifests, func(m cluster.Manifest) bool {
			ok = ok || r(m)
			return !r(m)
		})
		return changed, ok
	}
}

// add adds objects.
func add(objects string) mutation {
	return func(_ *testing.T, manifests string) (string, bool) { return join(manifests, objects), true }
}

// set sets a field of all objects of a role, as in spec.servers.*.hosts.
func set(r role, path string, value any) mutation {
	return change(r, func(object map[string]any) bool {
		return at(object, path, func(parent map[string]any, key string) bool {
			old := parent[key]
			parent[key] = value
			return !cmp.Equal(old, value)
		})
	})
}

// drop removes a field from all objects of a role.
func drop(r role, path string) mutation {
	return change(r, func(object map[string]any) bool {
		return at(object, path, func(parent map[string]any, key string) bool {
			_, had := parent[key]
			delete(parent, key)
			return had
		})
	})
}

// move moves a field within all objects of a role.
func move(r role, from, to string) mutation {
	return change(r, func(object map[string]any) bool {
		return at(object, from, func(source map[string]any, name string) bool {
			value, had := source[name]
			delete(source, name)
			return had && at(object, to, func(parent map[string]any, key string) bool {
				parent[key] = value
				return true
			})
		})
	})
}

// allOf makes all changes, each of which must find something.
func allOf(changes ...mutation) mutation {
	return func(t *testing.T, manifests string) (string, bool) {
		t.Helper()
		every := true
		for _, c := range changes {
			var ok bool
			manifests, ok = c(t, manifests)
			every = every && ok
		}
		return manifests, every
	}
}

// oneOf makes the first change that finds something.
func oneOf(changes ...mutation) mutation {
	return func(t *testing.T, manifests string) (string, bool) {
		t.Helper()
		for _, c := range changes {
			if changed, ok := c(t, manifests); ok {
				return changed, true
			}
		}
		return manifests, false
	}
}

// change changes all objects of a role.
func change(r role, f func(object map[string]any) bool) mutation {
	return func(t *testing.T, manifests string) (changed string, ok bool) {
		t.Helper()
		changed = edit(t, manifests, func(m cluster.Manifest) bool {
			if r(m) && f(m.Object.Object) {
				ok = true
			}
			return true
		})
		return changed, ok
	}
}

// at calls f for a field at a path of keys and indexes, * being all of a list. It reports whether any call did.
func at(node any, path string, f func(parent map[string]any, key string) bool) bool {
	key, rest, deeper := strings.Cut(path, ".")
	switch n := node.(type) {
	case map[string]any:
		if !deeper {
			return f(n, key)
		}
		return at(n[key], rest, f)
	case []any:
		found := false
		for i, item := range n {
			if key == "*" || key == strconv.Itoa(i) {
				found = at(item, rest, f) || found
			}
		}
		return found
	default:
		return false
	}
}

// list is a list as YAML reads it.
func list(items ...any) []any { return items }
