// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package kustomization_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egressbundle/egressbundle/fn/internal/fntest"
	"github.com/egressbundle/egressbundle/fn/kustomization"
)

const (
	mesh = "apiVersion: egressbundle.io/v1alpha1\nkind: EgressMesh\nmetadata:\n  name: production\n" +
		"  annotations: {config.kubernetes.io/function: 'exec: {path: egressbundle}'}\nspec: {}\n"
	namespace = "apiVersion: builtin\nkind: NamespaceTransformer\nmetadata: {name: all, namespace: elsewhere}\nunsetOnly: true\n"
	component = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
	foreign   = "apiVersion: example.com/v1\nkind: Check\nmetadata:\n  name: all\n" +
		"  annotations: {config.kubernetes.io/function: 'exec: {path: touch, args: [run]}'}\n"
)

// inline returns an entry of a kustomization that holds objects itself.
func inline(text string) string { return "- |\n  " + fntest.Indent(text) }

// write writes a layout, which starts with a kustomization, and returns its folder.
func write(t *testing.T, text string, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	fntest.WriteText(t, filepath.Join(dir, "kustomization.yaml"), text)
	for name, text := range files {
		fntest.WriteText(t, filepath.Join(dir, name), text)
	}
	return dir
}

// TestForms: whatever form kustomizations name egressbundle in, bundles are resources, meshes
// are kept once, and what kustomize does by itself is done.
func TestForms(t *testing.T) {
	const news, web = "EgressBundle payments/news", "EgressBundle payments/web"
	both := fntest.Smallest + "---\n" + strings.Replace(fntest.Smallest, "name: news", "name: web", 1)
	files := map[string]string{
		"news.yaml": fntest.Smallest, "both.yaml": both, "mesh.yaml": mesh, "namespace.yaml": namespace, "settings.yaml": fntest.Settings,
		"mixed.yaml": fntest.Smallest + "---\n" + mesh + "---\n" + namespace,
		"empty.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: run\n" +
			"  annotations: {config.kubernetes.io/function: 'container: {image: \"registry.example.com/egressbundle:dev\"}'}\n",
		"local.yaml":                   strings.Replace(fntest.Smallest, "metadata: {", `metadata: {annotations: {"config.kubernetes.io/local-config": 'true'}, `, 1),
		"bundles/kustomization.yaml":   "resources: [news.yaml]\nnamePrefix: dev-\n",
		"bundles/news.yaml":            fntest.Smallest,
		"base/kustomization.yml":       "generators: [news.yaml]\ntransformers: [mesh.yaml]\n",
		"base/news.yaml":               fntest.Smallest,
		"base/mesh.yaml":               mesh,
		"component/Kustomization":      component + "generators: [news.yaml]\ntransformers: [mesh.yaml]\n",
		"component/news.yaml":          fntest.Smallest,
		"component/mesh.yaml":          mesh,
		"only/kustomization.yaml":      component + "transformers: [../meshes]\n",
		"meshes/kustomization.yaml":    "resources: [mesh.yaml]\n",
		"meshes/mesh.yaml":             mesh,
		"linked/real/kustomized.yaml":  "generators: [news.yaml]\n",
		"linked/news.yaml":             fntest.Smallest,
		"in-between/kustomization.yml": "resources: [../base]\nnamespace: moved\n",
	}
	for text, want := range map[string][]string{
		"resources: [news.yaml]\n":                                       {news},
		"resources: [news.yaml, mesh.yaml]\n":                            {"EgressMesh production", news},
		"resources: [news.yaml, mesh.yaml]\ntransformers: [mesh.yaml]\n": {"EgressMesh production", news},
		"resources: [news.yaml]\ntransformers: [mesh.yaml]\n":            {"mesh", news},
		"resources: [news.yaml]\ntransformers: [meshes]\n":               {"mesh", news},
		"resources: [news.yaml]\ntransformers: [meshes, mesh.yaml]\n":    {"mesh", news},
		"resources: [news.yaml]\ntransformers: [empty.yaml]\n":           {news},
		"resources: [news.yaml]\nvalidators: [mesh.yaml]\n":              {"mesh", news},
		"resources: [news.yaml]\ntransformers:\n" + inline(mesh):         {"mesh", news},
		"resources: [news.yaml]\ncomponents: [only]\n":                   {"mesh", news},
		"generators: [news.yaml]\n":                                      {news},
		"generators: [both.yaml]\n":                                      {news, web},
		"generators:\n" + inline(strings.ReplaceAll(both, "{name", `{annotations: {config.kubernetes.io/local-config: "true"}, name`)): {news, web},
		"generators: [local.yaml]\n":   {news},
		"generators:\n" + inline(both): {news, web},
		"resources: [news.yaml]\ncommonAnnotations: {config.kubernetes.io/local-config: \"true\"}\n": {news},
		"generators: [bundles]\n":                                                       {"EgressBundle payments/dev-news"},
		"generators: [news.yaml]\nnamespace: moved\nnameSuffix: -eu\n":                  {"EgressBundle moved/news-eu"},
		"transformers: [news.yaml]\n":                                                   {news},
		"resources: [base]\n":                                                           {"mesh", news},
		"resources: [base]\ntransformers: [mesh.yaml]\n":                                {"mesh", news},
		"resources: [in-between]\n":                                                     {"mesh", "EgressBundle moved/news"},
		"resources: [settings.yaml]\ncomponents: [component]\n":                         {"mesh", news, "ConfigMap settings"},
		"resources: [linked]\n":                                                         {news},
		"resources: [settings.yaml]\ngenerators: [news.yaml, mixed.yaml]\n":             nil, // twice
		"resources: [settings.yaml]\ntransformers: [mixed.yaml]\n":                      {"mesh", news, "ConfigMap elsewhere/settings"},
		"resources: [settings.yaml]\ntransformers: [namespace.yaml]\n":                  {"ConfigMap elsewhere/settings"},
		"resources: [settings.yaml, news.yaml]\ntransformers:\n" + inline(namespace):    {news, "ConfigMap elsewhere/settings"},
		"resources: [settings.yaml]\nconfigMapGenerator: [{name: a, files: [x.txt]}]\n": nil, // there is none
	} {
		t.Run(text, func(t *testing.T) {
			dir := write(t, text, files)
			if err := os.Symlink("real/kustomized.yaml", filepath.Join(dir, "linked/kustomization.yaml")); err != nil {
				t.Fatal(err)
			}
			var got []string
			if built, err := kustomization.Run(dir); err == nil {
				for range built.Meshes {
					got = append(got, "mesh")
				}
				got = append(got, names(built.Resources)...)
			}
			if diff := cmp.Diff(want, got, fntest.Sorted); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// names returns the kinds, namespaces and names of objects.
func names(objects []*yaml.RNode) []string {
	var all []string
	for _, o := range objects {
		all = append(all, o.GetKind()+" "+strings.TrimPrefix(o.GetNamespace()+"/"+o.GetName(), "/"))
	}
	return all
}

// TestForeign: functions of others are not run, and each is named with what to do.
func TestForeign(t *testing.T) {
	dir := write(t, "resources: [news.yaml, base]\ntransformers:\n- foreign.yaml\n- "+"mesh.yaml\n", map[string]string{
		"foreign.yaml": foreign, "news.yaml": fntest.Smallest, "mesh.yaml": mesh,
		"base/kustomization.yaml": "resources: [settings.yaml]\nvalidators:\n" + inline(foreign), "base/settings.yaml": fntest.Settings,
	})
	_, err := kustomization.Run(dir)
	var want []string
	for _, at := range []string{"base/kustomization.yaml:3:3: validators[0]", "kustomization.yaml:3:3: transformers[0]"} {
		want = append(want, filepath.Join(dir, at)+": must be of kustomize itself or of egressbundle, got a function (apiVersion: "+
			"example.com/v1, kind: Check), and egressbundle build runs no programs; take it out, or build with kustomize, which runs "+
			"egressbundle as a function too: kustomize build --enable-alpha-plugins --enable-exec [ForeignFunction]")
	}
	if diff := cmp.Diff(strings.Join(want, "\n"), fmt.Sprint(err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := os.Stat(filepath.Join(dir, "run")); err == nil {
		t.Error("the function was run")
	}
}

// TestUnbuildable: what kustomize says is passed on, with the folder in front.
func TestUnbuildable(t *testing.T) {
	files := map[string]string{"news.yaml": fntest.Smallest, "one/kustomization.yaml": "transformers: [../two]\n", "two/kustomization.yaml": "transformers: [../one]\n"}
	for text, want := range map[string]string{
		"resources: [missing.yaml]\n":               "no such file or directory",
		"resources: a\n":                            "cannot unmarshal",
		"transformers: a\nresources: [news.yaml]\n": "cannot unmarshal",
		"a: {":                                 "did not find expected",
		"resources: [one]\n":                   "cycle detected",
		"resources: [news.yaml]\nunknown: 1\n": `unknown field "unknown"`,
		"resources: [news.yaml]\ntransformers: [../outside.yaml]\n": "is not in or below",
	} {
		t.Run(text, func(t *testing.T) {
			dir := write(t, text, files)
			fntest.WriteText(t, filepath.Join(filepath.Dir(dir), "outside.yaml"), mesh)
			_, err := kustomization.Run(dir)
			if got := fmt.Sprint(err); !strings.HasPrefix(got, dir+": must be a kustomization that kustomize can build: ") || !strings.Contains(got, want) {
				t.Errorf("got %s", got)
			}
		})
	}
	if _, err := kustomization.Run(filepath.Join(t.TempDir(), "missing")); err == nil {
		t.Error("there is no folder, and no error")
	}
}
