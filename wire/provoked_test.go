// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/conformance/golden"
	"github.com/egressbundle/egressbundle/wire/outside"
	"github.com/egressbundle/egressbundle/wire/rig"
)

// each makes all goldens in turn that have calls of some kind, and tries those calls once
// they are as promised.
func each(t *testing.T, wanted func(calls.Outcome) bool, try func(t *testing.T, o calls.Outcome)) {
	t.Helper()
	tried := 0
	for _, g := range goldens(t) {
		some := slices.DeleteFunc(slices.Clone(g.Outcomes), func(o calls.Outcome) bool { return o.Blocked != "" || !wanted(o) })
		if len(some) == 0 {
			continue
		}
		tried += len(some)
		t.Run(g.Dir, func(t *testing.T) {
			set(t, g)
			for _, o := range some {
				settle(t, o)
				try(t, o)
			}
		})
	}
	if tried == 0 {
		t.Error("no golden has such a call")
	}
}

// TestCertificates: the mesh sends nothing to a host or a forward proxy whose certificate carries
// another name, is signed by another authority, or is revoked by a list that it has. Where it has
// no list, or verifies nothing, that arrives.
func TestCertificates(t *testing.T) {
	opensTLS := func(o calls.Outcome) bool { return o.TLS != nil }
	each(t, opensTLS, func(t *testing.T, o calls.Outcome) {
		t.Helper()
		isVerified := o.TLS.CA != ""
		for wrong, c := range map[string]struct {
			extra   rig.Request
			refused bool
		}{
			"another name":                    {rig.Request{Carries: "attacker.example.net"}, isVerified},
			"another authority":               {rig.Request{Signer: "attacker"}, isVerified},
			"a serial number that is revoked": {rig.Request{Revoked: true}, hasList(*o.TLS)},
		} {
			got := call(t, o, c.extra)
			if refused := !arrived(got) && got.Blocked != ""; refused != c.refused {
				t.Errorf("%s from %s, with %s in the certificate: refused %v, %v\n%s",
					o.Call, o.From, wrong, refused, got.Seen, strings.Join(got.Steps, "\n"))
			}
		}
		settle(t, o)
	})
}

// hasList reports whether the mesh has a list of what is revoked: Secrets and ConfigMaps hold one.
func hasList(tls calls.TLS) bool {
	isObject := tls.CA != "" && tls.CA != "system" && !strings.HasPrefix(tls.CA, "/")
	return isObject || tls.CRL != ""
}

// arrived reports whether the server outside saw more than a connection.
func arrived(r rig.Result) bool {
	return slices.ContainsFunc(r.Seen, func(s outside.Seen) bool { return s.Request != nil || s.Line != "" })
}

// longest is how long an answer is waited for. What a route allows beyond is not tried.
const longest = 3 * time.Second

// TestTimeouts: who does not answer within the time of the route is given up.
func TestTimeouts(t *testing.T) {
	ends := func(o calls.Outcome) bool { return o.Timeout != "" && timeout(t, o) <= longest }
	each(t, ends, func(t *testing.T, o calls.Outcome) {
		t.Helper()
		late := timeout(t, o) + time.Second
		got := call(t, o, rig.Request{Header: http.Header{outside.HeaderDelay: {late.String()}}, Patience: late})
		if want := "504"; !strings.Contains(strings.Join(got.Steps, "\n"), "ends: "+want) {
			t.Errorf("%s from %s, answered after %v: want %s\n%s", o.Call, o.From, late, want, strings.Join(got.Steps, "\n"))
		}
	})
}

func timeout(t *testing.T, o calls.Outcome) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(o.Timeout)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestRetries: a request that the host answers with 503 is repeated as often as the route
// says, by all proxies together, where the route counts that as a failure.
func TestRetries(t *testing.T) {
	says := func(o calls.Outcome) bool { return o.Retries != nil }
	each(t, says, func(t *testing.T, o calls.Outcome) {
		t.Helper()
		checkRepeated(t, o, "5xx", outside.HeaderStatus, http.StatusServiceUnavailable)
		if o.HTTP2 {
			checkRepeated(t, o, "unavailable", outside.HeaderGRPCStatus, int(codes.Unavailable))
		}
	})
}

// checkRepeated makes a request that the host answers with a status, on which routes may say that it is repeated.
func checkRepeated(t *testing.T, o calls.Outcome, on, header string, status int) {
	t.Helper()
	want := 1
	if strings.Contains(o.Retries.RetryOn, on) {
		want += int(o.Retries.Attempts)
	}
	got := call(t, o, rig.Request{Header: http.Header{header: {strconv.Itoa(status)}}})
	if n := requests(got); n != want {
		t.Errorf("%s from %s: the host answers %d and sees it %d times, want %d\n%s",
			o.Call, o.From, status, n, want, strings.Join(got.Steps, "\n"))
	}
}

