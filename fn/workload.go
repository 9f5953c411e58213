// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"sigs.k8s.io/kustomize/kyaml/yaml"
	"sigs.k8s.io/kustomize/kyaml/yaml/merge2"

	"github.com/egressbundle/egressbundle/pkg/egress"
)

// patchWorkloads applies patches to the workloads among the items. It returns
// warnings of the patches that concern none of them.
func patchWorkloads(items []*yaml.RNode, patches []egress.Patch) ([]egress.Diagnostic, error) {
	var warnings []egress.Diagnostic
	for _, p := range patches {
		found := false
		for _, item := range items {
			text, ok := p.For(item.GetKind(), item.GetNamespace(), item.GetName())
			if !ok {
				continue
			}
			found = true
			if err := merge(item, text); err != nil {
				return nil, fmt.Errorf("%s %s/%s: %w", item.GetKind(), item.GetNamespace(), item.GetName(), err)
			}
		}
		if !found {
			warnings = append(warnings, needsPatch(p))
		}
	}
	return warnings, nil
}

func merge(item *yaml.RNode, text []byte) error {
	patch, err := yaml.Parse(string(text))
	if err != nil {
		return err
	}
	_, err = merge2.Merge(patch, item, yaml.MergeOptions{})
	return err
}

// needsPatch says that objects alone do not do it.
func needsPatch(p egress.Patch) egress.Diagnostic {
	workloads := "the workloads"
	if p.Deployment != "" {
		workloads = "the Deployment " + p.Deployment
	}
	return egress.Diagnostic{
		Code:     egress.NeedsPatch,
		Severity: egress.SeverityWarning,
		Message:  fmt.Sprintf("%s in namespace %s must be patched too, and are not among the objects; see egressbundle patch --help", workloads, p.Namespace),
	}
}
