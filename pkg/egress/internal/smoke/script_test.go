// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package smoke

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/pkg/egress/explain"
)

// fakeCurl stands for curl: it notes its arguments, reads all of its input as curl does for telnet,
// and does what the file says that has the name of the host.
const fakeCurl = `#!/bin/sh
cat >/dev/null
printf '%s\n' "$*" >>"$FAKE/arguments"
for url; do :; done
host=${url#*://}
host=${host%%[/:]*}
[ -e "$FAKE/$host" ] || exit 0
. "$FAKE/$host"
`

// answered writes a head as Envoy sends it on, and ends as curl does.
func answered(code string, headers ...string) string {
	head := []string{"HTTP/1.1 " + code + " Something", "date: Fri, 27 Nov 2026 14:35:47 GMT", "server: envoy"}
	head = append(append(head, headers...), "", "code: "+code)
	return "printf '" + strings.Join(head, `\r\n`) + "'"
}

// TestScript: how a call ends is told by what curl says of it.
func TestScript(t *testing.T) {
	for _, c := range []struct {
		url, does string
		passes    bool
		saw       string
	}{
		{"http://host", answered("200"), true, "HTTP 200"},
		{"http://host", answered("302", "location: /login"), true, "HTTP 302"},
		{"http://host", answered("404", "content-type: text/html", "content-length: 19"), true, "HTTP 404"},
		{"http://host", answered("403", "content-type: text/plain; charset=utf-8"), true, "HTTP 403"},
		{"http://host", answered("503", "x-cache: MISS"), true, "HTTP 503"},
		{"http://host", answered("403", "content-length: 19", "content-type: text/plain"), false, "HTTP 403"},
		{"http://host", answered("503", "x-envoy-upstream-service-time: 0", "transfer-encoding: chunked"), false, "HTTP 503"},
		{"http://host", answered("502", "connection: close", "transfer-encoding: chunked"), false, "HTTP 502"},
		{"http://host", "printf 'code: 000'; exit 52", false, "no answer, curl exits with 52"},
		{"https://host", "exit 90", true, "TLS handshake"},
		{"https://host", "exit 60", true, "TLS handshake with a certificate that is not trusted here"},
		{"https://host", "exit 35", false, "no TLS handshake, curl exits with 35"},
		{"https://host:8443", "exit 28", false, "no TLS handshake, curl exits with 28"},
		{"tcp://host:1", "printf '57 0.000332'; exit 28", true, "the server sends 57 bytes"},
		{"tcp://host:1", "printf '57 0.000332'", true, "the server sends 57 bytes"},
		{"tcp://host:1", "printf '0 0.000332'; exit 28", true, "the connection is open after 7 seconds"},
		{"tcp://host:1", "printf '0 0.000332'", false, "the connection is closed, curl exits with 0"},
		{"tcp://host:1", "printf '0 0.000332'; exit 56", false, "the connection is closed, curl exits with 56"},
		{"tcp://host:1", "printf '0 0.000000'; exit 28", false, "no connection, curl exits with 28"},
	} {
		t.Run(c.url+" "+c.does, func(t *testing.T) {
			calls := "passes " + c.url + " Gateway a/b, Gateway a/c\nstopped " + c.url + " Sidecar a/d\n"
			want := "ok         passes " + c.url + " (" + c.saw + ")\n" +
				"FAILED     passes " + c.url + " (" + c.saw + "). It must be stopped by Sidecar a/d\n"
			if !c.passes {
				want = "FAILED     stopped " + c.url + " (" + c.saw + "). It must pass; what leads it is Gateway a/b, Gateway a/c\n" +
					"ok         stopped " + c.url + " (" + c.saw + ")\n"
			}
			r := runScript(t, calls, map[string]string{"host": c.does})
			if diff := cmp.Diff(want+"2 calls: 1 ok, 1 FAILED, 0 not tried\n", r.log); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if r.status != 1 {
				t.Errorf("status %d", r.status)
			}
		})
	}
}

