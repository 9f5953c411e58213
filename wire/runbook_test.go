// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/conformance/cluster"
	"github.com/egressbundle/egressbundle/conformance/golden"
	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
	"github.com/egressbundle/egressbundle/pkg/egress/runbook"
	"github.com/egressbundle/egressbundle/wire/outside"
	"github.com/egressbundle/egressbundle/wire/rig"
	"github.com/egressbundle/egressbundle/wire/world"
)

// An operator has a runbook, and the cluster that it is for.
type operator struct {
	runbook.Runbook

	shell     *rig.Shell
	pods      map[string]*rig.Workload
	manifests []cluster.Manifest
	// bankAuthority is who must have signed the certificate of the bank.
	bankAuthority string
}

// onCall makes the mesh that of a golden, and gives its runbook to an operator.
func onCall(t *testing.T, g golden.Golden) *operator {
	t.Helper()
	g.OutboundTrafficPolicy = egress.WithDefaults(golden.MeshOf(g.Found)).OutboundTrafficPolicy
	set(t, g)
	output, err := g.Found.Render()
	if err != nil {
		t.Fatal(err)
	}
	o := &operator{Runbook: output.Runbook(), pods: map[string]*rig.Workload{}, bankAuthority: "system"}
	if strings.Contains(g.Rendered, "credentialName: bank-certs") {
		o.bankAuthority = "Secret bank-certs"
	}
	if o.manifests, err = cluster.Read(g.Rendered); err != nil {
		t.Fatal(err)
	}
	for _, gateway := range g.Gateways {
		w := mesh.Gateway(gateway.String())
		for key, value := range gateway.Labels {
			o.pods[gateway.Namespace+"/-l "+key+"="+value] = w
		}
		o.pods[gateway.Namespace+"/svc/"+gateway.Service] = w
	}
	o.start(t)
	o.showCertificates(t, "", "")
	return o
}

// start starts the Pods that calls are made from.
func (o *operator) start(t *testing.T) {
	t.Helper()
	for _, pod := range o.Pods {
		w, err := mesh.Client(t.Context(), calls.Outcome{From: pod.Namespace + "/" + pod.ServiceAccount, NoSidecar: pod.Bare})
		if err != nil {
			t.Fatal(err)
		}
		o.pods[pod.Namespace+"/"+pod.Name] = w
	}
	var err error
	o.shell, err = mesh.Shell(o.pods, istioctlHere(t))
	if err != nil {
		t.Fatal(err)
	}
}

// last is the proxy by which calls leave.
func (o *operator) last() *rig.Workload {
	if slices.ContainsFunc(o.manifests, func(m cluster.Manifest) bool { return m.Object.GetKind() == "Gateway" }) {
		return o.pods["istio-system/svc/istio-egressgateway"]
	}
	return o.pods["payments/egress-check"]
}

// istioctlHere returns a name of this program by which it is istioctl.
func istioctlHere(t *testing.T) string {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(world.Folder, istioctlName)
	if err := os.Symlink(program, link); err != nil && !os.IsExist(err) {
		t.Fatal(err)
	}
	return link
}

// forRunbook returns a golden of bundles that have together what can fail.
func forRunbook(t *testing.T, name string) golden.Golden {
	t.Helper()
	path := filepath.Join("testdata", "runbook", name)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	found, err := egress.Parse(path, text)
	if err != nil {
		t.Fatal(err)
	}
	output, err := found.Render()
	if err != nil {
		t.Fatal(err)
	}
	var rendered strings.Builder
	if err := object.Encode(&rendered, output.Objects()); err != nil {
		t.Fatal(err)
	}
	mesh := egress.WithDefaults(golden.MeshOf(found))
	bank := calls.Outcome{From: "payments", Through: "istio-system/istio-egressgateway", TLS: &calls.TLS{
		SNI: "api.bank.example.com", CA: "Secret bank-certs", Certificate: "Secret bank-certs",
	}}
	return golden.Golden{
		Dir: path, Found: found, Rendered: rendered.String(), Gateways: cluster.GatewaysOf(mesh), DNS: mesh.DNS,
		OutboundTrafficPolicy: mesh.OutboundTrafficPolicy, Outcomes: []calls.Outcome{bank},
	}
}

// brief shortens how long calls wait: nothing here takes long but what a failure says.
var brief = strings.NewReplacer("--max-time 15", "--max-time 1", "--max-time 35", "--max-time 5")

