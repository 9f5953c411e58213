// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package rig

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/egressbundle/egressbundle/conformance/calls"
)

// Time makes the call of an outcome, and says how long the application waits for the end
// of the answer. It is an error if the call passes something else than promised. Access
// logs are not read.
func (m *Mesh) Time(ctx context.Context, o calls.Outcome) (time.Duration, error) {
	w, err := m.client(ctx, o)
	if err != nil {
		return 0, err
	}
	start := time.Now()
	r := m.call(ctx, w, o, Request{}, "timed")
	took := time.Since(start)
	m.Outside.Take()
	if r.seen == nil {
		return 0, fmt.Errorf("%s from %s: %s", o.Call, o.From, r)
	}
	if through := m.through(w, r.seen.Peer.Addr()); through != o.Through {
		return 0, fmt.Errorf("%s from %s passes %s, want %s", o.Call, o.From, through, o.Through)
	}
	return took, nil
}

// A Load is what an Envoy carries.
type Load struct {
	Clusters      int
	Configuration int // bytes of all it was configured with, as JSON
	Memory        int // bytes that it has allocated
}

// Loads says what the Envoys that a call passes carry: that of the client, and that of the
// gateway.
func (m *Mesh) Loads(ctx context.Context, o calls.Outcome) (client, gateway Load, err error) {
	w, err := m.client(ctx, o)
	if err != nil {
		return client, gateway, err
	}
	client, err = w.load(ctx)
	if err != nil {
		return client, gateway, err
	}
	gateway, err = m.gateways[o.Through].load(ctx)
	return client, gateway, err
}

func (w *Workload) load(ctx context.Context) (Load, error) {
	var clusters struct {
		Statuses []json.RawMessage `json:"cluster_statuses"`
	}
	if err := w.askInto(ctx, "/clusters?format=json", &clusters); err != nil {
		return Load{}, err
	}
	var memory struct {
		Allocated int `json:"allocated,string"`
	}
	if err := w.askInto(ctx, "/memory", &memory); err != nil {
		return Load{}, err
	}
	configuration, err := w.ask(ctx, "/config_dump?include_eds")
	return Load{Clusters: len(clusters.Statuses), Configuration: len(configuration), Memory: memory.Allocated}, err
}

func (w *Workload) askInto(ctx context.Context, path string, into any) error {
	answer, err := w.ask(ctx, path)
	if err != nil {
		return err
	}
	return json.Unmarshal(answer, into)
}

// ask asks the Envoy of a workload, which answers its own host alone.
func (w *Workload) ask(ctx context.Context, path string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:15000"+path, nil)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{DialContext: w.Dial}
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return io.ReadAll(response.Body)
}
