// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package rig

import (
	"encoding/json"
	"slices"
	"strings"
)

// A decision is a line of what enforces NetworkPolicies: a packet that it looks at, or
// what the NetworkPolicies of a direction say of it.
type decision struct {
	Message string `json:"msg"`
	From    string `json:"srcPod"`
	Packet  struct {
		ID int `json:"ID"`
	} `json:"packet"`

	ID      int   `json:"id"` // of the packet
	Allowed *bool `json:"allowed"`
}

// A dropLog says which packets were dropped.
type dropLog struct{ logFile }

// droppedBy is how the tracer says that, after the direction.
const droppedBy = " dropped by NetworkPolicy"

// read says whether a packet of one of some Pods was dropped since it was last asked, and
// where: as it left its Pod (Egress), or as it arrived (Ingress).
func (l *dropLog) read(pods ...string) (dropped string, err error) {
	fresh, err := l.fresh()
	if err != nil {
		return "", err
	}
	sent := map[int]bool{} // by one of the Pods
	for line := range strings.Lines(fresh) {
		var d decision
		if json.Unmarshal([]byte(line), &d) != nil {
			continue
		}
		if d.Message == "Evaluating packet" {
			sent[d.Packet.ID] = slices.Contains(pods, d.From)
		}
		if d.Allowed != nil && !*d.Allowed && sent[d.ID] {
			direction, _, _ := strings.Cut(d.Message, " ")
			return direction + droppedBy, nil
		}
	}
	return "", nil
}