// TestLog keeps the log true that the documentation shows.
func TestLog(t *testing.T) {
	calls := "passes http://edition.cnn.com Gateway a/b\n" +
		"stopped tcp://203.0.113.7:5432 Sidecar a/d\n" +
		"stopped https://api.bank.example.com AuthorizationPolicy istio-system/payments--news--istio-egressgateway\n" +
		"untried http://api.stripe.com/v1/charges only HEAD is sent, and another method is allowed\n"
	got := runScript(t, calls, map[string]string{
		"edition.cnn.com": answered("200"), "203.0.113.7": "printf '0 0.000332'", "api.bank.example.com": "exit 90",
	}).log
	const golden = "testdata/log.txt"
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestScriptNotTried: a host that nobody knows proves nothing of what must be stopped, and breaks
// a promise.
func TestScriptNotTried(t *testing.T) {
	r := runScript(t, "stopped https://host Sidecar a/d\nuntried tcp://host:1 a reason of some words\n", map[string]string{"host": "exit 6"})
	want := "not tried  https://host (the name of the host cannot be resolved)\n" +
		"not tried  tcp://host:1 (a reason of some words)\n" +
		"2 calls: 0 ok, 0 FAILED, 2 not tried\n"
	if diff := cmp.Diff(want, r.log); diff != "" || r.status != 0 {
		t.Errorf("status %d (-want +got):\n%s", r.status, diff)
	}
	r = runScript(t, "passes https://host Gateway a/b\n", map[string]string{"host": "exit 6"})
	if r.status != 1 || !strings.HasPrefix(r.log, "FAILED ") {
		t.Errorf("status %d:\n%s", r.status, r.log)
	}
}

// TestScriptCalls: curl is asked for nothing but the calls, and for the sidecar to be ready and to
// end, in this order.
func TestScriptCalls(t *testing.T) {
	r := runScript(t, "passes http://a x\nstopped https://b x\nuntried http://c x\npasses tcp://d:1 x\n", nil)
	const common = "--disable --noproxy * --globoff --path-as-is --silent --max-time 7 "
	want := []string{
		"--disable --noproxy * --silent --fail --output /dev/null --max-time 1 http://localhost:15021/healthz/ready",
		common + "--head --write-out code: %{http_code} http://a",
		common + "--output /dev/null --pinnedpubkey sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= https://b",
		common + "--output /dev/null --write-out %{size_download} %{time_connect} telnet://d:1",
		"--disable --noproxy * --silent --max-time 5 --request POST --output /dev/null http://localhost:15020/quitquitquit",
	}
	if diff := cmp.Diff(want, r.arguments); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestScriptTakesData: whatever a line holds, it is one argument of curl, and is printed as it is.
func TestScriptTakesData(t *testing.T) {
	for _, text := range []string{
		"$(touch x)", "`touch x`", "';touch x;'", `";touch x;"`, "&touch x&", `\`, "*", "%s%n", "~", "-x", "\x1b[31m\n\r\tpasses http://evil x",
	} {
		line := lineOf(mustPass, explain.Call{URL: "http://host/" + text}, text)
		r := runScript(t, line+"\n", map[string]string{"host": answered("200")})
		fields := strings.SplitN(line, " ", 3)
		if want := "ok         passes " + fields[1] + " (HTTP 200)\n1 calls: 1 ok, 0 FAILED, 0 not tried\n"; r.log != want {
			t.Errorf("%q:\n%s", text, cmp.Diff(want, r.log))
		}
		if len(r.arguments) != 3 || !strings.HasSuffix(r.arguments[1], " "+fields[1]) {
			t.Errorf("%q: curl is called with %q", text, r.arguments)
		}
		r = runScript(t, line+"\n", map[string]string{"host": "exit 7"})
		if want := "It must pass; what leads it is " + fields[2] + "\n"; !strings.Contains(r.log, want) {
			t.Errorf("%q: %s does not end with %q", text, r.log, want)
		}
		if r.leftovers != nil {
			t.Errorf("%q makes %v", text, r.leftovers)
		}
	}
}

// A ran is what came of a script.
type ran struct {
	log       string
	status    int
	arguments []string // of curl, a call each
	leftovers []string // what it made in its working folder
}

func runScript(t *testing.T, calls string, hosts map[string]string) ran {
	t.Helper()
	fake, dir := t.TempDir(), t.TempDir()
	write(t, filepath.Join(fake, "curl"), fakeCurl, 0o755)
	write(t, filepath.Join(fake, "calls"), calls, 0o644)
	for host, does := range hosts {
		write(t, filepath.Join(fake, host), does, 0o644)
	}
	path, err := filepath.Abs("smoke.sh")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", path, filepath.Join(fake, "calls"), "7")
	cmd.Dir, cmd.Env = dir, []string{"PATH=" + fake + ":" + os.Getenv("PATH"), "FAKE=" + fake}
	log, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	arguments, err := os.ReadFile(filepath.Join(fake, "arguments"))
	if err != nil {
		t.Fatal(err)
	}
	made, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return ran{string(log), cmd.ProcessState.ExitCode(), strings.Split(strings.TrimSpace(string(arguments)), "\n"), made}
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}
