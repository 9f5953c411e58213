// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/wire/rig"
)

// A count is how many calls were made, and how many of them did not get out.
type count struct{ made, blocked int }

// tally has the counts of the tests.
var tally = map[string]*count{}

// twins are the objects that were taken away, and those of them that broke a call.
var twins struct{ tried, bit int }

// note counts a call.
func note(t *testing.T, r rig.Result) {
	t.Helper()
	name, _, _ := strings.Cut(t.Name(), "/")
	if tally[name] == nil {
		tally[name] = &count{}
	}
	tally[name].made++
	if r.Blocked != "" {
		tally[name].blocked++
	}
}

// rows are the tests that the README tells of.
var rows = []struct{ test, tries string }{
	{"TestGoldens", "what bundles promise, of every golden and example, each call twice"},
	{"TestHeaders", "requests with and without headers of their own, each header compared outside"},
	{"TestWaysAround", "ways around a bundle (no sidecar, addresses, SNI and Host of others, another namespace or identity), with one object less each time"},
	{"TestLanes", "SNI and Host of the lanes of others"},
	{"TestRefused", "identities that TCP refuses, client or server first"},
	{"TestWithoutEachObject", "what bundles promise, without one of their objects"},
	{"TestCertificates", "hosts that show their certificate, one of another name, one of another authority, and one that is revoked"},
	{"TestTimeouts", "hosts that answer in time, and late"},
	{"TestRetries", "hosts that answer 200, 503, and UNAVAILABLE of gRPC"},
	{"TestFailover", "endpoints that refuse, in the order of failover"},
	{"TestServerFirst", "TCP where the client speaks first, and where the server does"},
	{"TestStartTLS", "SMTP, LDAP and PostgreSQL that open TLS after words in plain text"},
	{"TestWeights", "requests to endpoints that share them by weight"},
	{"TestGRPC", "a client of HTTP/2, and one of gRPC"},
}

const tallyFile = "testdata/tally.txt"

// checkTally compares the table of the README with what was counted, if all tests were run.
func checkTally() error {
	some := flag.Lookup("test.run").Value.String() != "" || flag.Lookup("test.skip").Value.String() != ""
	if some || os.Getenv("EVERY_GOLDEN") != "" {
		return nil
	}
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CALLS\tGOT OUT\tDID NOT\tWHAT WAS TRIED")
	for _, row := range rows {
		c := tally[row.test]
		if c == nil {
			return fmt.Errorf("%s has made no call", row.test)
		}
		fmt.Fprintf(w, "%d\t%d\t%d\t%s\n", c.made, c.made-c.blocked, c.blocked, row.tries)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(&table, "\n%d objects were taken away, each by itself: %d of them broke a call.\n", twins.tried, twins.bit)
	if os.Getenv("UPDATE_GOLDEN") != "" {
		return os.WriteFile(tallyFile, []byte(table.String()), 0o644)
	}
	want, err := os.ReadFile(tallyFile)
	if diff := cmp.Diff(string(want), table.String()); diff != "" {
		return errors.Join(err, fmt.Errorf("%s (-want +got):\n%s", tallyFile, diff))
	}
	return nil
}
