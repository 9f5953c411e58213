// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
)

const (
	apiGroup   = "egressbundle.io"
	kindBundle = "EgressBundle"
	kindMesh   = "EgressMesh"
)

// A document is an EgressBundle or an EgressMesh as it is written.
type document[Spec any] struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Metadata   metadata `json:"metadata"`
	Spec       Spec     `json:"spec"`
}

type metadata struct {
	Name        string            `json:"name,omitempty"`
	Namespace   string            `json:"namespace,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

type bundleSpec struct {
	Mesh         *Mesh                  `json:"mesh,omitempty"`
	Clients      []Client               `json:"clients,omitempty"`
	Destinations map[string]Destination `json:"destinations,omitempty"`
	Bypass       *Bypass                `json:"bypass,omitempty"`
	Enforce      *Enforce               `json:"enforce,omitempty"`
}

func bundleDocument(b Bundle) document[bundleSpec] {
	return document[bundleSpec]{
		APIVersion: APIVersion,
		Kind:       kindBundle,
		Metadata:   metadata{b.Name, b.Namespace, b.Labels, b.Annotations},
		Spec:       bundleSpec{b.Mesh, b.Clients, b.Destinations, b.Bypass, b.Enforce},
	}
}

func meshDocument(m Mesh) document[Mesh] {
	return document[Mesh]{APIVersion: APIVersion, Kind: kindMesh, Metadata: metadata{Name: "mesh"}, Spec: m}
}

func bundleFrom(d document[bundleSpec], s *source) Bundle {
	return Bundle{
		Name:         d.Metadata.Name,
		Namespace:    d.Metadata.Namespace,
		Labels:       d.Metadata.Labels,
		Annotations:  d.Metadata.Annotations,
		Mesh:         d.Spec.Mesh,
		Clients:      d.Spec.Clients,
		Destinations: d.Spec.Destinations,
		Bypass:       d.Spec.Bypass,
		Enforce:      d.Spec.Enforce,
		source:       s,
	}
}

func meshFrom(d document[Mesh], s *source) Mesh {
	mesh := d.Spec
	mesh.name, mesh.source = d.Metadata.Name, s
	return mesh
}

// toTree returns the document as encoding/json would read it.
func toTree(document any) (any, error) {
	data, err := json.Marshal(document)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var tree any
	err = decoder.Decode(&tree)
	return integers(tree), err
}

// integers replaces each json.Number by the int that it must be: the API has no
// other numbers.
func integers(tree any) any {
	switch tree := tree.(type) {
	case map[string]any:
		for key, value := range tree {
			tree[key] = integers(value)
		}
	case []any:
		for i, value := range tree {
			tree[i] = integers(value)
		}
	case json.Number:
		if n, err := tree.Int64(); err == nil {
			return int(n)
		}
	}
	return tree
}

// fromTree decodes a tree that was checked, so every error is a defect.
func fromTree[T any](tree any) (T, error) {
	var value T
	data, err := json.Marshal(tree)
	if err != nil {
		return value, err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	err = decoder.Decode(&value)
	return value, err
}

type portHeader struct {
	Number  int    `json:"port"`
	Pattern string `json:"pattern,omitempty"`
}

// MarshalJSON writes the port, the name of the pattern and the fields of the
// pattern side by side.
func (p Port) MarshalJSON() ([]byte, error) {
	header := portHeader{Number: p.Number}
	own := []byte("{}")
	if v := reflect.ValueOf(p.Pattern); v.Kind() == reflect.Pointer && !v.IsNil() {
		header.Pattern = patternsByType[v.Type().Elem()].Name
		var err error
		if own, err = json.Marshal(p.Pattern); err != nil {
			return nil, err
		}
	}
	head, err := json.Marshal(header)
	if err != nil || len(own) == len("{}") {
		return head, err
	}
	return fmt.Appendf(nil, "%s,%s", head[:len(head)-1], own[1:]), nil
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
		pattern := info.empty()
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