// requests counts what the server outside saw of a request.
func requests(r rig.Result) int {
	n := 0
	for _, s := range r.Seen {
		if s.Request != nil {
			n++
		}
	}
	return n
}

// TestGRPC: a real client of gRPC gets its answer with trailers.
func TestGRPC(t *testing.T) {
	g := named(t, "testdata/render/http/grpc")
	set(t, g)
	carried := 0
	for _, o := range g.Outcomes {
		if o.Blocked != "" || !o.HTTP2 {
			continue
		}
		carried++
		settle(t, o)
		got := call(t, o, rig.Request{GRPC: true})
		if want := grpc_health_v1.HealthCheckResponse_SERVING.String(); got.Body != want || got.Blocked != "" {
			t.Errorf("%s from %s: got %q, want %q\n%s", o.Call, o.From, got.Body, want, strings.Join(got.Steps, "\n"))
		}
	}
	if carried == 0 {
		t.Error("no call carries gRPC")
	}
}

// TestServerFirst: the server of a TCP destination may speak first.
func TestServerFirst(t *testing.T) {
	isTCP := func(o calls.Outcome) bool { return strings.HasPrefix(o.Call, "tcp://") }
	each(t, isTCP, func(t *testing.T, o calls.Outcome) {
		t.Helper()
		got := call(t, o, rig.Request{Wait: true})
		greeting, _, _ := strings.Cut(got.Body, "\n")
		if greeting == "" || got.Blocked != "" {
			t.Errorf("%s from %s: the application hears %q\n%s", o.Call, o.From, got.Body, strings.Join(got.Steps, "\n"))
		}
	})
}

// TestStartTLS: protocols that begin in plain text open their TLS with the host itself.
func TestStartTLS(t *testing.T) {
	protocols := map[string]string{"587": rig.SMTP, "389": rig.LDAP, "5432": rig.PostgreSQL}
	g := named(t, "testdata/render/tcp/starttls")
	set(t, g)
	opened := map[string]int{}
	for _, o := range g.Outcomes {
		if o.Blocked != "" {
			continue
		}
		settle(t, o)
		protocol := protocols[o.Call[strings.LastIndex(o.Call, ":")+1:]]
		got := call(t, o, rig.Request{StartTLS: protocol, SNI: "server.example.com"})
		end := got.Seen[max(0, len(got.Seen)-1):]
		if diff := rig.Diff(o, got); diff != "" || len(end) == 0 || end[0].TLS == nil || end[0].TLS.SNI != "server.example.com" {
			t.Errorf("%s with %s from %s: %s%v\n%s", o.Call, protocol, o.From, diff, end, strings.Join(got.Steps, "\n"))
		}
		opened[protocol]++
	}
	if want := map[string]int{rig.SMTP: 2, rig.LDAP: 2, rig.PostgreSQL: 2}; !maps.Equal(opened, want) {
		t.Errorf("opened %v, want %v", opened, want)
	}
}

// TestFailover: where an address refuses connections, the next of the promised order takes
// over, up to the last.
func TestFailover(t *testing.T) {
	g := named(t, "examples/failover")
	set(t, g)
	for _, o := range g.Outcomes {
		if o.Failover != nil {
			t.Run(o.Locality, func(t *testing.T) { checkOrder(t, o) })
		}
	}
}

func checkOrder(t *testing.T, o calls.Outcome) {
	t.Helper()
	for i, group := range o.Failover {
		settleTo(t, o, func(r rig.Result) string {
			if slices.Contains(group, r.Leaves) {
				return ""
			}
			return fmt.Sprintf("it leaves to %q, and not to %v, which is group %d", r.Leaves, group, i)
		})
		for _, exit := range group {
			refuse(t, exit)
		}
	}
}

// refuse lets a host refuse connections until the test ends.
func refuse(t *testing.T, hostPort string) {
	t.Helper()
	host, _, _ := strings.Cut(hostPort, ":")
	resume, err := mesh.Internet.Refuse(mesh.Names.Address(host))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := resume(); err != nil {
			t.Error(err)
		}
	})
}

// named returns the golden of a folder.
func named(t *testing.T, dir string) golden.Golden {
	t.Helper()
	all := goldens(t)
	i := slices.IndexFunc(all, func(g golden.Golden) bool { return g.Dir == dir })
	if i < 0 {
		t.Fatalf("there is no golden %s", dir)
	}
	return all[i]
}
