// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

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
			text, ok := p.For(item.GetApiVersion(), item.GetKind(), item.GetNamespace(), item.GetName())
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

// merge merges a patch into a workload. Annotations that list something keep what
// they list already: it belongs to others.
func merge(item *yaml.RNode, text []byte) error {
	patch, err := yaml.Parse(string(text))
	if err != nil {
		return err
	}
	path := annotationsPath(patch)
	ours, err := patch.Pipe(yaml.Lookup(path...))
	if err != nil {
		return err
	}
	theirs, err := item.Pipe(yaml.Lookup(path...))
	if err != nil {
		return err
	}
	if ours != nil && theirs != nil {
		if err := unite(ours, theirs); err != nil {
			return err
		}
	}
	_, err = merge2.Merge(patch, item, yaml.MergeOptions{})
	return err
}

// annotationsPath leads to the annotations of the Pods that a patch is for.
func annotationsPath(patch *yaml.RNode) []string {
	if patch.GetKind() == "CronJob" {
		return []string{"spec", "jobTemplate", "spec", "template", "metadata", "annotations"}
	}
	return []string{"spec", "template", "metadata", "annotations"}
}

// unite adds to our annotations what theirs hold under the same names: lists with
// commas, or maps in JSON.
func unite(ours, theirs *yaml.RNode) error {
	return ours.VisitFields(func(field *yaml.MapNode) error {
		there := theirs.Field(field.Key.YNode().Value)
		if there == nil {
			return nil
		}
		united, err := unitedText(field.Value.YNode().Value, there.Value.YNode().Value)
		if err != nil {
			return fmt.Errorf("annotation %s: %w", field.Key.YNode().Value, err)
		}
		field.Value.YNode().Value = united
		return nil
	})
}

func unitedText(ours, theirs string) (string, error) {
	if !strings.HasPrefix(ours, "{") {
		all := strings.FieldsFunc(ours+","+theirs, func(r rune) bool { return r == ',' || r == ' ' })
		slices.Sort(all)
		return strings.Join(slices.Compact(all), ","), nil
	}
	united := map[string]any{}
	for _, text := range []string{theirs, ours} {
		if err := json.Unmarshal([]byte(text), &united); err != nil {
			return "", fmt.Errorf("must be a map in JSON: %w", err)
		}
	}
	text, err := json.Marshal(united)
	return string(text), err
}

// needsPatch says that objects alone do not do it.
func needsPatch(p egress.Patch) egress.Diagnostic {
	workloads, need := "the workloads", "need"
	if p.Deployment != "" {
		workloads, need = "the Deployment "+p.Deployment, "needs"
	}
	return egress.Diagnostic{
		Code:     egress.NeedsPatch,
		Severity: egress.SeverityWarning,
		Message:  fmt.Sprintf("%s in namespace %s %s a patch, which no object is; see egressbundle patch --help", workloads, p.Namespace, need),
	}
}
