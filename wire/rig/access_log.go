// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package rig

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"istio.io/istio/pilot/pkg/model"

	"github.com/egressbundle/egressbundle/pkg/egress/explain"
)

// callHeader names a call. The application sends it.
const callHeader = "Test-Call"

// accessLogFormat is that of an entry.
var accessLogFormat = func() string {
	text, err := json.Marshal(map[string]string{
		"call":         "%REQ(" + callHeader + ")%",
		"method":       "%REQ(:METHOD)%",
		"path":         "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
		"downstream":   "%DOWNSTREAM_REMOTE_ADDRESS%",
		"sni":          "%REQUESTED_SERVER_NAME%",
		"identity":     "%DOWNSTREAM_PEER_URI_SAN%",
		"protocol":     "%PROTOCOL%",
		"authority":    "%REQ(:AUTHORITY)%",
		"route":        "%ROUTE_NAME%",
		"cluster":      "%UPSTREAM_CLUSTER_RAW%",
		"upstream":     "%UPSTREAM_LOCAL_ADDRESS%",
		"upstreamHost": "%UPSTREAM_HOST%",
		"code":         "%RESPONSE_CODE%",
		"flags":        "%RESPONSE_FLAGS%",
		"details":      "%RESPONSE_CODE_DETAILS%",
		"termination":  "%CONNECTION_TERMINATION_DETAILS%",
		"failure":      "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
		"handshake":    "%DOWNSTREAM_TRANSPORT_FAILURE_REASON%",
		"line":         strings.TrimSuffix(model.EnvoyTextLogFormat, "\n"),
	})
	if err != nil {
		panic(err)
	}
	return string(text)
}()

// An entry is a line of the access log of a proxy: a request, or a connection of
// which it saw bytes only.
type entry struct {
	Call         string `json:"call"`
	Method       string `json:"method"`
	Path         string `json:"path"`
	Downstream   string `json:"downstream"` // who connected, with the port
	SNI          string `json:"sni"`
	Identity     string `json:"identity"`
	Protocol     string `json:"protocol"`
	Authority    string `json:"authority"`
	Route        string `json:"route"`
	Cluster      string `json:"cluster"`
	Upstream     string `json:"upstream"` // what it connected from
	UpstreamHost string `json:"upstreamHost"`
	Code         any    `json:"code"`
	Flags        string `json:"flags"`
	Details      string `json:"details"`
	Termination  string `json:"termination"`
	Failure      string `json:"failure"`
	Handshake    string `json:"handshake"` // why TLS with who connected failed
	Line         string `json:"line"`      // in the format that Istio has by default

	text string
}

// isOf reports whether an entry is of a call, as far as it says.
func (e entry) isOf(call string) bool { return e.Call == "" || e.Call == call }

// code is the status of a response, or 0.
func (e entry) code() string { return fmt.Sprint(e.Code) }

// log returns what the entry says of a call.
func (e entry) log() explain.Log {
	text := func(s string) string { return strings.TrimPrefix(s, "-") } // what there is not
	return explain.Log{
		Method: text(e.Method), Path: text(e.Path), Code: e.code(), Flags: text(e.Flags), Details: text(e.Details),
		Termination: text(e.Termination), Authority: text(e.Authority), Upstream: text(e.UpstreamHost), Cluster: text(e.Cluster),
		SNI: text(e.SNI), Route: text(e.Route),
	}
}

// An accessLog is that of a proxy.
type accessLog struct {
	logFile

	mu      sync.Mutex
	entries []entry
	// passed are how many of them are of calls that are over.
	passed int
}

// pass leaves what is logged to calls that are over: a port is used again by others.
func (l *accessLog) pass() error {
	entries, err := l.read()
	l.passed = len(entries)
	return err
}

// read returns all entries.
func (l *accessLog) read() ([]entry, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fresh, err := l.fresh()
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(fresh) {
		var e entry
		if strings.HasPrefix(line, "{") && json.Unmarshal([]byte(line), &e) == nil && e.Downstream != "" {
			e.text = strings.TrimSpace(line)
			l.entries = append(l.entries, e)
		}
	}
	return l.entries, nil
}
