// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package fn

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/fn/internal/fntest"
)

// transformer returns a mesh that kustomize runs the function with.
func transformer(f form) string {
	return strings.Replace(meshDocument, "metadata:\n", "metadata:\n  annotations:\n"+
		"    config.kubernetes.io/function: \""+f.function+"\"\n", 1)
}

// fleet returns bundles of several namespaces that share a gateway, and some of
// them a namespace and its Sidecar.
func fleet(bundles int) string {
	var all []string
	for i := range bundles {
		all = append(all, fmt.Sprintf(`apiVersion: egressbundle.io/v1alpha1
kind: EgressBundle
metadata: {name: news%d, namespace: team%d}
spec:
  destinations:
    cnn: {hosts: [edition.cnn.com]}
    own: {hosts: [h%d.example.com]}
  enforce: {registryOnly: true}
`, i, i/2, i))
	}
	return strings.Join(all, "---\n")
}

// others returns objects that have nothing to do with egress.
func others(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings%d\n"+
			"  namespace: team%d\ndata:\n  \"on\": \"1.10\"\n  text: |\n    a\n\n    b: {{ c }}\n", i, i))
	}
	return strings.Join(all, "---\n")
}

// TestKustomizeFleet: all bundles of a build are rendered in one call. They may
// share objects, they are not in the output, and everything else comes out as it
// does without the function.
func TestKustomizeFleet(t *testing.T) {
	for _, f := range forms(t) {
		dir := t.TempDir()
		fntest.WriteText(t, filepath.Join(dir, "mesh.yaml"), transformer(f))
		fntest.WriteText(t, filepath.Join(dir, "bundles.yaml"), fleet(5))
		fntest.WriteText(t, filepath.Join(dir, "others.yaml"), others(20))
		fntest.WriteText(t, filepath.Join(dir, "kustomization.yaml"), "resources: [others.yaml]\n")
		without := fntest.KustomizeBuild(t, dir, f.flags...)
		fntest.WriteText(t, filepath.Join(dir, "kustomization.yaml"), "resources: [bundles.yaml, others.yaml]\ntransformers: [mesh.yaml]\n")
		got := fntest.KustomizeBuild(t, dir, f.flags...)
		if got.Status != 0 || got.Stderr != "" {
			t.Fatalf("%s: %+v", f.name, got)
		}
		rendered := fntest.Succeed(t, "", meshDocument+"---\n"+fleet(5), fntest.Program, "render", "-")
		want := slices.Sorted(slices.Values(slices.Concat(documents(rendered), documents(without.Stdout))))
		if diff := cmp.Diff(want, documents(got.Stdout)); diff != "" {
			t.Errorf("%s (-render and others +kustomize):\n%s", f.name, diff)
		}
	}
}

// TestKustomizeFleetFails: a contradiction between two bundles fails the build, and
// the message names both files if kustomize knows them.
func TestKustomizeFleetFails(t *testing.T) {
	for _, f := range forms(t) {
		dir := t.TempDir()
		fntest.WriteText(t, filepath.Join(dir, "mesh.yaml"), transformer(f))
		fntest.WriteText(t, filepath.Join(dir, "a.yaml"), fntest.Smallest)
		fntest.WriteText(t, filepath.Join(dir, "kustomization.yaml"), "resources: [a.yaml, team]\n"+
			"transformers: [mesh.yaml]\nbuildMetadata: [originAnnotations]\n")
		b := strings.Replace(fntest.Smallest, "[edition.cnn.com]", "[edition.cnn.com], via: Sidecar", 1)
		fntest.WriteText(t, filepath.Join(dir, "team/b.yaml"), strings.Replace(b, "name: news", "name: web", 1))
		fntest.WriteText(t, filepath.Join(dir, "team/kustomization.yaml"), "resources: [b.yaml]\n")
		got := fntest.KustomizeBuild(t, dir, f.flags...)
		const want = `team/b.yaml: EgressBundle payments/web: spec.destinations.cnn.hosts[0]: ` +
			`must be reached in one way, got "edition.cnn.com", which workloads of payments reach in another way as ` +
			`destination "cnn" of EgressBundle payments/news (a.yaml); agree on one way, or on different clients [HostConflict]`
		if got.Status == 0 || got.Stdout != "" || !strings.Contains(got.Stderr, want) {
			t.Errorf("%s: got %+v", f.name, got)
		}
	}
}

