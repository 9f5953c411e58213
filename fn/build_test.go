// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package fn

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/fn/internal/fntest"
)

// news is a bundle whose fields others change.
const news = fntest.Smallest

// web is another in the same namespace.
var web = strings.Replace(strings.Replace(fntest.Smallest, "name: news", "name: web", 1), "edition.cnn.com", "www.bbc.co.uk", 1)

// certified is a bundle that names a Secret.
const certified = `apiVersion: egressbundle.io/v1alpha1
kind: EgressBundle
metadata: {name: bank, namespace: payments}
spec:
  destinations:
    bank:
      hosts: [api.bank.example.com]
      ports: [{port: 80, pattern: TLSOrigination, clientCertificate: {secret: certs}}]
`

const secretGenerator = "secretGenerator: [{name: certs, namespace: istio-system, literals: [tls.crt=a]}]\n"

// layouts are kustomizations with an EgressMesh as a transformer of what is built.
var layouts = map[string]map[string]string{
	"a folder": {
		"kustomization.yaml": "resources: [news.yaml, others.yaml]\ntransformers: [mesh.yaml]\n",
		"news.yaml":          news + "---\n" + web,
		"others.yaml":        others(3),
	},
	"patches of bundles": {
		"base/kustomization.yaml": "resources: [news.yaml]\n",
		"base/news.yaml":          news,
		"kustomization.yaml": "resources: [base]\ntransformers: [mesh.yaml]\npatches:\n" +
			"- patch: '[{\"op\": \"add\", \"path\": \"/spec/destinations/bbc\", \"value\": {\"hosts\": [\"www.bbc.co.uk\"]}}]'\n  target: {kind: EgressBundle}\n" +
			"- patch: '{apiVersion: egressbundle.io/v1alpha1, kind: EgressBundle, metadata: {name: news, namespace: payments}, " +
			"spec: {destinations: {cnn: {hosts: [www.cnn.com]}}}}'\n",
	},
	"two overlays of one base": {
		"base/kustomization.yaml":  "resources: [news.yaml]\n",
		"base/news.yaml":           news,
		"east/kustomization.yaml":  "resources: [../base]\nnamePrefix: east-\nlabels: [{pairs: {region: east}}]\n",
		"west/kustomization.yaml":  "resources: [../base]\nnameSuffix: -west\nnamespace: west\ncommonAnnotations: {region: west}\n",
		"kustomization.yaml":       "resources: [east, west, others.yaml]\ntransformers: [mesh.yaml]\nlabels: [{pairs: {team: x}}]\n",
		"others.yaml":              others(1),
		"unused/kustomization.yml": "a: {",
	},
	"a component": {
		"kustomization.yaml":      "resources: [news.yaml]\ncomponents: [more]\ntransformers: [mesh.yaml]\n",
		"news.yaml":               news,
		"more/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [web.yaml]\nnamespace: shop\n",
		"more/web.yaml":           web,
	},
	"a component with the mesh": {
		"kustomization.yaml":      "resources: [news.yaml]\ncomponents: [more]\n",
		"news.yaml":               news,
		"more/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ntransformers: [../mesh]\n",
		"mesh/kustomization.yaml": "resources: [mesh.yaml]\npatches:\n" +
			"- patch: '[{\"op\": \"add\", \"path\": \"/spec/accessLog\", \"value\": true}]'\n  target: {kind: EgressMesh}\n",
		"mesh/mesh.yaml": transformer(form{function: execFunction}),
	},
	"a mesh that is written into two kustomizations": {
		"one/kustomization.yaml": "resources: [news.yaml]\ntransformers:\n- |\n  " + fntest.Indent(transformer(form{function: execFunction})),
		"one/news.yaml":          news,
		"two/kustomization.yaml": "resources: [web.yaml]\ntransformers:\n- |\n  " + fntest.Indent(transformer(form{function: execFunction})),
		"two/web.yaml":           strings.Replace(web, "payments", "shop", 1),
		"kustomization.yaml":     "resources: [one, two]\n",
	},
	"workloads": {
		"kustomization.yaml": "resources: [news.yaml, workloads.yaml]\ntransformers: [mesh.yaml]\n",
		"news.yaml":          fntest.BypassBundle,
		"workloads.yaml":     strings.ReplaceAll(fntest.Workloads, "template: {}", "template: {spec: {containers: []}}"),
	},
	"a Secret with a hash": {
		"kustomization.yaml": "resources: [bank.yaml]\ncomponents: [../components/name-references]\ntransformers: [mesh.yaml]\n" + secretGenerator,
		"bank.yaml":          certified,
	},
	"a Secret with prefixes": {
		"base/kustomization.yaml": "resources: [bank.yaml]\ncomponents: [../../components/name-references]\n" + secretGenerator,
		"base/bank.yaml":          certified,
		"dev/kustomization.yaml":  "resources: [../base]\nnamePrefix: dev-\n",
		"kustomization.yaml":      "resources: [dev]\nnameSuffix: -eu\ntransformers: [mesh.yaml]\n",
	},
	"a Secret that somebody else made": {
		"kustomization.yaml": "resources: [bank.yaml, secret.yaml]\nnamePrefix: dev-\ntransformers: [mesh.yaml]\n",
		"bank.yaml":          certified,
		"secret.yaml":        "apiVersion: v1\nkind: Secret\nmetadata: {name: other, namespace: istio-system}\n",
	},
	"what kpt annotates": {
		"kustomization.yaml": "resources: [news.yaml, others.yaml]\ntransformers: [mesh.yaml]\n",
		"news.yaml":          strings.Replace(news, "{name: news", `{annotations: {config.kubernetes.io/local-config: "true"}, name: news`, 1),
		"others.yaml":        strings.Replace(fntest.ConfigMap, "metadata:\n", "metadata:\n  annotations: {config.kubernetes.io/local-config: \"true\"}\n", 1) + "---\n" + others(1),
	},
	"what kustomize does with the rest": {
		"kustomization.yaml": "resources: [news.yaml, others.yaml]\ntransformers: [namespace.yaml, mesh.yaml]\nsortOptions: {order: fifo}\n" +
			"configMapGenerator: [{name: text, files: [sub/kustomization.yaml]}]\n" +
			"replacements: [{source: {kind: ConfigMap, name: settings0, fieldPath: data.on}, " +
			"targets: [{select: {kind: ConfigMap, name: settings1}, fieldPaths: [data.on]}]}]\n",
		"news.yaml":              news,
		"others.yaml":            others(2) + "---\napiVersion: v1\nkind: Service\nmetadata: {name: s, annotations: {}, labels: {}}\nspec: {ports: [{port: 80}]}\n",
		"namespace.yaml":         "apiVersion: builtin\nkind: NamespaceTransformer\nmetadata: {name: all, namespace: elsewhere}\nunsetOnly: true\n",
		"sub/kustomization.yaml": "generators: [news.yaml]\n",
		"sub/news.yaml":          news,
	},
}

