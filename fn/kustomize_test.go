// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package fn

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egressbundle/egressbundle/fn/internal/fntest"
)

// A form is one of the two ways in which kustomize runs a function.
type form struct {
	name     string
	function string // of the annotation config.kubernetes.io/function
	flags    []string
}

const execFunction = "exec: {path: egressbundle}"

// forms returns the ways in which this machine can run the function.
func forms(t *testing.T) []form {
	all := []form{{name: "exec", function: execFunction, flags: []string{"--enable-exec"}}}
	if hasEngine(t) {
		all = append(all, form{name: "container", function: "container: {image: " + buildImage(t) + "}"})
	}
	return all
}

// TestKustomizeExamples: what kustomize builds of an example is what render
// prints, but for the order, which is kustomize's own.
func TestKustomizeExamples(t *testing.T) {
	for _, f := range forms(t) {
		t.Run(f.name, func(t *testing.T) {
			for _, bundle := range fntest.Glob(t, "../examples/*/bundle.yaml") {
				dir := t.TempDir()
				text := fntest.ReadText(t, bundle)
				if !strings.Contains(text, execFunction) {
					t.Fatalf("%s does not name the function", bundle)
				}
				fntest.WriteText(t, filepath.Join(dir, "bundle.yaml"), strings.Replace(text, execFunction, f.function, 1))
				kustomization := fntest.ReadText(t, filepath.Join(filepath.Dir(bundle), "kustomization.yaml"))
				fntest.WriteText(t, filepath.Join(dir, "kustomization.yaml"), kustomization)
				got := fntest.KustomizeBuild(t, dir, f.flags...)
				if got.Status != 0 || got.Stderr != "" {
					t.Fatalf("%s: %+v", bundle, got)
				}
				want := fntest.ReadText(t, filepath.Join(filepath.Dir(bundle), "rendered.yaml"))
				if diff := cmp.Diff(documents(want), documents(got.Stdout)); diff != "" {
					t.Errorf("%s (-render +kustomize):\n%s", bundle, diff)
				}
			}
		})
	}
}

// documents returns the documents of a stream, sorted.
func documents(stream string) []string {
	return slices.Sorted(strings.SplitSeq(stream, "---\n"))
}

// TestKustomizeFails: a broken bundle makes the build fail, with our message.
func TestKustomizeFails(t *testing.T) {
	for _, f := range forms(t) {
		dir := t.TempDir()
		fntest.WriteText(t, filepath.Join(dir, "kustomization.yaml"), "generators: [bundle.yaml]\n")
		broken := strings.Replace(fntest.Smallest, "edition.cnn.com", "10.0.0.1", 1)
		fntest.WriteText(t, filepath.Join(dir, "bundle.yaml"), withFunction(broken, f))
		got := fntest.KustomizeBuild(t, dir, f.flags...)
		const want = `EgressBundle payments/news: spec.destinations.cnn.hosts[0]: ` +
			`must be a fully qualified domain name in lower case, such as "api.example.com", ` +
			`or "*.example.com" for every name below it, without address, port or path, ` +
			`of at most 63 characters between two dots and 253 in all, got "10.0.0.1"; an address is called with addresses, `
		if got.Status == 0 || got.Stdout != "" || !strings.Contains(got.Stderr, want) {
			t.Errorf("%s: got %+v", f.name, got)
		}
	}
}

// TestKustomizeTwoTeams: two generators in one kustomization, for two teams on
// one gateway that even share a host, do not collide.
func TestKustomizeTwoTeams(t *testing.T) {
	for _, f := range forms(t) {
		dir := t.TempDir()
		search := strings.Replace(fntest.Smallest, "payments", "search", 1)
		fntest.WriteText(t, filepath.Join(dir, "kustomization.yaml"), "generators: [payments.yaml, search.yaml]\n")
		fntest.WriteText(t, filepath.Join(dir, "payments.yaml"), withFunction(fntest.Smallest, f))
		fntest.WriteText(t, filepath.Join(dir, "search.yaml"), withFunction(search, f))
		got := fntest.KustomizeBuild(t, dir, f.flags...)
		if got.Status != 0 || got.Stderr != "" {
			t.Fatalf("%s: %+v", f.name, got)
		}
		want := fntest.Succeed(t, "", fntest.Smallest+"---\n"+search, fntest.Program, "render", "-")
		if diff := cmp.Diff(documents(want), documents(got.Stdout)); diff != "" {
			t.Errorf("%s (-render +kustomize):\n%s", f.name, diff)
		}
	}
}

// TestKustomizeLabels: labels of a kustomization that are written into selectors too get into those
// of what they are on, and of no other Pods.
func TestKustomizeLabels(t *testing.T) {
	for example, want := range map[string][]string{
		"closed-path": {
			"Deployment spec.selector.matchLabels",
			"Deployment spec.template.metadata.labels",
			"Deployment spec.template.spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution." +
				"podAffinityTerm.labelSelector.matchLabels",
			"Deployment spec.template.spec.topologySpreadConstraints.labelSelector.matchLabels",
			"PodDisruptionBudget spec.selector.matchLabels",
			"Service spec.selector",
		},
		"kubernetes-services": {
			"Service spec.selector", // The README warns of it: without a selector kustomize makes one.
		},
	} {
		dir := t.TempDir()
		fntest.WriteText(t, filepath.Join(dir, "bundle.yaml"), fntest.ReadText(t, "../examples/"+example+"/bundle.yaml"))
		fntest.WriteText(t, filepath.Join(dir, "kustomization.yaml"),
			"generators: [bundle.yaml]\nlabels: [{includeSelectors: true, pairs: {team: cards}}]\n")
		got := fntest.KustomizeBuild(t, dir, "--enable-exec")
		if diff := cmp.Diff(want, placesOf(t, "team", got.Stdout)); diff != "" || got.Status != 0 {
			t.Errorf("%s: labels stand in (-want +got):\n%s\n%s", example, diff, got.Stderr)
		}
	}
}

// placesOf returns where a key stands in the specs of a stream.
func placesOf(t *testing.T, key, stream string) []string {
	t.Helper()
	places := map[string]bool{}
	for _, text := range documents(stream) {
		var object map[string]any
		if err := yaml.Unmarshal([]byte(text), &object); err != nil {
			t.Fatal(err)
		}
		addPlaces(places, key, fmt.Sprint(object["kind"], " spec"), object["spec"])
	}
	return slices.Sorted(maps.Keys(places))
}

func addPlaces(places map[string]bool, key, path string, value any) {
	switch value := value.(type) {
	case map[string]any:
		if _, ok := value[key]; ok {
			places[path] = true
		}
		for name, child := range value {
			addPlaces(places, key, path+"."+name, child)
		}
	case []any:
		for _, child := range value {
			addPlaces(places, key, path, child)
		}
	}
}

// withFunction adds the annotation by which kustomize finds the function.
func withFunction(bundle string, f form) string {
	annotation := "{annotations: {config.kubernetes.io/function: \"" + f.function + "\"}, name: news"
	return strings.Replace(bundle, "{name: news", annotation, 1)
}
