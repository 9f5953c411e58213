// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"go.yaml.in/yaml/v3"

	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// HeadOf returns what an object says of itself, and the items of a list. What does not have
// the shape of an object is none.
func HeadOf(node *yaml.Node) (head object.Object, items []yaml.Node) {
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