// TestBuildLayouts: build prints what the real kustomize does with the function.
func TestBuildLayouts(t *testing.T) {
	for name, files := range layouts {
		t.Run(name, func(t *testing.T) {
			dir := writeLayout(t, files)
			want := fntest.KustomizeBuild(t, dir, "--enable-exec")
			got := fntest.Execute(t, "", "", fntest.Program, "build", dir)
			if diff := cmp.Diff(documents(want.Stdout), documents(got.Stdout)); diff != "" || got.Status != 0 || want.Status != 0 {
				t.Errorf("(-kustomize +build):\n%s\n%s\n%s", diff, want.Stderr, got.Stderr)
			}
			if strings.Count(got.Stdout, "kind: ") < 7 || strings.Contains(got.Stdout, "kind: EgressBundle") {
				t.Errorf("nothing was rendered:\n%s", got.Stdout)
			}
		})
	}
}

// writeLayout writes files, with a mesh and the components beside them, and returns their folder.
func writeLayout(t testing.TB, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	dir := filepath.Join(root, "layout")
	fntest.WriteText(t, filepath.Join(dir, "mesh.yaml"), transformer(form{function: execFunction}))
	for name, text := range files {
		fntest.WriteText(t, filepath.Join(dir, name), text)
	}
	for _, file := range fntest.Files(t, "../components") {
		fntest.WriteText(t, filepath.Join(root, "components", file), fntest.ReadText(t, filepath.Join("../components", file)))
	}
	return dir
}

// TestBuildExamples: build prints of an example, a bundle as a generator, what render prints of
// the bundle.
func TestBuildExamples(t *testing.T) {
	for _, bundle := range fntest.Glob(t, "../examples/*/bundle.yaml") {
		want := fntest.ReadText(t, filepath.Join(filepath.Dir(bundle), "rendered.yaml"))
		got := fntest.Succeed(t, "", "", fntest.Program, "build", filepath.Dir(bundle))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-render +build):\n%s", bundle, diff)
		}
	}
}

// TestBuildLeavesOthersAlone: what is not of bundles comes out as kustomize prints it, in its order
// and with what it notes.
func TestBuildLeavesOthersAlone(t *testing.T) {
	for _, more := range []string{"", "namePrefix: a-\n"} {
		testOthers(t, "resources: [others.yaml]\nbuildMetadata: [transformerAnnotations]\n"+more)
		testOthers(t, "resources: [others.yaml]\nconfigMapGenerator: [{name: data, files: [local.yaml]}]\n"+
			"buildMetadata: [originAnnotations, managedByLabel, transformerAnnotations]\n"+more)
	}
}

