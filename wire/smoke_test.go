// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/conformance/cluster"
	"github.com/egressbundle/egressbundle/conformance/golden"
	"github.com/egressbundle/egressbundle/conformance/trace"
	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// smoked are the goldens whose Jobs are run: they have each pattern, both ways out, and several identities.
var smoked = []string{
	"examples/closed-path",
	"examples/databases",
	"examples/direct-with-timeout", // from the sidecar
	"examples/http-and-https",
	"examples/several-namespaces",
	"examples/two-lines",
	serviceAccounts,
}

// TestSmoke: the Jobs of a golden pass on the mesh that it makes, and nothing of them that gets out
// is more than a handshake or a HEAD.
func TestSmoke(t *testing.T) {
	for _, name := range smoked {
		t.Run(name, func(t *testing.T) {
			g := named(t, name)
			set(t, g)
			mesh.Outside.Take()
			for _, j := range jobs(t, g) {
				j.settle(t, nil)
			}
			for _, seen := range mesh.Outside.Take() {
				ofAgent := seen.Address.Addr().IsLinkLocalUnicast() // which asks the cloud where it is
				if !ofAgent && (seen.Line != "" || seen.Request != nil && seen.Request.Method != http.MethodHead) {
					t.Errorf("a Job sends %+v", seen)
				}
			}
		})
	}
}

// TestSmokeEndsSidecar: when a Job is done, so is its sidecar.
func TestSmokeEndsSidecar(t *testing.T) {
	g := named(t, "examples/two-lines")
	set(t, g)
	j := jobs(t, g)[0]
	if err := mesh.Stop(t.Context(), j.Namespace); err != nil { // so that a new sidecar hears of its end
		t.Fatal(err)
	}
	log, _ := j.run(t, false)
	if err := mesh.AwaitEnd(t.Context(), j.Namespace, j.spec.Template.Spec.ServiceAccountName); err != nil {
		t.Errorf("%v\n%s", err, log)
	}
}

// TestSmokeWithoutEachObject: without one of the objects that its lines name, a Job fails at those
// lines whose calls end otherwise then, as the tracer says, and each of them names the object.
func TestSmokeWithoutEachObject(t *testing.T) {
	g := named(t, serviceAccounts)
	all := jobs(t, g)
	for _, object := range namedObjects(t, g, all) {
		t.Run(object, func(t *testing.T) {
			less := g
			less.Rendered = without(t, g, object)
			set(t, less)
			m := trace.NewMesh(t, less.Upgraded(less.Rendered))
			for _, j := range all {
				want := j.otherwise(m)
				for _, url := range want {
					if !strings.Contains(j.why(url), object) {
						t.Errorf("%s of %s/%s does not name it: %s", url, j.Namespace, j.Name, j.why(url))
					}
				}
				j.settle(t, want)
			}
		})
	}
}

// namedObjects returns the objects of a golden that lines of Jobs name: of those that are alike,
// the first, unless all are asked for.
func namedObjects(t *testing.T, g golden.Golden, all []smokeJob) []string {
	t.Helper()
	manifests, err := cluster.Read(g.Rendered)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	known := map[string]bool{}
	for _, m := range manifests {
		isNamed := func(j smokeJob) bool { return strings.Contains(j.files["calls"], m.String()) }
		gateways, _, _ := unstructured.NestedStringSlice(m.Object.Object, "spec", "gateways")
		alike := m.Object.GetKind() + " of " + strings.Join(gateways, " ")
		if slices.ContainsFunc(all, isNamed) && (!known[alike] || os.Getenv("EVERY_GOLDEN") != "") {
			known[alike] = true
			names = append(names, m.String())
		}
	}
	return names
}

// otherwise returns the URLs that become something else in a mesh than they must.
func (j smokeJob) otherwise(m *trace.Mesh) []string {
	var urls []string
	for line := range strings.Lines(j.files["calls"]) {
		fields := strings.Fields(line)
		if fields[0] == "untried" {
			continue
		}
		o := calls.Outcome{Call: fields[1], From: j.Namespace + "/" + j.spec.Template.Spec.ServiceAccountName}
		if strings.HasPrefix(o.Call, "http://") {
			o.Method = "HEAD"
		}
		passes := o.Observe(m.Trace(o.TraceCall())).Blocked == ""
		if passes != (fields[0] == "passes") {
			urls = append(urls, o.Call)
		}
	}
	return urls
}

// why returns what the line of a URL names.
func (j smokeJob) why(url string) string {
	for line := range strings.Lines(j.files["calls"]) {
		if fields := strings.SplitN(strings.TrimSpace(line), " ", 3); fields[1] == url {
			return fields[2]
		}
	}
	return ""
}

// A smokeJob is a Job, and the files that it reads.
type smokeJob struct {
	object.Object

	spec  *batchv1.JobSpec
	files map[string]string
}

// closedMesh is that of goldens that say nothing of it.
const closedMesh = `apiVersion: egressbundle.io/v1alpha1
kind: EgressMesh
metadata: {name: closed}
spec: {outboundTrafficPolicy: REGISTRY_ONLY}
`

// jobs returns the Jobs of a golden.
func jobs(t *testing.T, g golden.Golden) []smokeJob {
	t.Helper()
	found := g.Found
	if cmp.Equal(golden.MeshOf(found), golden.MeshOf(egress.Documents{})) {
		mesh, err := egress.Parse("mesh.yaml", []byte(closedMesh))
		if err != nil {
			t.Fatal(err)
		}
		found.Add(mesh)
	}
	output, err := found.Render()
	if err != nil {
		t.Fatal(err)
	}
	objects, err := output.SmokeJobs("", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	var all []smokeJob
	for i := 0; i < len(objects); i += 2 {
		all = append(all, smokeJob{objects[i+1], objects[i+1].Spec.(*batchv1.JobSpec), objects[i].Spec.(*corev1.ConfigMap).Data})
	}
	return all
}

// run runs a Job, and returns what it prints and how it ends.
func (j smokeJob) run(t *testing.T, stays bool) (log string, failed bool) {
	t.Helper()
	log, err := mesh.RunPod(t.Context(), j.Namespace, j.spec.Template.Spec, j.files, stays)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return log, err != nil
}

// smokePatience is how long configuration may take from the API server to a proxy.
const smokePatience = time.Minute

// settle runs a Job until those lines fail that are to fail, or the time is up that
// configuration takes.
func (j smokeJob) settle(t *testing.T, want []string) {
	t.Helper()
	for end := time.Now().Add(smokePatience); ; {
		log, failed := j.run(t, true)
		diff := cmp.Diff(want, failures(log))
		if diff == "" && failed == (len(want) > 0) {
			return
		}
		if time.Now().After(end) {
			t.Errorf("%s/%s fails: %v (-want +failed):\n%s\n%s", j.Namespace, j.Name, failed, diff, log)
			return
		}
	}
}

// failures returns the URLs of the lines of a log that failed.
func failures(log string) []string {
	var urls []string
	for line := range strings.Lines(log) {
		if fields := strings.Fields(line); fields[0] == "FAILED" {
			urls = append(urls, fields[2])
		}
	}
	return urls
}
