// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package fn

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egressbundle/egressbundle/fn/internal/fntest"
)

// copyLayout copies an example of a layout, for a form of the function, and beside it
// the components that it may use.
func copyLayout(t *testing.T, name string, f form) string {
	t.Helper()
	root := t.TempDir()
	layout := filepath.Join("examples/layouts", name)
	for _, from := range []string{layout, "components"} {
		for _, file := range fntest.Files(t, filepath.Join("..", from)) {
			text := fntest.ReadText(t, filepath.Join("..", from, file))
			text = strings.ReplaceAll(text, `"`+execFunction+`"`, `"`+f.function+`"`)
			text = strings.ReplaceAll(text, "- exec: egressbundle", "- "+f.kptFunction())
			fntest.WriteText(t, filepath.Join(root, from, file), text)
		}
	}
	return filepath.Join(root, layout)
}

// TestFleetLayout: kustomize builds of the layout what render makes of its files.
func TestFleetLayout(t *testing.T) {
	for _, f := range forms(t) {
		dir := copyLayout(t, "fleet", f)
		got := fntest.KustomizeBuild(t, dir, f.flags...)
		want := fntest.Succeed(t, "", "", fntest.Program, "render", dir)
		if diff := cmp.Diff(documents(want), documents(got.Stdout)); diff != "" || got.Stderr != "" {
			t.Errorf("%s (-render +kustomize):\n%s\n%s", f.name, diff, got.Stderr)
		}
	}
}

// TestBuildLayout: build prints of an overlay what render makes of the changed bundle, and of the
// layouts for the function what kustomize prints with it, in whatever form.
func TestBuildLayout(t *testing.T) {
	base := fntest.ReadText(t, "../examples/layouts/build/base/egress.yaml")
	mesh := fntest.ReadText(t, "../examples/layouts/build/base/mesh.yaml")
	want := fntest.Succeed(t, "", base+"    bank: {hosts: [api.bank.example.com]}\n---\n"+mesh, fntest.Program, "render", "-")
	if diff := cmp.Diff(want, fntest.Succeed(t, "", "", fntest.Program, "build", "../examples/layouts/build/production")); diff != "" {
		t.Errorf("(-render +build):\n%s", diff)
	}
	for _, f := range append(forms(t)[:1], form{function: "container: {image: registry.example.com/egressbundle:dev}"}) {
		for _, path := range []string{"fleet", "overlays/staging", "overlays/production", "prefixed/base"} {
			name, rest, _ := strings.Cut(path, "/")
			want := fntest.KustomizeBuild(t, filepath.Join(copyLayout(t, name, forms(t)[0]), rest), forms(t)[0].flags...)
			got := fntest.Succeed(t, "", "", fntest.Program, "build", filepath.Join(copyLayout(t, name, f), rest))
			if diff := cmp.Diff(documents(want.Stdout), documents(got)); diff != "" || want.Status != 0 {
				t.Errorf("%s %s (-kustomize +build):\n%s", f.function, path, diff)
			}
		}
	}
}

// TestKptLayout: kpt writes into the layout what render makes of its files.
func TestKptLayout(t *testing.T) {
	for _, f := range forms(t) {
		dir := copyLayout(t, "kpt", f)
		want := documents(fntest.Succeed(t, "", "", fntest.Program, "render", dir))
		before := names(fntest.Contents(t, dir))
		after := kptRender(t, dir)
		var got []string
		for name, text := range after {
			if !slices.Contains(before, name) {
				got = append(got, text)
			}
		}
		if diff := cmp.Diff(want, got, fntest.Sorted); diff != "" {
			t.Errorf("%s (-render +kpt):\n%s", f.name, diff)
		}
		if diff := cmp.Diff(after, kptRender(t, dir)); diff != "" {
			t.Errorf("%s: a second run (-first +second):\n%s", f.name, diff)
		}
	}
}

