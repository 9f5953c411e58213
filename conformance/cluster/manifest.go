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

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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

// ReadFile reads what a file of a folder has for a cluster, and passes over all that is no object with a name, as are
// kustomizations and values of Helm, or is for tools alone, as is a Kptfile.
func ReadFile(text string) ([]Manifest, error) {
	isObject := func(doc []byte) bool {
		var object metav1.PartialObjectMetadata
		err := yaml.Unmarshal(doc, &object)
		return err == nil && object.APIVersion != "" && object.Name != "" && object.Annotations[localConfig] != "true"
	}
	return readIf(text, isObject)
}

// localConfig is the annotation of objects that no cluster is to have.
// https://kpt.dev/reference/annotations/local-config/
const localConfig = "config.kubernetes.io/local-config"

// Read splits a YAML stream. Empty documents are skipped; a document that is no Kubernetes object is an error.
func Read(stream string) ([]Manifest, error) {
	return readIf(stream, func([]byte) bool { return true })
}

func readIf(stream string, wanted func(doc []byte) bool) ([]Manifest, error) {
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
		if !wanted(doc) {
			continue
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

// Join makes one YAML stream of several.
func Join(streams ...string) string { return strings.Join(streams, "\n---\n") }

// Edit keeps the objects of a YAML stream for which keep is true. keep may change them.
func Edit(stream string, keep func(Manifest) bool) (string, error) {
	manifests, err := Read(stream)
	if err != nil {
		return "", err
	}
	var kept []string
	for _, m := range manifests {
		if !keep(m) {
			continue
		}
		b, err := yaml.Marshal(m.Object.Object)
		if err != nil {
			return "", fmt.Errorf("encode %s: %w", m, err)
		}
		kept = append(kept, string(b))
	}
	return Join(kept...), nil
}

// Without removes an object, named as by String. It must be there.
func Without(stream, name string) (string, error) {
	found := false
	rest, err := Edit(stream, func(m Manifest) bool {
		is := m.String() == name
		found = found || is
		return !is
	})
	if err == nil && !found {
		err = fmt.Errorf("there is no %s to remove", name)
	}
	return rest, err
}
