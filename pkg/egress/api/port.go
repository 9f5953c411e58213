// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/jsontree"
)

// A Port is a port that applications call, and what the mesh makes of it.
type Port struct {
	// Number is the port that applications call, from 1 to 65535.
	Number int
	// Pattern is what applications speak on the port and how it leaves.
	Pattern Pattern
}

type portHeader struct {
	Number  int    `json:"port"`
	Pattern string `json:"pattern,omitempty"`
}

// MarshalJSON writes the port, the name of the pattern and the fields of the
// pattern side by side.
func (p Port) MarshalJSON() ([]byte, error) {
	v := reflect.ValueOf(p.Pattern)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return json.Marshal(portHeader{Number: p.Number})
	}
	return jsontree.Headed(portHeader{Number: p.Number, Pattern: v.Type().Elem().Name()}, p.Pattern)
}

// UnmarshalJSON reads what MarshalJSON writes. Every field must be known.
func (p *Port) UnmarshalJSON(data []byte) error {
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(data, &fields); err != nil {
		return err
	}
	var header portHeader
	if err := json.Unmarshal(data, &header); err != nil {
		return err
	}
	delete(fields, "port")
	delete(fields, "pattern")
	pattern, err := decodePattern(header.Pattern, fields)
	*p = Port{Number: header.Number, Pattern: pattern}
	return err
}

func decodePattern(name string, fields map[string]json.RawMessage) (Pattern, error) {
	for _, info := range patterns {
		if info.Name != name {
			continue
		}
		pattern := info.New()
		data, err := json.Marshal(fields)
		if err != nil {
			return nil, err
		}
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.DisallowUnknownFields()
		return pattern, decoder.Decode(pattern)
	}
	return nil, fmt.Errorf("unknown pattern %q", name)
}
