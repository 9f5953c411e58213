// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package fn

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/egressbundle/egressbundle/fn/internal/fntest"
)

// kpt returns the path of the real kpt, in the version that is pinned in tools/kpt.
var kpt = sync.OnceValues(func() (string, error) {
	path := filepath.Join(filepath.Dir(fntest.Program), "kpt")
	cmd := exec.Command("go", "build", "-o", path, ".")
	cmd.Dir = "../tools/kpt"
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), err
	}
	return path, nil
})

// runKpt runs a command of kpt.
func runKpt(t *testing.T, dir string, args ...string) fntest.Outcome {
	t.Helper()
	program, err := kpt()
	if err != nil {
		t.Fatalf("%v\n%s", err, program)
	}
	return fntest.Execute(t, dir, "", program, args...)
}

// kptRender renders a package in place, which must succeed, and returns its files.
func kptRender(t *testing.T, dir string) map[string]string {
	t.Helper()
	if got := runKpt(t, dir, "fn", "render", ".", "--allow-exec"); got.Status != 0 {
		t.Fatalf("%+v", got)
	}
	return fntest.Contents(t, dir)
}

// names returns the paths of files, sorted.
func names(files map[string]string) []string { return slices.Sorted(maps.Keys(files)) }

// kptFunction names the function in a Kptfile.
func (f form) kptFunction() string {
	if f.name == "exec" {
		return "exec: egressbundle"
	}
	return "image: " + testImage
}

const meshDocument = `apiVersion: egressbundle.io/v1alpha1
kind: EgressMesh
metadata:
  name: production
spec:
  outboundTrafficPolicy: REGISTRY_ONLY
`

// searchKptfile is that of a package inside the package.
const searchKptfile = "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: search\n"

// writePackage writes a package with a mesh, a bundle and somebody else's object.
func writePackage(t *testing.T, f form) string {
	t.Helper()
	dir := t.TempDir()
	fntest.WriteText(t, filepath.Join(dir, "Kptfile"), `apiVersion: kpt.dev/v1
kind: Kptfile
metadata:
  name: team
  annotations:
    config.kubernetes.io/local-config: "true"
pipeline:
  mutators:
    - `+f.kptFunction()+`
      configPath: mesh.yaml
`)
	fntest.WriteText(t, filepath.Join(dir, "mesh.yaml"), meshDocument)
	fntest.WriteText(t, filepath.Join(dir, "settings.yaml"), fntest.Settings)
	fntest.WriteText(t, filepath.Join(dir, "egress/news.yaml"), fntest.Smallest)
	return dir
}

// packageFiles are those of a package that was rendered.
func packageFiles() []string {
	return append([]string{"Kptfile", "mesh.yaml", "settings.yaml", "egress/news.yaml"}, fntest.NewsFiles...)
}

// TestKptInPlace: kpt keeps the objects of a package beside its bundles. What users
// did to their files stays, and what is not wanted any more goes.
func TestKptInPlace(t *testing.T) {
	for _, f := range forms(t) {
		t.Run(f.name, func(t *testing.T) {
			dir := writePackage(t, f)
			first := kptRender(t, dir)
			if diff := cmp.Diff(packageFiles(), names(first), fntest.Sorted); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(fntest.Settings, first["settings.yaml"]); diff != "" {
				t.Errorf("the object of somebody else (-before +after):\n%s", diff)
			}
			if diff := cmp.Diff(first, kptRender(t, dir)); diff != "" {
				t.Errorf("a second run (-first +second):\n%s", diff)
			}

			entry := first["egress/payments/serviceentry_payments--news--cnn.yaml"]
			commented := strings.Replace(entry, "location: MESH_EXTERNAL", "location: MESH_EXTERNAL # agreed with the platform team", 1)
			fntest.WriteText(t, filepath.Join(dir, "elsewhere/cnn.yaml"), commented)
			fntest.Remove(t, filepath.Join(dir, "egress/payments/serviceentry_payments--news--cnn.yaml"))
			moved := fntest.Contents(t, dir)
			if diff := cmp.Diff(moved, kptRender(t, dir)); diff != "" {
				t.Errorf("after a comment and a move (-before +after):\n%s", diff)
			}

			fntest.WriteText(t, filepath.Join(dir, "egress/news.yaml"), moved["egress/news.yaml"]+"    bbc: {hosts: [www.bbc.com]}\n")
			grown := kptRender(t, dir)
			if grown["elsewhere/cnn.yaml"] != commented {
				t.Errorf("the moved file:\n%s", grown["elsewhere/cnn.yaml"])
			}
			if grown["egress/payments/serviceentry_payments--news--bbc.yaml"] == "" {
				t.Errorf("the new destination is missing: %s", names(grown))
			}

			fntest.WriteText(t, filepath.Join(dir, "egress/news.yaml"), moved["egress/news.yaml"])
			if diff := cmp.Diff(moved, kptRender(t, dir)); diff != "" {
				t.Errorf("after the destination went (-before +after):\n%s", diff)
			}
		})
	}
}

