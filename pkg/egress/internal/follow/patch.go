// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package follow

import (
	"encoding/json"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
)

// A patch is what changes of a bundle, as kustomize merges it: lists in it are whole.
type patch struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
	} `json:"metadata"`
	Spec struct {
		Mesh         *api.Mesh                  `json:"mesh,omitempty"`
		Clients      []api.Client               `json:"clients,omitempty"`
		Destinations map[string]api.Destination `json:"destinations,omitempty"`
	} `json:"spec"`
}

func patchOf(b api.Bundle) patch {
	p := patch{APIVersion: api.APIVersion, Kind: api.KindBundle}
	p.Metadata.Name, p.Metadata.Namespace = b.Name, b.Namespace
	return p
}

// text writes the patch as YAML.
func (p patch) text() string {
	compact, err := json.Marshal(p)
	if err != nil {
		panic("follow: " + err.Error()) // It was read from JSON.
	}
	var root yaml.Node
	if err := yaml.Unmarshal(compact, &root); err != nil {
		panic("follow: " + err.Error()) // JSON is YAML.
	}
	loosen(&root)
	var out strings.Builder
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(&root); err != nil {
		panic("follow: " + err.Error()) // A strings.Builder takes everything.
	}
	return out.String()
}

// loosen writes as people do what was JSON: lists of words on one line, and no quotes that say
// nothing.
func loosen(n *yaml.Node) {
	n.Style = 0
	isShort := n.Kind == yaml.SequenceNode
	for _, child := range n.Content {
		loosen(child)
		isShort = isShort && child.Kind == yaml.ScalarNode
	}
	if isShort {
		n.Style = yaml.FlowStyle
	}
}
