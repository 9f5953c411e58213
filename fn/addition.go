// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// An addition is what patches added to the Pods of a workload of others, and nobody else
// wrote there. It is noted in the files of a package, so that it can be taken back.
type addition struct {
	// Annotations holds entries of annotations: of lists with commas, or the names of those
	// of maps in JSON.
	Annotations map[string][]string `json:"annotations,omitempty"`
	// Volumes are names of volumes, which the proxy mounts.
	Volumes []string `json:"volumes,omitempty"`
}

// annotationAdded is the annotation of a workload that notes an addition, in JSON.
const annotationAdded = "egressbundle.io/added"

// difference returns what the Pods of a workload have now and did not have before.
func difference(before, after *yaml.RNode) addition {
	had, has := podOf(before), podOf(after)
	added := addition{map[string][]string{}, without(has.Volumes, had.Volumes)}
	for key, entries := range has.Annotations {
		if rest := without(entries, had.Annotations[key]); len(rest) > 0 {
			added.Annotations[key] = rest
		}
	}
	return added
}

// podOf returns all that the Pods of a workload have, as if it were added.
func podOf(workload *yaml.RNode) addition {
	pod := addition{Annotations: map[string][]string{}}
	template := podTemplate(workload)
	for key, text := range template.GetAnnotations() {
		pod.Annotations[key] = slices.Collect(maps.Keys(entriesOf(text)))
	}
	volumes, err := template.Pipe(yaml.Lookup("spec", "volumes"))
	if err != nil {
		return pod // It is no list, and merging fails too.
	}
	pod.Volumes, _ = volumes.ElementValues("name") // Empty, if there are none.
	return pod
}

// podTemplate returns what a workload makes its Pods from.
func podTemplate(workload *yaml.RNode) *yaml.RNode {
	for _, path := range [][]string{{"spec", "jobTemplate", "spec", "template"}, {"spec", "template"}} {
		if template, err := workload.Pipe(yaml.Lookup(path...)); err == nil && template != nil {
			return template
		}
	}
	return yaml.NewMapRNode(nil)
}

// entriesOf returns the entries of a list with commas, or of a map in JSON.
func entriesOf(text string) map[string]any {
	entries := map[string]any{}
	if strings.HasPrefix(text, "{") && json.Unmarshal([]byte(text), &entries) == nil {
		return entries
	}
	for _, entry := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		entries[entry] = nil
	}
	return entries
}

func without(entries, others []string) []string {
	var rest []string
	for _, entry := range slices.Sorted(slices.Values(entries)) {
		if !slices.Contains(others, entry) {
			rest = append(rest, entry)
		}
	}
	return rest
}

// and joins two additions.
func (a addition) and(other addition) addition {
	all := addition{maps.Clone(other.Annotations), slices.Concat(other.Volumes, without(a.Volumes, other.Volumes))}
	for key, entries := range a.Annotations {
		all.Annotations[key] = slices.Concat(all.Annotations[key], without(entries, all.Annotations[key]))
	}
	return all
}

// takeBack removes the addition from a workload, and what it leaves empty.
func (a addition) takeBack(workload *yaml.RNode) error {
	template := podTemplate(workload)
	annotations := template.GetAnnotations()
	for key, entries := range a.Annotations {
		if err := template.PipeE(annotationWithout(key, annotations[key], entries)); err != nil {
			return err
		}
	}
	lists := [][]string{{"spec", "volumes"}, {"spec", "containers", "[name=istio-proxy]", "volumeMounts"}}
	for _, path := range lists {
		for _, name := range a.Volumes {
			remove := yaml.ElementSetter{Keys: []string{"name"}, Values: []string{name}}
			if err := template.PipeE(yaml.Lookup(path...), remove); err != nil {
				return err
			}
		}
	}
	return clearEmpty(template, slices.Concat(lists, [][]string{{"metadata", "annotations"}, {"metadata"}}))
}

// annotationWithout takes entries out of an annotation.
func annotationWithout(key, text string, entries []string) yaml.Filter {
	rest := entriesOf(text)
	for _, entry := range entries {
		delete(rest, entry)
	}
	if len(rest) == 0 {
		return yaml.ClearAnnotation(key)
	}
	if !strings.HasPrefix(text, "{") {
		return yaml.SetAnnotation(key, strings.Join(slices.Sorted(maps.Keys(rest)), ","))
	}
	left, err := json.Marshal(rest)
	if err != nil {
		panic(err) // It was read from JSON.
	}
	return yaml.SetAnnotation(key, string(left))
}

// clearEmpty removes the fields at paths that are empty.
func clearEmpty(node *yaml.RNode, paths [][]string) error {
	for _, path := range paths {
		last := len(path) - 1
		if err := node.PipeE(yaml.Lookup(path[:last]...), yaml.FieldClearer{Name: path[last], IfEmpty: true}); err != nil {
			return err
		}
	}
	return nil
}

// note writes the addition into an annotation of the workload.
func (a addition) note(workload *yaml.RNode) error {
	if len(a.Annotations) == 0 && len(a.Volumes) == 0 {
		if workload.GetAnnotations()[annotationAdded] == "" {
			return nil
		}
		if err := workload.PipeE(yaml.ClearAnnotation(annotationAdded)); err != nil {
			return err
		}
		return yaml.ClearEmptyAnnotations(workload)
	}
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return workload.PipeE(yaml.SetAnnotation(annotationAdded, string(text)))
}