func testOthers(t *testing.T, kustomization string) {
	t.Helper()
	dir := writeLayout(t, map[string]string{
		"kustomization.yaml": kustomization,
		"others.yaml":        others(3) + "---\n" + fntest.Workloads,
		"local.yaml":         strings.Replace(news, "{name", `{annotations: {config.kubernetes.io/local-config: "true"}, name`, 1),
		"news.yaml":          news,
	})
	others := fntest.KustomizeBuild(t, dir)
	fntest.WriteText(t, filepath.Join(dir, "kustomization.yaml"),
		strings.Replace(fntest.ReadText(t, filepath.Join(dir, "kustomization.yaml")), "others.yaml", "news.yaml, others.yaml", 1))
	got := fntest.Execute(t, "", "", fntest.Program, "build", dir)
	if rest, ok := strings.CutPrefix(got.Stdout, others.Stdout+"---\n"); !ok || !strings.Contains(rest, "kind: VirtualService") {
		t.Errorf("(-kustomize +build):\n%s\n%s", cmp.Diff(others.Stdout, got.Stdout), got.Stderr)
	}
}

// TestBuildErrors: errors name where the field stands that must be mended, and nothing is printed.
func TestBuildErrors(t *testing.T) {
	local := strings.Replace(news, "edition.cnn.com", "localhost", 1)
	const mustBeName = `must be a fully qualified domain name in lower case, such as "api.example.com", or "*.example.com" ` +
		`for every name below it, without address, port or path, of at most 63 characters between two dots and 253 in all, got "localhost" [InvalidValue]`
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"a bundle": {
			files: map[string]string{"kustomization.yaml": "resources: [all.yaml]\n", "all.yaml": others(1) + "---\n# a comment\n" + local},
			want:  "layout/all.yaml:19:19: spec.destinations.cnn.hosts[0]: " + mustBeName,
		},
		"a bundle with another name": {
			files: map[string]string{"kustomization.yaml": "resources: [base]\nnamePrefix: dev-\n", "base/kustomization.yaml": "resources: [a.yaml]\n", "base/a.yaml": local},
			want:  "layout/base/a.yaml:6:19: spec.destinations.cnn.hosts[0]: " + mustBeName,
		},
		"a bundle as a generator": {
			files: map[string]string{"kustomization.yaml": "generators: [a.yaml]\n", "a.yaml": local},
			want:  "layout/a.yaml:6:19: spec.destinations.cnn.hosts[0]: " + mustBeName,
		},
		"what a patch says": {
			files: map[string]string{
				"kustomization.yaml": "resources: [a.yaml]\npatches: [{path: patch.yaml}]\n", "a.yaml": news,
				"patch.yaml": strings.Replace(local, "cnn:", "bbc:", 1),
			},
			want: "layout/a.yaml: EgressBundle payments/news: spec.destinations.bbc.hosts[0]: " + mustBeName,
		},
		"what a patch leaves": {
			files: map[string]string{
				"kustomization.yaml": "resources: [a.yaml]\npatches: [{path: patch.yaml}]\n", "a.yaml": local,
				"patch.yaml": strings.Replace(news, "cnn:", "bbc:", 1),
			},
			want: "layout/a.yaml:6:19: spec.destinations.cnn.hosts[0]: " + mustBeName,
		},
		"two meshes": {
			files: map[string]string{
				"kustomization.yaml": "resources: [a.yaml]\ntransformers: [one.yaml, two.yaml]\n", "a.yaml": news,
				"one.yaml": meshDocument, "two.yaml": strings.Replace(meshDocument, "production", "other", 1) + "  accessLog: true\n",
			},
			want: "layout/two.yaml:2:7: kind: must stand only once: the facts of the cluster stand in EgressMesh production (layout/one.yaml:2:7) already",
		},
		"two bundles": {
			files: map[string]string{
				"kustomization.yaml": "resources: [a.yaml, b.yaml]\n", "a.yaml": news,
				"b.yaml": strings.Replace(web, "[www.bbc.co.uk]", "[edition.cnn.com], via: Sidecar", 1),
			},
			want: `of EgressBundle payments/news (`,
		},
		"no bundle": {
			files: map[string]string{"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": fntest.ConfigMap},
			want:  "there must be an EgressBundle, and there is none; if that is meant, say so with --allow-empty [NoBundle]",
		},
		"what is rendered already": {
			files: map[string]string{"kustomization.yaml": "resources: [a.yaml, rendered.yaml]\n", "a.yaml": news, "rendered.yaml": fntest.ReadText(t, "../examples/two-lines/rendered.yaml")},
			want:  "is there already, from EgressBundle payments/news, which another function rendered; list every bundle once [DuplicateBundle]",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := writeLayout(t, c.files)
			got := fntest.Execute(t, filepath.Dir(dir), "", fntest.Program, "build", "layout")
			if got.Status != 1 || got.Stdout != "" || !strings.Contains(got.Stderr, c.want) || strings.Contains(got.Stderr, dir) {
				t.Errorf("want %s, got %+v", c.want, got)
			}
		})
	}
}