// TestFleetOfResourceList: without a functionConfig, every bundle among the items is
// rendered, with the mesh among the items.
func TestFleetOfResourceList(t *testing.T) {
	got, results := readList(t, fntest.Succeed(t, "", resourceList("", fntest.ConfigMap, fntest.Smallest, meshDocument), fntest.Program))
	rendered := fntest.Succeed(t, "", fntest.Smallest+"---\n"+meshDocument, fntest.Program, "render", "-")
	want := append([]string{fntest.ConfigMap}, strings.Split(rendered, "---\n")...)
	if diff := cmp.Diff(want, got); diff != "" || results != "" {
		t.Errorf("items (-want +got):\n%s\nresults:\n%s", diff, results)
	}
}

// TestOneOfManyBundles: with a bundle for functionConfig, others are left alone.
func TestOneOfManyBundles(t *testing.T) {
	other := strings.Replace(fntest.Smallest, "payments", "search", 1)
	got, _ := readList(t, fntest.Succeed(t, "", resourceList(fntest.Smallest, other, fntest.Smallest), fntest.Program))
	rendered := fntest.Succeed(t, "", fntest.Smallest, fntest.Program, "render", "-")
	if diff := cmp.Diff(append([]string{other}, strings.Split(rendered, "---\n")...), got); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
}

