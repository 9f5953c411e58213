// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package fn

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/fn/internal/fntest"
)

// chart are the files of a chart with a bundle, a Job that is a hook, and a Deployment.
var chart = map[string]string{
	"Chart.yaml": "apiVersion: v2\nname: shop\nversion: 0.1.0\n",
	"templates/app.yaml": "# Of the chart.\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web   # stays\n" +
		"spec:\n  selector: {matchLabels: {app: web}}\n",
	"templates/bundle.yaml": "{{- if .Values.host }}\n" + strings.NewReplacer(
		"payments", "{{ .Release.Namespace }}", "edition.cnn.com", "{{ .Values.host }}").Replace(fntest.Smallest) + "{{- end }}\n",
	"templates/hook.yaml": "apiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate, annotations: {helm.sh/hook: pre-upgrade}}\n",
	"templates/none.yaml": "{{- if .Values.none }}\nkind: ConfigMap\n{{- end }}\n",
	"values.yaml":         "host: edition.cnn.com\n",
}

// meshElsewhere is an EgressMesh whose gateway stands in a namespace of its own.
const meshElsewhere = `apiVersion: egressbundle.io/v1alpha1
kind: EgressMesh
metadata: {name: production}
spec:
  gateways:
    istio-egressgateway: {namespace: egress}
`

// template is helm template of the chart, with a namespace, and with other arguments.
func template(t *testing.T, dir string, args ...string) fntest.Outcome {
	t.Helper()
	args = append([]string{"template", "shop", "chart", "--namespace", "payments"}, args...)
	return fntest.Execute(t, dir, "", fntest.Tool(t, "helm"), args...)
}

// writeChart writes the chart, and lets Helm keep its own files beside it.
func writeChart(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range chart {
		fntest.WriteText(t, filepath.Join(dir, "chart", name), text)
	}
	for _, name := range []string{"HELM_DATA_HOME", "HELM_CONFIG_HOME", "HELM_CACHE_HOME"} {
		t.Setenv(name, filepath.Join(dir, name))
	}
	return dir
}

// TestHelmPipe: what helm template prints stays as it is, byte by byte, but for the bundle.
func TestHelmPipe(t *testing.T) {
	dir := writeChart(t)
	printed := template(t, dir).Stdout
	before, rest, _ := strings.Cut(printed, "---\n# Source: shop/templates/bundle.yaml\n")
	bundle, after, found := strings.Cut(rest, "---\n")
	if !found || !strings.Contains(after, "helm.sh/hook") || !strings.Contains(before, "name: web   # stays") {
		t.Fatalf("helm template prints\n%s", printed)
	}
	want := before + "---\n" + after + "---\n" + fntest.Succeed(t, dir, bundle, fntest.Program, "render", "-")
	if diff := cmp.Diff(want, fntest.Succeed(t, dir, printed, fntest.Program, "render", "--keep-others", "-")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestHelmPostRenderer: the plugin of the recipe gives Helm objects in place of bundles, and leaves
// everything else alone, hooks among it.
func TestHelmPostRenderer(t *testing.T) {
	dir := writeChart(t)
	recipe, err := filepath.Abs("../recipes/helm")
	if err != nil {
		t.Fatal(err)
	}
	fntest.Succeed(t, dir, "", fntest.Tool(t, "helm"), "plugin", "install", recipe)
	fntest.WriteText(t, filepath.Join(dir, "mesh.yaml"), meshElsewhere)
	render := func(args ...string) fntest.Outcome {
		return template(t, dir, append([]string{"--post-renderer", "egressbundle"}, args...)...)
	}

	others := template(t, dir, "--set", "host=").Stdout
	for _, flags := range [][]string{nil, {"--mesh=mesh.yaml"}} {
		var args []string
		for _, flag := range flags {
			args = append(args, "--post-renderer-args="+flag)
		}
		objects := fntest.Succeed(t, dir, fntest.Smallest, fntest.Program, append([]string{"render", "-"}, flags...)...)
		got := render(args...)
		if diff := cmp.Diff(bodies(t, others+"---\n"+objects), bodies(t, got.Stdout)); diff != "" || got.Status != 0 {
			t.Errorf("%s: %+v (-render +helm):\n%s", flags, got, diff)
		}
	}
	if got := render("--set", "host="); got.Status != 0 || !cmp.Equal(bodies(t, others), bodies(t, got.Stdout)) {
		t.Errorf("without a bundle: %+v", got)
	}
	if got := render("--set", "host=localhost"); got.Status == 0 || got.Stdout != "" {
		t.Errorf("with a wrong bundle: %+v", got)
	}
}

// bodies returns the objects of a stream without comments, sorted.
func bodies(t *testing.T, stream string) []string {
	t.Helper()
	var all []string
	for _, node := range parseStream(t, stream) {
		text, err := node.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(text))
	}
	slices.Sort(all)
	return all
}
