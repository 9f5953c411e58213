// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/egressbundle/egressbundle/internal/yamlstream"
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
	Mesh         *meshSpec              `json:"mesh,omitempty"`
	Clients      []Client               `json:"clients,omitempty"`
	Destinations map[string]Destination `json:"destinations,omitempty"`
	Bypass       *Bypass                `json:"bypass,omitempty"`
	Enforce      *Enforce               `json:"enforce,omitempty"`
}

// A meshSpec is a Mesh without its methods: in a bundle it is no document of its own.
type meshSpec Mesh

// MarshalJSON writes the EgressBundle.
func (b Bundle) MarshalJSON() ([]byte, error) {
	return json.Marshal(document[bundleSpec]{
		APIVersion: APIVersion,
		Kind:       KindBundle,
		Metadata:   metadata{Name: b.Name, Namespace: b.Namespace, Labels: b.Labels, Annotations: b.Annotations},
		Spec: bundleSpec{
			Mesh: (*meshSpec)(b.Mesh), Clients: b.Clients, Destinations: b.Destinations, Bypass: b.Bypass, Enforce: b.Enforce,
		},
	})
}

// UnmarshalJSON reads an EgressBundle. Every field must be known; egress.Parse also judges what
// they say.
func (b *Bundle) UnmarshalJSON(data []byte) error {
	d, err := read[bundleSpec](KindBundle, data)
	*b = Bundle{
		Name:         d.Metadata.Name,
		Namespace:    d.Metadata.Namespace,
		Labels:       d.Metadata.Labels,
		Annotations:  d.Metadata.Annotations,
		Mesh:         (*Mesh)(d.Spec.Mesh),
		Clients:      d.Spec.Clients,
		Destinations: d.Spec.Destinations,
		Bypass:       d.Spec.Bypass,
		Enforce:      d.Spec.Enforce,
	}
	return err
}

// MarshalYAML returns what go.yaml.in/yaml writes like EncodeYAML.
func (b Bundle) MarshalYAML() (any, error) { return yamlstream.FromJSON(b) }

// UnmarshalYAML reads an EgressBundle by go.yaml.in/yaml as UnmarshalJSON does.
func (b *Bundle) UnmarshalYAML(read func(into any) error) error { return readYAML(b, read) }

// EncodeYAML writes the EgressBundle as people do: without what is not set. An error is one of the
// writer.
func (b Bundle) EncodeYAML(w io.Writer) error {
	return yamlstream.Documents(w, slices.Values([]Bundle{b}))
}

// MarshalJSON writes the EgressMesh. It needs a name.
func (m Mesh) MarshalJSON() ([]byte, error) {
	return json.Marshal(document[meshSpec]{
		APIVersion: APIVersion,
		Kind:       KindMesh,
		Metadata:   metadata{Name: m.Name, Annotations: m.Annotations},
		Spec:       meshSpec(m),
	})
}

// UnmarshalJSON reads an EgressMesh, as that of a Bundle does an EgressBundle.
func (m *Mesh) UnmarshalJSON(data []byte) error {
	d, err := read[meshSpec](KindMesh, data)
	*m = Mesh(d.Spec)
	m.Name, m.Annotations = d.Metadata.Name, d.Metadata.Annotations
	return err
}

// MarshalYAML returns what go.yaml.in/yaml writes like EncodeYAML.
func (m Mesh) MarshalYAML() (any, error) { return yamlstream.FromJSON(m) }

// UnmarshalYAML reads an EgressMesh, as that of a Bundle does an EgressBundle.
func (m *Mesh) UnmarshalYAML(read func(into any) error) error { return readYAML(m, read) }

// EncodeYAML writes the EgressMesh, as that of a Bundle does an EgressBundle.
func (m Mesh) EncodeYAML(w io.Writer) error { return yamlstream.Documents(w, slices.Values([]Mesh{m})) }

func read[Spec any](kind string, data []byte) (document[Spec], error) {
	var d document[Spec]
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&d)
	if err == nil && (d.APIVersion != APIVersion || d.Kind != kind) {
		err = fmt.Errorf("must be %s of %s, got %s of %s", kind, APIVersion, d.Kind, d.APIVersion)
	}
	return d, err
}

func readYAML(document json.Unmarshaler, read func(into any) error) error {
	data, err := yamlstream.ToJSON(read)
	if err != nil {
		return err
	}
	return document.UnmarshalJSON(data)
}
