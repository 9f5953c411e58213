// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/egressbundle/egressbundle/conformance/cluster"
)

// defaults are the fields that the API server adds to what is applied, and those of status that
// controllers fill in, by kind, * being all of a list. Nothing else is added, and nothing is
// changed.
var defaults = map[string][]string{
	"": {
		"metadata.creationTimestamp", "metadata.generation", "metadata.resourceVersion", "metadata.uid", "status",
	},
	"Deployment": {
		"spec.progressDeadlineSeconds", "spec.replicas", "spec.revisionHistoryLimit",
		"spec.template.spec.containers.*.imagePullPolicy",
		"spec.template.spec.containers.*.terminationMessagePath",
		"spec.template.spec.containers.*.terminationMessagePolicy",
		"spec.template.spec.dnsPolicy",
		"spec.template.spec.restartPolicy",
		"spec.template.spec.schedulerName",
		"spec.template.spec.serviceAccount",
		"spec.template.spec.terminationGracePeriodSeconds",
	},
	"Service": {
		"spec.clusterIP", "spec.clusterIPs", "spec.internalTrafficPolicy", "spec.ipFamilies", "spec.ipFamilyPolicy",
		"spec.sessionAffinity",
	},
}

// TestRoundTrip: what is read back of objects is what was applied, but for the defaults that are
// known.
func TestRoundTrip(t *testing.T) {
	used := map[string]bool{}
	for _, g := range everyKind(t) {
		t.Run(g.Dir, func(t *testing.T) {
			set(t, g)
			stored := objectsOf(t, g.Rendered)
			manifests, err := cluster.Read(g.Rendered)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range manifests {
				got := stored[m.String()]
				for _, kind := range []string{"", m.Object.GetKind()} {
					for _, path := range defaults[kind] {
						if drop(m.Object.Object, got, strings.Split(path, ".")) {
							used[kind+" "+path] = true
						}
					}
				}
				if diff := cmp.Diff(m.Object.Object, got); diff != "" {
					t.Errorf("%s (-applied +read back):\n%s", m, diff)
				}
			}
		})
	}
	for _, kind := range slices.Sorted(maps.Keys(defaults)) {
		for _, path := range defaults[kind] {
			if !used[kind+" "+path] {
				t.Errorf("nothing adds %s to a %s", path, kind)
			}
		}
	}
}

// objectsOf returns what the API server has of the objects of a stream, by name.
func objectsOf(t *testing.T, manifests string) map[string]map[string]any {
	t.Helper()
	var list unstructured.UnstructuredList
	if err := list.UnmarshalJSON([]byte(kubectl(t, manifests, "get", "-f", "-", "-o", "json"))); err != nil {
		t.Fatal(err)
	}
	objects := map[string]map[string]any{}
	for _, item := range list.Items {
		objects[cluster.Manifest{Object: &item}.String()] = item.Object
	}
	return objects
}

// drop deletes a field that was not applied from what is read back.
func drop(applied, got any, path []string) (dropped bool) {
	switch got := got.(type) {
	case map[string]any:
		from, _ := applied.(map[string]any)
		_, had := from[path[0]]
		_, has := got[path[0]]
		if len(path) > 1 {
			return drop(from[path[0]], got[path[0]], path[1:])
		}
		if has && !had {
			delete(got, path[0])
		}
		return has && !had
	case []any:
		from, _ := applied.([]any)
		for i := range min(len(got), len(from)) {
			dropped = drop(from[i], got[i], path[1:]) || dropped
		}
	}
	return dropped
}
