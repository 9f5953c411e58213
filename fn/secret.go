// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package fn

import (
	"slices"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egressbundle/egressbundle/fn/kustomization"
)

// followSecrets gives Secrets the names that kustomize gave them in the build, in the objects of
// bundles and in the workloads that these patch. As a function, egressbundle leaves that to
// kustomize, which does it last.
func (c *call) followSecrets(a *answer) error {
	isSecret := func(item *yaml.RNode) bool { return item.GetKind() == "Secret" }
	if !slices.ContainsFunc(c.items, isSecret) {
		return nil
	}
	nodes, err := c.changedNodes(a)
	if err != nil {
		return err
	}
	var all []kustomization.Reference
	for _, node := range nodes {
		eachSecret(node.YNode(), func(name *yaml.Node) {
			all = append(all, kustomization.Reference{Namespace: node.GetNamespace(), Name: name.Value})
		})
	}
	names, err := c.built.Resolve(all)
	if err != nil {
		return err
	}
	for _, node := range nodes {
		eachSecret(node.YNode(), func(name *yaml.Node) {
			if to := names[kustomization.Reference{Namespace: node.GetNamespace(), Name: name.Value}]; to != "" {
				name.Value = to
			}
		})
	}
	return nil
}

// changedNodes returns what the answer has, and the build does not.
func (c *call) changedNodes(a *answer) ([]*yaml.RNode, error) {
	var nodes []*yaml.RNode
	for _, item := range a.items {
		if !slices.Contains(c.items, item) {
			nodes = append(nodes, item)
		}
	}
	for _, m := range a.added {
		node, err := m.toNode()
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, node)
	}
	return nodes, nil
}

// eachSecret visits the names of Secrets in an object of Istio or in a workload.
func eachSecret(node *yaml.Node, visit func(name *yaml.Node)) {
	for key, value := range fieldsOf(node) {
		if isName := key == "credentialName" || key == "secretName"; isName && value.Kind == yaml.ScalarNode {
			visit(value)
		}
	}
	for _, content := range node.Content {
		eachSecret(content, visit)
	}
}