// run runs a command, and returns its lines.
func (o *operator) run(t *testing.T, command string) []string {
	t.Helper()
	out, _, err := o.shell.Run(t.Context(), brief.Replace(command))
	if err != nil {
		t.Fatal(err)
	}
	return linesOf(out)
}

func linesOf(out string) []string {
	out = strings.TrimSpace(out)
	if out == "" {
		return nil
	}
	return strings.Split(out, "\n")
}

// prints compares the lines of a command with what it is to print.
func prints(lines []string, pattern string) bool {
	var want []string
	if pattern != "" {
		want = strings.Split(pattern, "\n")
	}
	return slices.EqualFunc(want, lines, func(pattern, line string) bool { return like(pattern, "^", "$").MatchString(strings.TrimSpace(line)) })
}

// like is what a pattern matches, in which an asterisk stands for anything.
func like(pattern, begin, end string) *regexp.Regexp {
	return regexp.MustCompile(begin + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*") + end)
}

// wellTime is how long things may take to be as they are to be.
const wellTime = 12 * time.Second

// expect runs a check until it prints what it is to print.
func (o *operator) expect(t *testing.T, c runbook.Check) {
	t.Helper()
	var lines []string
	for end := time.Now().Add(wellTime); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		lines = o.run(t, c.Command)
		if prints(lines, c.Prints) {
			return
		}
	}
	t.Errorf("%s\n%s\nprints\n%s\nwant\n%s", c.What, c.Command, strings.Join(lines, "\n"), c.Prints)
}

// needsCluster reports whether a check needs what the wire has not: a whole cluster, with nodes and versions.
func needsCluster(c runbook.Check) bool {
	return strings.HasPrefix(c.Command, "istioctl version") || strings.Contains(c.What, "istio-injection")
}

// TestRunbookWell: where all is well each command of a runbook prints what it says.
func TestRunbookWell(t *testing.T) {
	for _, dir := range []string{"examples/http-and-https", "examples/closed-path", "examples/client-certificate"} {
		t.Run(dir, func(t *testing.T) {
			o := onCall(t, named(t, dir))
			for _, c := range o.Needs {
				if !needsCluster(c) {
					o.expect(t, c)
				}
			}
			for _, p := range o.Paths {
				for _, c := range slices.Concat([]runbook.Check{p.Call}, p.Logs, p.Counts, p.Proxies, p.Objects, []runbook.Check{p.Control}) {
					o.expect(t, c)
				}
			}
			for _, c := range slices.Concat(o.Refused, o.Objects) {
				o.expect(t, c)
			}
			seen := map[runbook.Check]bool{}
			for _, f := range o.Failures {
				for _, c := range f.Look {
					if !needsCluster(c) && !seen[c] {
						seen[c] = true
						o.expect(t, c)
					}
				}
			}
		})
	}
}

// TestRunbookFailures: each failure of a runbook shows as it says once that one thing is broken, and what it says to look at
// shows that too. Broken is what the failure is about, of each kind of call.
func TestRunbookFailures(t *testing.T) {
	tried := map[string]bool{}
	for _, name := range []string{"gateway.yaml", "sidecar.yaml"} {
		o := onCall(t, forRunbook(t, name))
		for _, f := range o.Failures {
			t.Run(name+" "+f.Name, func(t *testing.T) {
				tried[f.Name] = true
				o.fail(t, f)
			})
		}
	}
	for name := range breakages {
		if !tried[name] && flag.Lookup("test.run").Value.String() == "" {
			t.Errorf("no runbook has the failure %s", name)
		}
	}
}

// fail breaks something, and looks at how it shows.
func (o *operator) fail(t *testing.T, f runbook.Failure) {
	t.Helper()
	broken, ok := breakages[f.Name]
	if !ok {
		t.Fatalf("nothing breaks %s", f.Name)
	}
	together(f.Symptoms, func(s runbook.Symptom) { o.expectWell(t, s) })
	mend, options := broken(t, o)
	defer mend()
	together(f.Symptoms, func(s runbook.Symptom) { o.expectSymptom(t, s, options) })
	for _, s := range f.Symptoms {
		o.expectRead(t, s)
	}
	if f.Look = slices.DeleteFunc(f.Look, needsCluster); len(f.Look) > 0 && !slices.ContainsFunc(f.Look, func(c runbook.Check) bool { return o.shows(t, c, options) }) {
		t.Errorf("nothing of what is to be looked at shows it: %v", f.Look)
	}
}

