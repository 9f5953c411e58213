// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package folder

import (
	"bytes"
	"errors"
	"io"

	"go.yaml.in/yaml/v3"

	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// ownIn returns the objects of this program in a YAML file, those of lists included, and
// whether the file is one of them and nothing else. What cannot be read is something else.
func ownIn(text []byte) (own []object.Object, isAlone bool) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	isAlone = !bytes.Contains(text, []byte("\n---")) // There may be comments before it.
	for documents := 1; ; documents++ {
		var document yaml.Node
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return own, isAlone
		}
		if err != nil {
			return own, false
		}
		one, isList := ownOf(&document)
		own = append(own, one...)
		isAlone = isAlone && documents == 1 && !isList
	}
}

// ownOf returns the object of a document if it is of this program, or those of a list.
func ownOf(document *yaml.Node) (own []object.Object, isList bool) {
	head, items := headOf(document)
	for _, item := range items {
		if o, _ := headOf(&item); o.IsOwn() {
			own = append(own, o)
		}
	}
	if head.IsOwn() {
		own = append(own, head)
	}
	return own, items != nil
}

// headOf returns what an object says of itself, and the items of a list. What does not have
// the shape of an object is none.
func headOf(node *yaml.Node) (head object.Object, items []yaml.Node) {
	var found struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string `yaml:"kind"`
		Metadata   struct {
			Namespace   string            `yaml:"namespace"`
			Name        string            `yaml:"name"`
			Labels      map[string]string `yaml:"labels"`
			Annotations map[string]string `yaml:"annotations"`
		} `yaml:"metadata"`
		Items []yaml.Node `yaml:"items"`
	}
	if err := node.Decode(&found); err != nil {
		return head, nil
	}
	return object.Object{
		APIVersion:  found.APIVersion,
		Kind:        found.Kind,
		Namespace:   found.Metadata.Namespace,
		Name:        found.Metadata.Name,
		Labels:      found.Metadata.Labels,
		Annotations: found.Metadata.Annotations,
	}, found.Items
}