// TestOverlaysLayout: an overlay changes the bundle, and what comes out is what render
// makes of the changed bundle.
func TestOverlaysLayout(t *testing.T) {
	for _, f := range forms(t) {
		dir := copyLayout(t, "overlays", f)
		base := fntest.ReadText(t, filepath.Join(dir, "base/egress.yaml"))
		mesh := "---\n" + fntest.ReadText(t, filepath.Join(dir, "mesh/mesh.yaml"))
		for overlay, bundle := range map[string]string{
			"staging":    strings.Replace(base, "namespace: payments", "namespace: payments-staging", 1),
			"production": base + "    bank: {hosts: [api.bank.example.com]}\n",
		} {
			got := fntest.KustomizeBuild(t, filepath.Join(dir, overlay), f.flags...)
			want := fntest.Succeed(t, "", bundle+mesh, fntest.Program, "render", "-")
			if diff := cmp.Diff(documents(want), documents(got.Stdout)); diff != "" || got.Stderr != "" {
				t.Errorf("%s %s (-render +kustomize):\n%s\n%s", f.name, overlay, diff, got.Stderr)
			}
		}
	}
}

// TestPrefixedLayout: names of Gateways and Secrets follow through nested overlays, and
// they do not without the component.
func TestPrefixedLayout(t *testing.T) {
	for _, f := range forms(t) {
		dir := copyLayout(t, "prefixed", f)
		with := fntest.KustomizeBuild(t, filepath.Join(dir, "dev-eu"), f.flags...)
		if got := dangling(t, with.Stdout); len(got) > 0 || !strings.Contains(with.Stdout, "- eu-dev-payments--partners--istio-egressgateway\n") {
			t.Errorf("%s: dangling %q in\n%s%s", f.name, got, with.Stdout, with.Stderr)
		}
		base := filepath.Join(dir, "base/kustomization.yaml")
		text, _, _ := strings.Cut(fntest.ReadText(t, base), "components:")
		fntest.WriteText(t, base, text)
		without := fntest.KustomizeBuild(t, filepath.Join(dir, "dev-eu"), f.flags...)
		want := []string{"Gateway istio-system/payments--partners--istio-egressgateway", "Secret istio-system/bank-certs"}
		if diff := cmp.Diff(want, dangling(t, without.Stdout)); diff != "" {
			t.Errorf("%s without the component (-want +got):\n%s", f.name, diff)
		}
	}
}

// dangling returns the Gateways and Secrets that a stream names and does not have.
func dangling(t *testing.T, stream string) []string {
	t.Helper()
	present, named := map[string]bool{"Gateway istio-system/mesh": true}, map[string]bool{}
	for _, n := range parseStream(t, stream) {
		present[n.GetKind()+" "+n.GetNamespace()+"/"+n.GetName()] = true
		for path, kind := range map[string]string{
			"spec.gateways": "Gateway",
			"spec.subsets.*.trafficPolicy.portLevelSettings.*.tls.credentialName": "Secret",
			"spec.subsets.*.trafficPolicy.tls.credentialName":                     "Secret",
		} {
			values, err := n.Pipe(&yaml.PathMatcher{Path: strings.Split(path, ".")})
			if err != nil {
				t.Fatal(err)
			}
			for _, value := range scalars(values) {
				named[kind+" "+n.GetNamespace()+"/"+value] = true
			}
		}
	}
	var missing []string
	for name := range named {
		if !present[name] {
			missing = append(missing, name)
		}
	}
	slices.Sort(missing)
	return missing
}

func scalars(node *yaml.RNode) []string {
	if node.IsNil() {
		return nil
	}
	if node.YNode().Kind == yaml.ScalarNode {
		return []string{node.YNode().Value}
	}
	var all []string
	for _, content := range node.Content() {
		all = append(all, scalars(yaml.NewRNode(content))...)
	}
	return all
}

// TestNamespaceUnsetOnly: a transformer of kustomize that fills in only what has no
// namespace leaves all objects where they are.
func TestNamespaceUnsetOnly(t *testing.T) {
	for _, f := range forms(t) {
		dir := copyLayout(t, "fleet", f)
		plain := fntest.KustomizeBuild(t, dir, f.flags...)
		over := filepath.Join(filepath.Dir(dir), "over")
		fntest.WriteText(t, filepath.Join(over, "kustomization.yaml"), "resources: [../fleet]\ntransformers: [namespace.yaml]\n")
		fntest.WriteText(t, filepath.Join(over, "namespace.yaml"), "apiVersion: builtin\nkind: NamespaceTransformer\n"+
			"metadata: {name: all, namespace: elsewhere}\nunsetOnly: true\n")
		got := fntest.KustomizeBuild(t, over, f.flags...)
		if diff := cmp.Diff(plain, got); diff != "" || plain.Stdout == "" {
			t.Errorf("%s (-alone +below an overlay):\n%s", f.name, diff)
		}
	}
}