// TestNothingIsLost: the guard finds what settle would have to lose.
func TestNothingIsLost(t *testing.T) {
	request, err := parseList([]byte(resourceList("", fntest.ConfigMap, fntest.Smallest)))
	if err != nil {
		t.Fatal(err)
	}
	c := &call{items: request.items}
	c.look()
	if err := c.checkKept(c.items[:1]); err != nil {
		t.Errorf("a bundle is taken out: %v", err)
	}
	const want = "ConfigMap /settings would be lost, which is a defect of egressbundle; nothing was changed"
	if err := c.checkKept(c.items[1:]); err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

// TestKustomizeMovesBundles: a namespace moves bundles before they are rendered, which
// is what it is for; and it moves what a generator made, which is an error.
func TestKustomizeMovesBundles(t *testing.T) {
	for _, f := range forms(t) {
		dir := t.TempDir()
		fntest.WriteText(t, filepath.Join(dir, "base/kustomization.yaml"), "resources: [news.yaml]\n")
		fntest.WriteText(t, filepath.Join(dir, "base/news.yaml"), fntest.Smallest)
		fntest.WriteText(t, filepath.Join(dir, "mesh.yaml"), transformer(f))
		fntest.WriteText(t, filepath.Join(dir, "kustomization.yaml"), "namespace: staging\nnamePrefix: dev-\n"+
			"resources: [base]\ntransformers: [mesh.yaml]\n")
		got := fntest.KustomizeBuild(t, dir, f.flags...)
		moved := strings.Replace(fntest.Smallest, "{name: news, namespace: payments}", "{name: dev-news, namespace: staging}", 1)
		want := fntest.Succeed(t, "", meshDocument+"---\n"+moved, fntest.Program, "render", "-")
		if diff := cmp.Diff(documents(want), documents(got.Stdout)); diff != "" {
			t.Errorf("%s (-render +kustomize):\n%s\n%s", f.name, diff, got.Stderr)
		}

		fntest.WriteText(t, filepath.Join(dir, "base/kustomization.yaml"), "generators: [news.yaml]\n")
		fntest.WriteText(t, filepath.Join(dir, "base/news.yaml"), withFunction(fntest.Smallest, f))
		fntest.WriteText(t, filepath.Join(dir, "kustomization.yaml"), "namespace: staging\nresources: [base, web.yaml]\n"+
			"transformers: [mesh.yaml]\n")
		fntest.WriteText(t, filepath.Join(dir, "web.yaml"), strings.Replace(fntest.Smallest, "name: news", "name: web", 1))
		got = fntest.KustomizeBuild(t, dir, f.flags...)
		const message = `Gateway staging/payments--news--istio-egressgateway: metadata.namespace: ` +
			`must be "istio-system", and a namespace in a kustomization made it "staging", so traffic would be cut; ` +
			`list the bundle under resources there, and render it with an EgressMesh under transformers [MovedObject]`
		if got.Status == 0 || got.Stdout != "" || !strings.Contains(got.Stderr, message) {
			t.Errorf("%s: got %+v", f.name, got)
		}
	}
}

// TestKustomizeRendersApart: a bundle under generators and others below a transformer may
// share a Sidecar if both want the same of it.
func TestKustomizeRendersApart(t *testing.T) {
	for _, f := range forms(t) {
		dir := t.TempDir()
		fntest.WriteText(t, filepath.Join(dir, "base/news.yaml"),
			withFunction(fntest.Smallest+"  enforce: {registryOnly: true, clusterTraffic: Deny}\n", f))
		fntest.WriteText(t, filepath.Join(dir, "mesh.yaml"), transformer(f))
		build := func(traffic, base, top string) fntest.Outcome {
			web := strings.Replace(fntest.Smallest, "name: news", "name: web", 1)
			fntest.WriteText(t, filepath.Join(dir, "web.yaml"), web+"  enforce: {registryOnly: true, clusterTraffic: "+traffic+"}\n")
			fntest.WriteText(t, filepath.Join(dir, "base/kustomization.yaml"), "generators: [news.yaml]\n"+base)
			fntest.WriteText(t, filepath.Join(dir, "kustomization.yaml"), "resources: [base, web.yaml]\ntransformers: [mesh.yaml]\n"+top)
			return fntest.KustomizeBuild(t, dir, f.flags...)
		}
		for _, c := range []struct{ base, top string }{
			{"", ""},
			{"labels: [{pairs: {team: x}}]\n", ""},
			{"commonAnnotations: {team: x}\n", ""},
			{"", "buildMetadata: [originAnnotations, transformerAnnotations]\n"},
		} {
			if got := build("Deny", c.base, c.top); got.Status != 0 || strings.Count(got.Stdout, "kind: Sidecar") != 1 {
				t.Errorf("%s: the same with %q: %+v", f.name, c, got)
			}
		}
		got := build("Allow", "", "")
		const want = "Sidecar payments/egressbundle: differs from what these bundles need"
		if got.Status == 0 || got.Stdout != "" || !strings.Contains(got.Stderr, want) {
			t.Errorf("%s: not the same: %+v", f.name, got)
		}
	}
}

// TestKustomizeRendersAgain: a bundle that an inner build rendered must not be rendered
// again in the outer one, and a mesh above generators alone finds nothing wrong.
func TestKustomizeRendersAgain(t *testing.T) {
	for _, f := range forms(t) {
		dir := t.TempDir()
		fntest.WriteText(t, filepath.Join(dir, "mesh.yaml"), transformer(f))
		fntest.WriteText(t, filepath.Join(dir, "inner/mesh.yaml"), transformer(f))
		fntest.WriteText(t, filepath.Join(dir, "inner/news.yaml"), fntest.Smallest)
		fntest.WriteText(t, filepath.Join(dir, "inner/kustomization.yaml"), "resources: [news.yaml]\ntransformers: [mesh.yaml]\n")
		fntest.WriteText(t, filepath.Join(dir, "kustomization.yaml"), "resources: [inner]\ntransformers: [mesh.yaml]\n")
		inner := fntest.KustomizeBuild(t, filepath.Join(dir, "inner"), f.flags...)
		if diff := cmp.Diff(inner, fntest.KustomizeBuild(t, dir, f.flags...)); diff != "" || inner.Status != 0 {
			t.Errorf("%s: nothing to render (-inner +outer):\n%s", f.name, diff)
		}
		fntest.WriteText(t, filepath.Join(dir, "other.yaml"), strings.Replace(meshDocument, "production", "other", 1))
		fntest.WriteText(t, filepath.Join(dir, "kustomization.yaml"), "resources: [inner, other.yaml]\ntransformers: [mesh.yaml]\n")
		if got := fntest.KustomizeBuild(t, dir, f.flags...); got.Status == 0 || !strings.Contains(got.Stderr, "[DuplicateMesh]") {
			t.Errorf("%s: two meshes: %+v", f.name, got)
		}
		fntest.WriteText(t, filepath.Join(dir, "settings.yaml"), strings.Replace(fntest.ConfigMap,
			"metadata:\n", "metadata:\n  annotations: {internal.config.kubernetes.io/package-path: /left/over}\n", 1))
		fntest.WriteText(t, filepath.Join(dir, "kustomization.yaml"), "resources: [inner, settings.yaml]\ntransformers: [mesh.yaml]\n")
		if got := fntest.KustomizeBuild(t, dir, f.flags...); got.Status != 0 {
			t.Errorf("%s: what kpt left: %+v", f.name, got)
		}
		fntest.WriteText(t, filepath.Join(dir, "news.yaml"), strings.Replace(fntest.Smallest, "edition.cnn.com", "www.cnn.com", 1))
		fntest.WriteText(t, filepath.Join(dir, "kustomization.yaml"), "resources: [inner, news.yaml]\ntransformers: [mesh.yaml]\n")
		got := fntest.KustomizeBuild(t, dir, f.flags...)
		const want = "is there already, from EgressBundle payments/news, which another function rendered; " +
			"list every bundle once [DuplicateBundle]"
		if got.Status == 0 || got.Stdout != "" || strings.Count(got.Stderr, want) != 1 {
			t.Errorf("%s: %+v", f.name, got)
		}
	}
}

// TestKustomizeRelabels: objects of an inner build are known by the outer one, also if a base
// gave them a prefix and overwrote their label.
func TestKustomizeRelabels(t *testing.T) {
	for _, f := range forms(t) {
		dir := t.TempDir()
		fntest.WriteText(t, filepath.Join(dir, "mesh.yaml"), transformer(f))
		fntest.WriteText(t, filepath.Join(dir, "inner/news.yaml"), withFunction(fntest.Smallest, f))
		fntest.WriteText(t, filepath.Join(dir, "inner/kustomization.yaml"), "generators: [news.yaml]\nnamePrefix: dev-\n"+
			"labels: [{pairs: {app.kubernetes.io/managed-by: kustomize}}]\n")
		fntest.WriteText(t, filepath.Join(dir, "news.yaml"), fntest.Smallest)
		fntest.WriteText(t, filepath.Join(dir, "kustomization.yaml"), "resources: [inner, news.yaml]\ntransformers: [mesh.yaml]\n")
		got := fntest.KustomizeBuild(t, dir, f.flags...)
		if got.Status == 0 || strings.Count(got.Stderr, "[DuplicateBundle]") != 1 {
			t.Errorf("%s: %+v", f.name, got)
		}
	}
}

// TestKustomizeRenamesSidecars: a prefix renames the Sidecar of a namespace, beside which
// an outer build would put another.
func TestKustomizeRenamesSidecars(t *testing.T) {
	for _, f := range forms(t) {
		dir := t.TempDir()
		bundle := fntest.Smallest + "  enforce: {registryOnly: true}\n"
		fntest.WriteText(t, filepath.Join(dir, "mesh.yaml"), transformer(f))
		fntest.WriteText(t, filepath.Join(dir, "base/mesh.yaml"), transformer(f))
		fntest.WriteText(t, filepath.Join(dir, "base/news.yaml"), bundle)
		fntest.WriteText(t, filepath.Join(dir, "base/kustomization.yaml"), "resources: [news.yaml]\ntransformers: [mesh.yaml]\n")
		fntest.WriteText(t, filepath.Join(dir, "web.yaml"), strings.Replace(bundle, "name: news", "name: web", 1))
		fntest.WriteText(t, filepath.Join(dir, "kustomization.yaml"), "namePrefix: dev-\nresources: [base, web.yaml]\n"+
			"transformers: [mesh.yaml]\n")
		got := fntest.KustomizeBuild(t, dir, f.flags...)
		const message = `Sidecar payments/dev-egressbundle: metadata.name: must be "egressbundle", ` +
			`as long as bundles are rendered that make it too: Istio takes one Sidecar of a namespace, the older; list`
		if got.Status == 0 || got.Stdout != "" || !strings.Contains(got.Stderr, message) {
			t.Errorf("%s: got %+v", f.name, got)
		}
	}
}

// TestKustomizeRenamesServices: a prefix renames the gateway that a generator deploys,
// and sidecars look for the one of before.
func TestKustomizeRenamesServices(t *testing.T) {
	for _, f := range forms(t) {
		dir := t.TempDir()
		fntest.WriteText(t, filepath.Join(dir, "base/kustomization.yaml"), "generators: [news.yaml]\n")
		fntest.WriteText(t, filepath.Join(dir, "base/news.yaml"),
			withFunction(fntest.Smallest+"  mesh: {gateways: {istio-egressgateway: {deploy: {}}}}\n", f))
		fntest.WriteText(t, filepath.Join(dir, "dev/kustomization.yaml"), "namePrefix: dev-\nresources: [../base]\n")
		fntest.WriteText(t, filepath.Join(dir, "web.yaml"), strings.Replace(fntest.Smallest, "name: news", "name: web", 1))
		fntest.WriteText(t, filepath.Join(dir, "mesh.yaml"), transformer(f))
		fntest.WriteText(t, filepath.Join(dir, "kustomization.yaml"), "nameSuffix: -eu\nresources: [dev, web.yaml]\ntransformers: [mesh.yaml]\n")
		got := fntest.KustomizeBuild(t, dir, f.flags...)
		const message = `Service istio-system/dev-istio-egressgateway-eu: metadata.name: must be "istio-egressgateway", ` +
			`and a prefix or suffix in a kustomization made it "dev-istio-egressgateway-eu", ` +
			`so nothing would find it by its DNS name; list the bundle under resources there, ` +
			`and render it with an EgressMesh under transformers [RenamedObject]`
		if got.Status == 0 || got.Stdout != "" || !strings.Contains(got.Stderr, message) {
			t.Errorf("%s: got %+v", f.name, got)
		}
	}
}
