// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package cluster holds what the other packages of this module need to know of a cluster: how to read manifests, and
// the gateway workloads that egress configuration refers to but does not contain.
package cluster

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kubeyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"istio.io/istio/pkg/config/schema/collections"
	"istio.io/istio/pkg/config/schema/resource"
)

// A Manifest is one document of a YAML stream.
type Manifest struct {
	YAML   string
	Object *unstructured.Unstructured
	// Schema is what Istio knows of the kind, and nil if the object is not for Istio's config store.
	Schema resource.Schema
}

// Read splits a YAML stream. Empty documents are skipped; a document that is no Kubernetes object is an error.
func Read(stream string) ([]Manifest, error) {
	var manifests []Manifest
	documents := kubeyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(stream)))
	for {
		doc, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return manifests, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read manifests: %w", err)
		}
		m, err := read(doc)
		if err != nil {
			return nil, err
		}
		if m != nil {
			manifests = append(manifests, *m)
		}
	}
}

func read(doc []byte) (*Manifest, error) {
	json, err := yaml.YAMLToJSONStrict(doc)
	if err != nil {
		return nil, fmt.Errorf("read manifest: %w\n%s", err, doc)
	}
	if string(json) == "null" {
		return nil, nil //nolint:nilnil // an empty document is no manifest and no error
	}
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(json); err != nil {
		return nil, fmt.Errorf("read manifest: %w\n%s", err, doc)
	}
	if object.GetName() == "" {
		return nil, fmt.Errorf("read manifest: metadata.name is missing\n%s", doc)
	}
	m := &Manifest{YAML: string(bytes.TrimSpace(doc)), Object: object}
	gvk := object.GroupVersionKind()
	if s, ok := collections.PilotGatewayAPI().FindByGroupVersionAliasesKind(resource.FromKubernetesGVK(&gvk)); ok {
		m.Schema = s
	}
	return m, nil
}

// String names the object as istioctl does: "VirtualService istio-system/news".
func (m Manifest) String() string {
	if m.Object.GetNamespace() == "" {
		return m.Object.GetKind() + " " + m.Object.GetName()
	}
	return m.Object.GetKind() + " " + m.Object.GetNamespace() + "/" + m.Object.GetName()
}
