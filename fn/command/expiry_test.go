// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/fn/internal/fntest"
)

const denyingMesh = "apiVersion: egressbundle.io/v1alpha1\nkind: EgressMesh\nmetadata: {name: m}\n" +
	"spec: {outboundTrafficPolicy: REGISTRY_ONLY, expiredDestinations: Deny}\n"

// writeExpiring writes a kustomization with a bundle and the EgressMesh, and returns its folder.
func writeExpiring(t *testing.T, mesh, expires string) string {
	t.Helper()
	dir := t.TempDir()
	bundle := strings.Replace(fntest.Smallest, "{hosts", "{expires: "+expires+", hosts", 1)
	fntest.WriteText(t, filepath.Join(dir, "kustomization.yaml"), "resources: [bundle.yaml, mesh.yaml]\n")
	fntest.WriteText(t, filepath.Join(dir, "bundle.yaml"), bundle)
	fntest.WriteText(t, filepath.Join(dir, "mesh.yaml"), mesh)
	return dir
}

// run runs the command, and returns what it prints with the folder taken out.
func run(dir string, args ...string) fntest.Outcome {
	var stdout, stderr strings.Builder
	status := Run(args, strings.NewReader(""), &stdout, &stderr)
	return fntest.Outcome{Status: status, Stdout: stdout.String(), Stderr: strings.ReplaceAll(stderr.String(), dir+"/", "")}
}

// TestAsOf: both commands judge dates as of the day that they are told, and none without it.
func TestAsOf(t *testing.T) {
	const message = "spec.destinations.cnn.expires: has expired: the last day was 2027-03-31, judged as of 2027-04-01; " +
		"remove the destination, or have it approved again and set a later date [Expired]\n"
	warning, failure := "bundle.yaml:6:20: warning: "+message, "bundle.yaml:6:20: "+message
	warns := writeExpiring(t, strings.Replace(denyingMesh, "Deny", "Warn", 1), "2027-03-31")
	denies := writeExpiring(t, denyingMesh, "2027-03-31")
	for _, command := range []string{"render", "build"} {
		for name, c := range map[string]struct {
			dir    string
			flags  []string
			status int
			stderr string
		}{
			"no day":          {dir: denies},
			"last day":        {dir: denies, flags: []string{"--as-of", "2027-03-31"}},
			"warning":         {dir: warns, flags: []string{"--as-of", "2027-04-01"}, stderr: warning},
			"warning, report": {dir: warns, flags: []string{"--as-of", "2027-04-01", "--report"}, stderr: warning},
			"warning, since": {
				dir: warns, flags: []string{"--as-of", "2027-04-01", "--report", "--since", warns}, stderr: warning,
			},
			"error":         {dir: denies, flags: []string{"--as-of", "2027-04-01"}, status: 1, stderr: failure},
			"error, folder": {dir: denies, flags: []string{"--as-of", "2027-04-01", "-o", t.TempDir()}, status: 1, stderr: failure},
			"error, check":  {dir: denies, flags: []string{"--as-of", "2027-04-01", "--check", "-o", "x"}, status: 1, stderr: failure},
		} {
			got := run(c.dir, append([]string{command, c.dir}, c.flags...)...)
			if diff := cmp.Diff(c.stderr, got.Stderr); diff != "" || got.Status != c.status || (got.Stdout == "") != (c.status == 1) {
				t.Errorf("%s, %s: status %d, %d bytes, standard error (-want +got):\n%s", command, name, got.Status, len(got.Stdout), diff)
			}
		}
	}
}

// TestExpiresWithin: as many days ahead as the user says.
func TestExpiresWithin(t *testing.T) {
	dir := writeExpiring(t, denyingMesh, "2027-03-31")
	for days, want := range map[string]bool{"9": false, "10": true} {
		got := run(dir, "render", dir, "--report", "--as-of", "2027-03-21", "--expires-within", days)
		if lists := strings.Contains(got.Stdout, "| expires soon |"); lists != want || got.Status != 0 {
			t.Errorf("within %s days: %v, want %v: %+v", days, lists, want, got)
		}
	}
}

// TestSinceExpired: what has expired can be taken away or extended, and a reviewer sees that.
func TestSinceExpired(t *testing.T) {
	before := writeExpiring(t, denyingMesh, "2027-03-31")
	now := writeExpiring(t, denyingMesh, "2027-12-31")
	for _, command := range []string{"render", "build"} {
		got := run(now, command, now, "--report", "--since", before, "--as-of", "2027-04-01")
		if got.Status != 3 || got.Stderr != "" || !strings.Contains(got.Stdout, "| expires | 2027-03-31 | 2027-12-31 |\n") {
			t.Errorf("%s: %+v", command, got)
		}
	}
	accepts := writeExpiring(t, strings.Replace(denyingMesh, "Deny", "Warn", 1), "2027-03-31")
	bundle := filepath.Join(accepts, "bundle.yaml")
	fntest.WriteText(t, bundle, strings.Replace(fntest.ReadText(t, bundle), "payments}",
		"payments, annotations: {egressbundle.io/acknowledge-Expired: the audit is on Friday}}", 1))
	got := run(accepts, "render", accepts, "--report", "--since", accepts, "--as-of", "2027-04-01")
	if got.Status != 0 || got.Stderr != "" || !strings.Contains(got.Stdout, "\nNothing: ") {
		t.Errorf("since what accepts it: %+v", got)
	}
	before = writeExpiring(t, denyingMesh, "31 March")
	got = run(before, "render", now, "--report", "--since", before, "--as-of", "2027-04-01")
	if got.Status != 1 || got.Stdout != "" || strings.Count(got.Stderr, "\n") != 1 || !strings.Contains(got.Stderr, `got "31 March" [InvalidValue]`) {
		t.Errorf("since what is wrong: %+v", got)
	}
}
