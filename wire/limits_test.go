// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/wire/outside"
	"github.com/egressbundle/egressbundle/wire/rig"
)

// What Envoy logs where a limit is reached, where every endpoint is left out, and where another Envoy ended the connection
// as often as it was tried.
// https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage#response-flags
const (
	flagOverflow          = "UO"
	flagNoHealthyUpstream = "UH"
	flagRefused           = "UF,URX"
)

// TestMaxConnections: while as many connections are open as a policy allows, no other is opened. The
// gateway ends it before its handshake with the sidecar is over, and logs nothing.
func TestMaxConnections(t *testing.T) {
	o := limited(t, "testdata/render/tls_passthrough/traffic_policy", map[string]string{"maxConnections": "1"})
	held := hold(t, o)
	expectFlag(t, o, flagRefused)
	held.Close()
	settle(t, o)
}

// TestMaxRequests: while as many requests run as a policy allows, or wait for a connection, others
// are refused.
func TestMaxRequests(t *testing.T) {
	for name, c := range map[string]struct {
		limits map[string]string
		held   int
	}{
		"run":  {map[string]string{"http2MaxRequests": "1"}, 1},
		"wait": {map[string]string{"maxConnections": "1", "http1MaxPendingRequests": "1"}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			o := limited(t, "testdata/render/http/traffic_policy", c.limits)
			for range c.held {
				hold(t, o)
			}
			expectFlag(t, o, flagOverflow)
		})
	}
}

// TestOutlierDetection: an endpoint that fails as often as a policy says is left out.
func TestOutlierDetection(t *testing.T) {
	o := limited(t, "testdata/render/http/traffic_policy", map[string]string{
		"consecutive5xxErrors": "1", "consecutiveGatewayErrors": "1", "maxEjectionPercent": "100",
	})
	call(t, o, rig.Request{Header: http.Header{outside.HeaderStatus: {strconv.Itoa(http.StatusServiceUnavailable)}}})
	expectFlag(t, o, flagNoHealthyUpstream)
}

// limited makes a golden the mesh, with other limits in its objects by their names, and returns its
// first call when that arrives.
func limited(t *testing.T, dir string, limits map[string]string) calls.Outcome {
	t.Helper()
	g := named(t, dir)
	for name, value := range limits {
		line := regexp.MustCompile(`( ` + name + `:) \d+`)
		if !line.MatchString(g.Rendered) {
			t.Fatalf("%s has no %s", dir, name)
		}
		g.Rendered = line.ReplaceAllString(g.Rendered, "$1 "+value)
	}
	set(t, g)
	settle(t, g.Outcomes[0])
	return g.Outcomes[0]
}

// hold opens a connection for a call, or a request that is answered late, and keeps it for the test.
func hold(t *testing.T, o calls.Outcome) net.Conn {
	t.Helper()
	w, err := mesh.Client(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	scheme, host, _ := strings.Cut(o.Call, "://")
	port := map[string]string{"http": "80", "https": "443"}[scheme]
	conn, err := w.Dial(t.Context(), "tcp4", net.JoinHostPort(mesh.Names.Address(host).String(), port))
	if err != nil {
		t.Fatal(err)
	}
	if scheme == "https" {
		conn = tls.Client(conn, &tls.Config{ServerName: host, InsecureSkipVerify: true})
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\n%s: %s\r\n\r\n", host, outside.HeaderDelay, heldFor); err != nil {
		t.Fatal(err)
	}
	return conn
}

// heldFor is how long a request is not answered: longer than the test takes.
const heldFor = "20s"

// expectFlag makes a call until Envoy says why it refuses it.
func expectFlag(t *testing.T, o calls.Outcome, flag string) {
	t.Helper()
	settleTo(t, o, func(r rig.Result) string {
		if slices.Contains(strings.Fields(r.Blocked), flag) {
			return ""
		}
		return fmt.Sprintf("it is not refused with %s, but %q", flag, r.Blocked)
	})
}
