// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package fn

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// An addition is what patches added to the Pods of a workload of others, and nobody else
// wrote there. It is noted in the files of a package, so that it can be taken back.
type addition struct {
	// Annotations holds entries of annotations: of lists with commas, or the names of those
	// of maps in JSON.
	Annotations map[string][]string `json:"annotations,omitempty"`
	// Volumes are names of volumes.
	Volumes []string `json:"volumes,omitempty"`
	// Mounts are the paths at which the proxy mounts volumes.
	Mounts []string `json:"mounts,omitempty"`
	// Above is how many folders the outermost package was above that of the workload. Who
	// sees fewer does not see all bundles that want the addition.
	Above int `json:"above,omitempty"`
}

// annotationAdded is the annotation of a workload that notes an addition, in JSON.
const annotationAdded = api.Group + "/added"

// notedOn returns the addition that is noted on a workload, and an empty one if none is.
func notedOn(workload *yaml.RNode) (noted addition, err error) {
	text := workload.GetAnnotations()[annotationAdded]
	if text == "" {
		return noted, nil
	}
	if err := json.Unmarshal([]byte(text), &noted); err != nil {
		return noted, misnoted(err)
	}
	return noted, nil
}

// replacedBy returns what patches add to a workload of which the addition is taken back.
func (a addition) replacedBy(workload *yaml.RNode, patches [][]byte) (addition, error) {
	without := workload.Copy()
	if err := a.takeBack(without); err != nil {
		return addition{}, err
	}
	with := without.Copy()
	if err := mergeAll(with, patches); err != nil {
		return addition{}, err
	}
	return podOf(with).minus(podOf(without)), nil
}

// podOf returns all that the Pods of a workload have, as if it were added.
func podOf(workload *yaml.RNode) addition {
	template := podTemplate(workload)
	pod := addition{
		Annotations: map[string][]string{},
		Volumes:     valuesIn(template, pathOfVolumes, "name"),
		Mounts:      valuesIn(template, pathOfMounts, "mountPath"),
	}
	for key, text := range template.GetAnnotations() {
		pod.Annotations[key] = slices.Collect(maps.Keys(entriesOf(text)))
	}
	return pod
}

// Where a template of Pods has what patches add to it.
var (
	pathOfVolumes = []string{"spec", "volumes"}
	pathOfMounts  = []string{"spec", "containers", "[name=" + object.ProxyContainer + "]", "volumeMounts"}
)

// valuesIn returns a field of each element of a list, and none if there is no such list.
func valuesIn(node *yaml.RNode, path []string, field string) []string {
	list, err := node.Pipe(yaml.Lookup(path...))
	if err != nil || list == nil {
		return nil
	}
	values, err := list.ElementValues(field)
	if err != nil {
		return nil
	}
	return values
}

// podTemplate returns what a workload makes its Pods from.
func podTemplate(workload *yaml.RNode) *yaml.RNode {
	path := object.PodTemplatePath(workload.GetApiVersion(), workload.GetKind())
	template, err := workload.Pipe(yaml.Lookup(path...))
	if path == nil || err != nil || template == nil {
		return yaml.NewMapRNode(nil)
	}
	return template
}

// entriesOf returns the entries of a list with commas, or of a map in JSON.
func entriesOf(text string) map[string]any {
	entries := map[string]any{}
	if isMap(text) && json.Unmarshal([]byte(text), &entries) == nil {
		return entries
	}
	for _, entry := range listOf(text) {
		entries[entry] = nil
	}
	return entries
}

// listOf returns the entries of a list with commas, which may have spaces.
func listOf(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

func isMap(text string) bool { return strings.HasPrefix(strings.TrimSpace(text), "{") }

// minus returns what the addition has and the other has not.
func (a addition) minus(other addition) addition {
	rest := addition{
		Annotations: map[string][]string{},
		Volumes:     without(a.Volumes, other.Volumes),
		Mounts:      without(a.Mounts, other.Mounts),
	}
	for key, entries := range a.Annotations {
		if left := without(entries, other.Annotations[key]); len(left) > 0 {
			rest.Annotations[key] = left
		}
	}
	return rest
}

// and joins an addition that is noted with another.
func (a addition) and(other addition) addition {
	rest := other.minus(a)
	all := addition{
		Annotations: map[string][]string{},
		Volumes:     slices.Concat(a.Volumes, rest.Volumes),
		Mounts:      slices.Concat(a.Mounts, rest.Mounts),
		Above:       a.Above,
	}
	for _, one := range []addition{a, rest} {
		for key, entries := range one.Annotations {
			all.Annotations[key] = slices.Concat(all.Annotations[key], entries)
		}
	}
	return all
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

func (a addition) isEmpty() bool { return len(a.Annotations)+len(a.Volumes)+len(a.Mounts) == 0 }

// takeBack removes the addition from a workload, and fields that it leaves empty.
func (a addition) takeBack(workload *yaml.RNode) error {
	if a.isEmpty() {
		return nil
	}
	template := podTemplate(workload)
	annotations := template.GetAnnotations()
	for key, entries := range a.Annotations {
		if err := template.PipeE(annotationWithout(key, annotations[key], entries)); err != nil {
			return err
		}
	}
	removeElements(template, pathOfVolumes, "name", a.Volumes)
	removeElements(template, pathOfMounts, "mountPath", a.Mounts)
	return clearEmpty(template, pathOfVolumes, pathOfMounts, []string{"metadata", "annotations"}, []string{"metadata"})
}

// removeElements removes the elements of a list of which a field has one of the values.
func removeElements(node *yaml.RNode, path []string, field string, values []string) {
	list, err := node.Pipe(yaml.Lookup(path...))
	if err != nil || list == nil {
		return // There is nothing to remove.
	}
	list.YNode().Content = slices.DeleteFunc(list.Content(), func(element *yaml.Node) bool {
		value := yaml.NewRNode(element).Field(field)
		return value != nil && slices.Contains(values, value.Value.YNode().Value)
	})
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
	if !isMap(text) {
		return yaml.SetAnnotation(key, strings.Join(slices.Sorted(maps.Keys(rest)), ","))
	}
	left, err := json.Marshal(rest)
	if err != nil {
		panic(err) // It was read from JSON.
	}
	return yaml.SetAnnotation(key, string(left))
}

// clearEmpty removes the fields at paths that are empty.
func clearEmpty(node *yaml.RNode, paths ...[]string) error {
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
	if a.isEmpty() {
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