// together does something with all symptoms at a time.
func together(symptoms []runbook.Symptom, do func(runbook.Symptom)) {
	var all sync.WaitGroup
	for _, s := range symptoms {
		all.Go(func() { do(s) })
	}
	all.Wait()
}

// expectWell makes a call until it arrives.
func (o *operator) expectWell(t *testing.T, s runbook.Symptom) {
	t.Helper()
	var lines []string
	for end := time.Now().Add(wellTime); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if lines = o.run(t, s.Call); prints(lines, "200") || prints(lines, "exit status 28") || prints(lines, runbook.Any+"\nexit status 28") {
			return
		}
	}
	t.Errorf("%s: %s\nprints %v", s.Of, s.Call, lines)
}

// expectSymptom makes a call until it shows a symptom.
func (o *operator) expectSymptom(t *testing.T, s runbook.Symptom, options string) {
	t.Helper()
	var got string
	wait := wellTime
	if o.isSlow(t) {
		wait = slowTime
	}
	for end := time.Now().Add(wait); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if got = o.unlike(t, s, options); got == "" {
			return
		}
	}
	t.Errorf("%s: %s\nwant exit status %d, %q, and in the log of %q %s\n%s", s.Of, s.Call, s.Exit, s.Prints, s.Proxy, s.Logs, got)
}

// slowTime is longer than three connections that time out.
const slowTime = 45 * time.Second

// isSlow reports whether a test waits for proxies that give up.
func (o *operator) isSlow(t *testing.T) bool {
	t.Helper()
	return strings.Contains(t.Name(), "packets-to-gateway")
}

// unlike makes a call, and returns what it shows if that is not the symptom.
func (o *operator) unlike(t *testing.T, s runbook.Symptom, options string) string {
	t.Helper()
	before := len(o.logged(t, s))
	command := withOptions(s.Call, options)
	if !o.isSlow(t) {
		command = brief.Replace(command)
	}
	out, _, err := o.shell.Run(t.Context(), command)
	if err != nil {
		t.Fatal(err)
	}
	want := s.Prints
	if s.Exit != 0 {
		want = strings.TrimSpace(want + fmt.Sprintf("\nexit status %d", s.Exit))
	}
	if !prints(linesOf(out), want) {
		return "it prints " + strconv.Quote(out)
	}
	var fresh []string
	for range 10 {
		fresh = o.logged(t, s)[before:]
		if slices.ContainsFunc(fresh, like(s.Logs, "", "").MatchString) == (s.Proxy != "") {
			return ""
		}
		time.Sleep(50 * time.Millisecond)
	}
	return "the log has " + strings.Join(fresh, "\n")
}

// expectRead looks for a symptom where an operator does: in what the commands for the logs print.
func (o *operator) expectRead(t *testing.T, s runbook.Symptom) {
	t.Helper()
	if s.Proxy == "" {
		return
	}
	shown := func(command string) bool {
		return slices.ContainsFunc(o.run(t, command), like(s.Logs, "", "").MatchString)
	}
	if !slices.ContainsFunc(o.Logs, shown) {
		t.Errorf("none of %v shows %s", o.Logs, s.Logs)
	}
}

// withOptions adds options of curl to a command.
func withOptions(command, options string) string {
	if options == fromBarePod {
		return strings.Replace(command, " egress-check ", " egress-control ", 1)
	}
	return strings.Replace(command, " || echo", " "+options+" || echo", 1)
}

// logged returns what the proxy has logged that shows a symptom; if it is to be none, the sidecar.
func (o *operator) logged(t *testing.T, s runbook.Symptom) []string {
	t.Helper()
	w := o.pods["payments/egress-check"]
	if strings.Contains(s.Proxy, "/") {
		w = mesh.Gateway(s.Proxy)
	}
	lines, err := w.Lines()
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// shows reports whether a command prints something else than when all is well.
func (o *operator) shows(t *testing.T, c runbook.Check, options string) bool {
	t.Helper()
	return !prints(o.run(t, withOptions(c.Command, options)), c.Prints)
}

// showCertificates lets each host show a certificate that an authority has signed, with a name. Nothing stands for the right
// ones.
func (o *operator) showCertificates(t *testing.T, signer, name string) {
	t.Helper()
	for host, right := range map[string]string{"api.bank.example.com": o.bankAuthority, "news.example.com": "system"} {
		authority, err := mesh.Authority(cmp.Or(signer, right))
		if err != nil {
			t.Fatal(err)
		}
		mesh.Outside.Show(host, outside.Shown{Authority: authority, Name: name})
	}
}