// TestKptChangedObject: an object that changes stays in the file that the user
// moved it to, beside others, and keeps its comments.
func TestKptChangedObject(t *testing.T) {
	dir := writePackage(t, forms(t)[0])
	first := kptRender(t, dir)
	const path = "egress/payments/serviceentry_payments--news--cnn.yaml"
	commented := strings.Replace(first[path], "location: MESH_EXTERNAL", "location: MESH_EXTERNAL # agreed", 1)
	fntest.WriteText(t, filepath.Join(dir, "one.yaml"), settings2+"---\n"+commented)
	fntest.Remove(t, filepath.Join(dir, path))
	bundle := strings.Replace(first["egress/news.yaml"], "[edition.cnn.com]", "[edition.cnn.com, www.cnn.com]", 1)
	fntest.WriteText(t, filepath.Join(dir, "egress/news.yaml"), bundle)

	after := kptRender(t, dir)
	want := settings2 + "---\n" + strings.Replace(commented, "  - edition.cnn.com\n", "  - edition.cnn.com\n  - www.cnn.com\n", 1)
	if diff := cmp.Diff(want, after["one.yaml"]); diff != "" || after[path] != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

var settings2 = strings.Replace(fntest.Settings, "name: settings", "name: more", 1)

// TestKptOneFile: all objects may stand in one file. A destination that comes, whose
// objects are before theirs, takes none of their places; and where somebody else has the
// file that its object would be in, it comes after what is there.
func TestKptOneFile(t *testing.T) {
	dir := writePackage(t, forms(t)[0])
	first := kptRender(t, dir)
	var documents []string
	for _, path := range fntest.NewsFiles {
		documents = append(documents, strings.Replace(first[path], "metadata:\n", "metadata: # "+filepath.Base(path)+"\n", 1))
		fntest.Remove(t, filepath.Join(dir, path))
	}
	one := strings.Join(documents, "---\n")
	fntest.WriteText(t, filepath.Join(dir, "egress/all.yaml"), one)
	const taken = "egress/payments/serviceentry_payments--news--abc.yaml"
	fntest.WriteText(t, filepath.Join(dir, taken), settings2)
	before := kptRender(t, dir)
	if diff := cmp.Diff(one, before["egress/all.yaml"]); diff != "" {
		t.Errorf("one file (-before +after):\n%s", diff)
	}

	grown := strings.Replace(before["egress/news.yaml"], "    cnn:", "    abc: {hosts: [abc.example.com]}\n    cnn:", 1)
	fntest.WriteText(t, filepath.Join(dir, "egress/news.yaml"), grown)
	all := kptRender(t, dir)
	comments := regexp.MustCompile("metadata: # .*")
	if diff := cmp.Diff(comments.FindAllString(one, -1), comments.FindAllString(all["egress/all.yaml"], -1)); diff != "" {
		t.Errorf("one file with a destination more (-before +after):\n%s", diff)
	}
	if got := all[taken]; !strings.HasPrefix(got, settings2+"---\n") || !strings.Contains(got, "kind: ServiceEntry") {
		t.Errorf("%s:\n%s", taken, got)
	}
	if diff := cmp.Diff(all, kptRender(t, dir)); diff != "" {
		t.Errorf("a second run (-first +second):\n%s", diff)
	}

	fntest.WriteText(t, filepath.Join(dir, "egress/news.yaml"), before["egress/news.yaml"])
	if diff := cmp.Diff(before, kptRender(t, dir)); diff != "" {
		t.Errorf("after the destination went (-before +after):\n%s", diff)
	}
}

// TestKptTakesBack: what bundles add to workloads of others goes when no bundle wants it
// any more, and what others wrote there stays.
func TestKptTakesBack(t *testing.T) {
	for _, f := range forms(t) {
		dir := writePackage(t, f)
		path := filepath.Join(dir, "egress/news.yaml")
		for i, document := range strings.Split(fntest.Workloads, "---\n") {
			fntest.WriteText(t, filepath.Join(dir, fmt.Sprintf("workload%d.yaml", i)), document)
		}
		fntest.WriteText(t, path, fntest.Smallest)
		before := kptRender(t, dir)

		fntest.WriteText(t, path, fntest.BypassBundle)
		patched := kptRender(t, dir)
		for name, added := range map[string]string{
			"workload0.yaml": `'{"annotations":{"proxy.istio.io/config":["proxyHeaders"]},"volumes":["etc--istio--bank-certs"],` +
				`"mounts":["/etc/istio/bank-certs"]}'`,
			"workload1.yaml": `'{"annotations":{"traffic.sidecar.istio.io/excludeOutboundIPRanges":["10.0.0.0/24"]}}'`,
			"workload2.yaml": `'{"annotations":{"traffic.sidecar.istio.io/excludeOutboundIPRanges":["10.0.0.0/24"],` +
				`"traffic.sidecar.istio.io/excludeOutboundPorts":["9000"]}}'`,
		} {
			if !strings.Contains(patched[name], "egressbundle.io/added: "+added) {
				t.Errorf("%s: %s:\n%s", f.name, name, patched[name])
			}
		}
		if patched["workload3.yaml"] != before["workload3.yaml"] {
			t.Errorf("%s: of no client:\n%s", f.name, patched["workload3.yaml"])
		}
		if diff := cmp.Diff(patched, kptRender(t, dir)); diff != "" {
			t.Errorf("%s: a second run (-first +second):\n%s", f.name, diff)
		}

		fntest.WriteText(t, path, strings.Replace(fntest.BypassBundle, "[9000]", "[5432]", 1))
		changed := kptRender(t, dir)
		for name, ports := range map[string]string{"workload1.yaml": `"3306,5432,9000"`, "workload2.yaml": `"5432"`} {
			if !strings.Contains(changed[name], "excludeOutboundPorts: "+ports) {
				t.Errorf("%s: another port: %s:\n%s", f.name, name, changed[name])
			}
		}

		fntest.WriteText(t, path, fntest.Smallest)
		before["workload1.yaml"] = strings.Replace(before["workload1.yaml"], `"3306, 9000"`, `"3306,9000"`, 1)
		if diff := cmp.Diff(before, kptRender(t, dir)); diff != "" {
			t.Errorf("%s: without a bypass (-before +after):\n%s", f.name, diff)
		}
	}
}

// TestKptTakesBackItsOwn: entries, mounts and the order that people gave to what was added
// stay, and a package inside another takes back nothing that the outer one wants.
func TestKptTakesBackItsOwn(t *testing.T) {
	dir := writePackage(t, forms(t)[0])
	gateway, _, _ := strings.Cut(fntest.Workloads, "---\n")
	fntest.WriteText(t, filepath.Join(dir, "search/gateway.yaml"), gateway)
	fntest.WriteText(t, filepath.Join(dir, "search/store.yaml"), `apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: store
  namespace: payments
spec:
  selector:
    matchLabels: &labels {app: store}
  template:
    metadata:
      labels: *labels
      annotations:
        sidecar.istio.io/userVolume: |

          {"mine": {"secret": {"secretName": "x"}}}
`)
	fntest.WriteText(t, filepath.Join(dir, "search/Kptfile"), searchKptfile+"pipeline:\n  mutators:\n    - exec: egressbundle\n")
	fntest.WriteText(t, filepath.Join(dir, "search/web.yaml"), strings.ReplaceAll(fntest.Smallest, "payments", "search"))
	const gov = `    gov:
      via: Sidecar
      hosts: [api.gov.example.com]
      ports:
      - port: 80
        pattern: TLSOrigination
        clientCertificate: {files: {certificate: /etc/gov/tls.crt, privateKey: /etc/gov/tls.key}}
`
	fntest.WriteText(t, filepath.Join(dir, "egress/news.yaml"), strings.Replace(fntest.BypassBundle, "  bypass:", gov+"  bypass:", 1))
	first := kptRender(t, dir)
	for _, want := range []string{`"mine":`, `"etc--gov":`, "excludeOutboundPorts", "      labels: {app: store}"} {
		if !strings.Contains(first["search/store.yaml"], want) {
			t.Errorf("no %s in\n%s", want, first["search/store.yaml"])
		}
	}
	if diff := cmp.Diff(first, kptRender(t, dir)); diff != "" {
		t.Errorf("a second run (-first +second):\n%s", diff)
	}

	edited := strings.Replace(first["search/gateway.yaml"], "        - mountPath: /etc/istio/bank-certs\n",
		"        - mountPath: /extra # for debugging\n          name: etc--istio--bank-certs\n"+
			"        - mountPath: /etc/istio/bank-certs\n", 1)
	if edited == first["search/gateway.yaml"] {
		t.Fatalf("no mount in\n%s", edited)
	}
	fntest.WriteText(t, filepath.Join(dir, "search/gateway.yaml"), edited)
	if got := kptRender(t, dir)["search/gateway.yaml"]; got != edited {
		t.Errorf("with a mount of people's own:\n%s", cmp.Diff(edited, got))
	}
	before := fntest.Contents(t, filepath.Join(dir, "search"))
	if diff := cmp.Diff(before, kptRender(t, filepath.Join(dir, "search"))); diff != "" {
		t.Errorf("the package inside alone (-before +after):\n%s", diff)
	}

	fntest.WriteText(t, filepath.Join(dir, "egress/news.yaml"), fntest.Smallest)
	after := kptRender(t, dir)
	if got := after["search/store.yaml"]; !strings.Contains(got, `"mine":`) || strings.Contains(got, "etc--gov") ||
		strings.Contains(got, "exclude") || strings.Contains(got, "added") {
		t.Errorf("after the bundle:\n%s", got)
	}
	if got := after["search/gateway.yaml"]; !strings.Contains(got, "/extra") || strings.Contains(got, "mountPath: /etc/istio/bank-certs") {
		t.Errorf("after the bundle:\n%s", got)
	}
}

// TestKptSubPackage: the objects of a bundle stand in its own package, and those of
// a bundle that is gone are removed there.
func TestKptSubPackage(t *testing.T) {
	for _, f := range forms(t) {
		dir := writePackage(t, f)
		fntest.WriteText(t, filepath.Join(dir, "search/Kptfile"), searchKptfile)
		fntest.WriteText(t, filepath.Join(dir, "search/egress/web.yaml"), strings.ReplaceAll(fntest.Smallest, "payments", "search"))
		all := kptRender(t, dir)
		const entry = "search/egress/search/serviceentry_search--news--cnn.yaml"
		if all[entry] == "" || all["egress/payments/serviceentry_payments--news--cnn.yaml"] == "" {
			t.Errorf("%s: %s", f.name, names(all))
		}
		if diff := cmp.Diff(all, kptRender(t, dir)); diff != "" {
			t.Errorf("%s: a second run (-first +second):\n%s", f.name, diff)
		}
		fntest.Remove(t, filepath.Join(dir, "search/egress/web.yaml"))
		for _, name := range names(kptRender(t, dir)) {
			if strings.HasPrefix(name, "search/") && name != "search/Kptfile" {
				t.Errorf("%s: %s stayed", f.name, name)
			}
		}
	}
}

// mutators replaces the steps of a package.
func mutators(t *testing.T, dir string, steps ...string) {
	t.Helper()
	text := "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: team\npipeline:\n  mutators:\n"
	for i, step := range steps {
		steps[i] = "    - " + strings.ReplaceAll(step, "\n", "\n      ") + "\n"
	}
	fntest.WriteText(t, filepath.Join(dir, "Kptfile"), text+strings.Join(steps, ""))
}

// TestKptStepForEachBundle: a step for each bundle gives what one step for all of them
// gives: contradictions are found, shared objects are those of all, and what belongs to
// a bundle that is gone is removed.
func TestKptStepForEachBundle(t *testing.T) {
	for _, f := range forms(t) {
		dir := writePackage(t, f)
		step := func(bundle string) string { return f.kptFunction() + "\nconfigPath: egress/" + bundle + ".yaml" }
		cards := strings.Replace(fntest.Smallest, "name: news", "name: cards", 1)
		const deny = "  enforce: {registryOnly: true, clusterTraffic: Deny}\n"
		fntest.WriteText(t, filepath.Join(dir, "egress/cards.yaml"), cards+deny)
		fntest.WriteText(t, filepath.Join(dir, "egress/news.yaml"), fntest.Smallest+"  enforce: {registryOnly: true}\n")
		mutators(t, dir, step("cards"), step("news"))
		got := runKpt(t, dir, "fn", "render", ".", "--allow-exec")
		const want = "EgressBundle payments/news: spec.enforce.clusterTraffic: must be Deny, " +
			"as EgressBundle payments/cards (egress/cards.yaml) says"
		if got.Status == 0 || !strings.Contains(got.Stdout+got.Stderr, want) {
			t.Errorf("%s: a contradiction: %+v", f.name, got)
		}

		fntest.WriteText(t, filepath.Join(dir, "egress/news.yaml"), fntest.Smallest+deny)
		each := kptRender(t, dir)
		mutators(t, dir, f.kptFunction())
		if diff := cmp.Diff(each, kptRender(t, dir), ignoreKptfile); diff != "" {
			t.Errorf("%s: (-a step for each +one for all):\n%s", f.name, diff)
		}

		fntest.Remove(t, filepath.Join(dir, "egress/cards.yaml"))
		fntest.WriteText(t, filepath.Join(dir, "egress/news.yaml"), fntest.Smallest)
		mutators(t, dir, step("news"))
		if diff := cmp.Diff(packageFiles(), names(kptRender(t, dir)), fntest.Sorted); diff != "" {
			t.Errorf("%s: after a bundle went (-want +got):\n%s", f.name, diff)
		}
	}
}

var ignoreKptfile = cmpopts.IgnoreMapEntries(func(name, _ string) bool { return name == "Kptfile" })

// TestKptLastBundle: with the last bundle its objects go, with a warning, and the next run
// is no failure.
func TestKptLastBundle(t *testing.T) {
	for _, f := range forms(t) {
		dir := writePackage(t, f)
		kptRender(t, dir)
		fntest.Remove(t, filepath.Join(dir, "egress/news.yaml"))
		got := runKpt(t, dir, "fn", "render", ".", "--allow-exec")
		for _, want := range []string{"[warning]: there is no EgressBundle", "[warning]: the objects of EgressBundle payments/news go"} {
			if got.Status != 0 || !strings.Contains(got.Stdout+got.Stderr, want) {
				t.Errorf("%s: no %s in %+v", f.name, want, got)
			}
		}
		if diff := cmp.Diff([]string{"Kptfile", "mesh.yaml", "settings.yaml"}, names(kptRender(t, dir)), fntest.Sorted); diff != "" {
			t.Errorf("%s: files (-want +got):\n%s", f.name, diff)
		}
	}
}

// TestKptPart: who sees a part of a package does not take what it cannot see for gone.
func TestKptPart(t *testing.T) {
	for _, f := range forms(t) {
		dir := writePackage(t, f)
		before := kptRender(t, dir)
		eval := []string{"fn", "eval", "egress/payments", "--fn-config", "mesh.yaml", "--image", testImage}
		if f.name == "exec" {
			eval = append(eval[:5], "--exec", "egressbundle")
		}
		const want = "there must be an EgressBundle, and there is none; give the function the whole package, with its Kptfile"
		if got := runKpt(t, dir, eval...); got.Status == 0 || !strings.Contains(got.Stdout+got.Stderr, want) {
			t.Errorf("%s: a folder: %+v", f.name, got)
		}
		for _, selector := range []string{
			"selectors: [{namespace: istio-system}]",
			"selectors: [{kind: EgressBundle}]",
			"exclude: [{kind: EgressBundle}]",
			"exclude: [{labels: {app.kubernetes.io/managed-by: egressbundle}}]",
		} {
			mutators(t, dir, f.kptFunction()+"\nconfigPath: mesh.yaml\n"+selector)
			const partial = "the items must be those of a whole package"
			if got := runKpt(t, dir, "fn", "render", ".", "--allow-exec"); got.Status == 0 || !strings.Contains(got.Stdout+got.Stderr, partial) {
				t.Errorf("%s: %s: %+v", f.name, selector, got)
			}
		}
		if diff := cmp.Diff(before, fntest.Contents(t, dir), ignoreKptfile); diff != "" {
			t.Errorf("%s: (-before +after):\n%s", f.name, diff)
		}
	}
}

// TestKptEval: kpt fn eval takes the bundle of the package, and no other of its name;
// without a functionConfig, it renders the package.
func TestKptEval(t *testing.T) {
	dir := writePackage(t, forms(t)[0])
	first := kptRender(t, dir)
	eval := func(args ...string) fntest.Outcome {
		return runKpt(t, dir, append([]string{"fn", "eval", ".", "--exec", "egressbundle"}, args...)...)
	}
	outside := filepath.Join(t.TempDir(), "news.yaml")
	fntest.WriteText(t, outside, strings.Replace(fntest.Smallest, "edition.cnn.com", "www.cnn.com", 1))
	for _, args := range [][]string{nil, {"--fn-config", "mesh.yaml"}, {"--fn-config", "egress/news.yaml"}} {
		if got := eval(args...); got.Status != 0 {
			t.Errorf("%s: %+v", args, got)
		}
	}
	const want = "egress/news.yaml: EgressBundle payments/news: differs from the functionConfig of the same name; "
	if got := eval("--fn-config", outside); got.Status == 0 || !strings.Contains(got.Stdout+got.Stderr, want) {
		t.Errorf("another of the same name: %+v", got)
	}
	if diff := cmp.Diff(first, fntest.Contents(t, dir)); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
}

// TestKptSubPackageMesh: a package has one set of facts, also if a package inside it
// states others under the same name.
func TestKptSubPackageMesh(t *testing.T) {
	for _, f := range forms(t) {
		dir := writePackage(t, f)
		fntest.WriteText(t, filepath.Join(dir, "search/Kptfile"), searchKptfile)
		fntest.WriteText(t, filepath.Join(dir, "search/web.yaml"), strings.ReplaceAll(fntest.Smallest, "payments", "search"))
		fntest.WriteText(t, filepath.Join(dir, "search/mesh.yaml"), strings.Replace(meshDocument, "REGISTRY_ONLY", "ALLOW_ANY", 1))
		got := runKpt(t, dir, "fn", "render", ".", "--allow-exec")
		const want = "search/mesh.yaml: EgressMesh production: kind: must stand only once: " +
			"the facts of the cluster stand in EgressMesh production (mesh.yaml) already [DuplicateMesh]"
		if got.Status == 0 || !strings.Contains(got.Stdout+got.Stderr, want) {
			t.Errorf("%s: %+v", f.name, got)
		}
	}
}

// TestKptNamespaces: a step that sets namespaces stands before egressbundle and leaves
// out its objects. Otherwise they lose what people wrote into their files.
func TestKptNamespaces(t *testing.T) {
	const setNamespace = `exec: "sed -E 's/^(    namespace:) .*/\\1 web/'"`
	const others = "\nexclude: [{labels: {app.kubernetes.io/managed-by: egressbundle}}]"
	dir := writePackage(t, forms(t)[0])
	bundle := strings.Replace(fntest.Smallest, "metadata: {name: news, namespace: payments}",
		"metadata:\n  name: news\n  namespace: payments", 1)
	fntest.WriteText(t, filepath.Join(dir, "egress/news.yaml"), bundle)
	mutators(t, dir, setNamespace+others, "exec: egressbundle")
	first := kptRender(t, dir)
	want := fntest.Succeed(t, "", strings.Replace(fntest.Smallest, "payments", "web", 1)+"---\n"+meshDocument, fntest.Program, "render", "-")
	var got []string
	for name, text := range first {
		if strings.HasPrefix(name, "egress/") && name != "egress/news.yaml" {
			got = append(got, text)
		}
	}
	if diff := cmp.Diff(documents(want), got, fntest.Sorted); diff != "" {
		t.Errorf("(-render +kpt):\n%s", diff)
	}

	const gateway = "egress/istio-system/gateway_web--news--istio-egressgateway.yaml"
	commented := strings.Replace(first[gateway], "metadata:\n", "metadata: # ours\n", 1)
	fntest.WriteText(t, filepath.Join(dir, gateway), commented)
	if got := kptRender(t, dir)[gateway]; got != commented {
		t.Errorf("%s:\n%s", gateway, got)
	}
	mutators(t, dir, setNamespace, "exec: egressbundle")
	if got := kptRender(t, dir)[gateway]; got != first[gateway] {
		t.Errorf("without exclude, %s:\n%s", gateway, got)
	}
}

// TestKptFails: a broken bundle changes no file, and the message tells where it is.
func TestKptFails(t *testing.T) {
	for _, f := range forms(t) {
		dir := writePackage(t, f)
		fntest.WriteText(t, filepath.Join(dir, "egress/news.yaml"), strings.Replace(fntest.Smallest, "edition.cnn.com", "localhost", 1))
		before := fntest.Contents(t, dir)
		got := runKpt(t, dir, "fn", "render", ".", "--allow-exec", "--results-dir", "results")
		const want = "egress/news.yaml: EgressBundle payments/news: spec.destinations.cnn.hosts[0]: must be"
		if got.Status == 0 || !strings.Contains(got.Stdout+got.Stderr, want) {
			t.Errorf("%s: %+v", f.name, got)
		}
		results := fntest.ReadText(t, filepath.Join(dir, "results/results.yaml"))
		if !strings.Contains(results, "path: egress/news.yaml") || strings.Contains(results, dir) {
			t.Errorf("%s: results:\n%s", f.name, results)
		}
		if err := os.RemoveAll(filepath.Join(dir, "results")); err != nil {
			t.Fatal(err)
		}
		after := fntest.Contents(t, dir)
		delete(before, "Kptfile") // kpt writes its status there.
		delete(after, "Kptfile")
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("%s: (-before +after):\n%s", f.name, diff)
		}
	}
}

// TestKptWarnings: kpt shows results, and keeps what stands on standard error in
// Git; so warnings are results alone.
func TestKptWarnings(t *testing.T) {
	dir := writePackage(t, forms(t)[0])
	fntest.WriteText(t, filepath.Join(dir, "mesh.yaml"), strings.Replace(meshDocument, "REGISTRY_ONLY", "ALLOW_ANY", 1))
	got := runKpt(t, dir, "fn", "render", ".", "--allow-exec")
	if all := got.Stdout + got.Stderr; got.Status != 0 || strings.Count(all, "is ALLOW_ANY") != 1 ||
		!strings.Contains(all, "[Results]: [warning]") {
		t.Errorf("%+v", got)
	}
}

// TestKptLabeledBundle: what people write is never taken for an object that this program
// made, whatever labels other functions of the pipeline give to everything.
func TestKptLabeledBundle(t *testing.T) {
	dir := writePackage(t, forms(t)[0])
	labeled := strings.Replace(fntest.Smallest, "{name: news,", "{labels: {app.kubernetes.io/managed-by: egressbundle}, name: news,", 1)
	fntest.WriteText(t, filepath.Join(dir, "egress/news.yaml"), labeled)
	fntest.WriteText(t, filepath.Join(dir, "mesh.yaml"), strings.Replace(meshDocument, "metadata:\n",
		"metadata:\n  labels: {app.kubernetes.io/managed-by: egressbundle}\n", 1))
	fntest.WriteText(t, filepath.Join(dir, "settings.yaml"), strings.Replace(fntest.ConfigMap, "metadata:\n",
		"metadata:\n  labels: {app.kubernetes.io/managed-by: egressbundle}\n", 1))
	if all := kptRender(t, dir); all["egress/news.yaml"] == "" || all["mesh.yaml"] == "" ||
		all["settings.yaml"] == "" || all[fntest.NewsFiles[0]] == "" {
		t.Errorf("files %q", names(all))
	}
}

// TestKptOwnership: what others made stays, also with the label of this program or with a copy
// of its annotations, and what it made itself it knows under any label.
func TestKptOwnership(t *testing.T) {
	dir := writePackage(t, forms(t)[0])
	before := kptRender(t, dir)
	const label = "app.kubernetes.io/managed-by: "
	web := "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: apps\n  labels:\n    " + label + "egressbundle\n"
	fntest.WriteText(t, filepath.Join(dir, "apps/deployment_web.yaml"), web)
	const entry = "egress/payments/serviceentry_payments--news--cnn.yaml"
	copied := strings.NewReplacer("payments--news--cnn", "mine", "edition.cnn.com", "www.cnn.com").Replace(before[entry])
	fntest.WriteText(t, filepath.Join(dir, "mine.yaml"), copied)
	relabeled := strings.Replace(before[entry], label+"egressbundle", label+"kustomize", 1)
	fntest.WriteText(t, filepath.Join(dir, entry), relabeled)

	want := maps.Clone(before)
	want["apps/deployment_web.yaml"], want["mine.yaml"] = web, copied
	if diff := cmp.Diff(want, kptRender(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	fntest.WriteText(t, filepath.Join(dir, entry), relabeled)
	fntest.Remove(t, filepath.Join(dir, "egress/news.yaml"))
	left := []string{"Kptfile", "apps/deployment_web.yaml", "mesh.yaml", "mine.yaml", "settings.yaml"}
	if diff := cmp.Diff(left, names(kptRender(t, dir)), fntest.Sorted); diff != "" {
		t.Errorf("without the bundle (-want +got):\n%s", diff)
	}
}

// TestKptUpdate: kpt keeps a destination that a user added to a bundle, and adds the one
// that its origin added since, because destinations are a map.
func TestKptUpdate(t *testing.T) {
	t.Setenv("KPT_CACHE_DIR", t.TempDir())
	origin, dir := filepath.Join(t.TempDir(), "origin.git"), t.TempDir()
	bundle := filepath.Join(origin, "egress/news.yaml")
	fntest.WriteText(t, bundle, fntest.Smallest)
	fntest.WriteText(t, filepath.Join(origin, "egress/Kptfile"), "apiVersion: kpt.dev/v1\nkind: Kptfile\n"+
		"metadata: {name: egress}\npipeline: {mutators: [{exec: egressbundle}]}\n")
	git(t, origin, "init", "-q", "-b", "main")
	git(t, origin, "add", "-A")
	git(t, origin, "commit", "-qm", "first")
	if got := runKpt(t, dir, "pkg", "get", origin+"/egress@main", "egress"); got.Status != 0 {
		t.Fatalf("%+v", got)
	}
	git(t, dir, "init", "-q")
	local := filepath.Join(dir, "egress/news.yaml")
	fntest.WriteText(t, local, fntest.ReadText(t, local)+"    local: {hosts: [local.example.com]}\n")
	git(t, dir, "add", "-A")
	git(t, dir, "commit", "-qm", "local")
	fntest.WriteText(t, bundle, fntest.Smallest+"    origin: {hosts: [origin.example.com]}\n")
	git(t, origin, "commit", "-qam", "second")
	if got := runKpt(t, dir, "pkg", "update", "egress@main"); got.Status != 0 {
		t.Fatalf("%+v", got)
	}
	all := kptRender(t, filepath.Join(dir, "egress"))
	for _, destination := range []string{"cnn", "local", "origin"} {
		if name := "payments/serviceentry_payments--news--" + destination + ".yaml"; all[name] == "" {
			t.Errorf("there is no %s in %q", name, names(all))
		}
	}
}
