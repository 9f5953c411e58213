// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package fn

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
	"sigs.k8s.io/kustomize/kyaml/yaml/merge2"

	"github.com/egressbundle/egressbundle/fn/identity"
	"github.com/egressbundle/egressbundle/fn/warning"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// patchObjects applies patches to the workloads that bundles make.
func patchObjects(objects []*madeObject, patches []object.Patch) error {
	for _, p := range patches {
		for _, m := range objects {
			text, ok := m.patch(p)
			if !ok {
				continue
			}
			node, err := m.toNode()
			if err != nil {
				return err
			}
			if err := merge(node, text); err != nil {
				return err
			}
		}
	}
	return nil
}

// patch returns the patch for the object, if it concerns that.
func (m *madeObject) patch(p object.Patch) (text []byte, ok bool) {
	return p.For(m.APIVersion, m.Kind, m.Namespace, m.Name)
}

// patchItems applies patches to the workloads among the items. It returns warnings of the
// patches that concern none of them, and none of the objects that are added to them.
func (c *call) patchItems(items []*yaml.RNode, added []*madeObject, patches []object.Patch) ([]diag.Diagnostic, error) {
	found := make([]bool, len(patches))
	for i, p := range patches {
		found[i] = concernsAny(p, added)
	}
	for i, item := range items {
		c.at = item
		var texts [][]byte
		for j, p := range patches {
			if text, ok := p.For(item.GetApiVersion(), item.GetKind(), item.GetNamespace(), item.GetName()); ok {
				found[j] = true
				texts = append(texts, text)
			}
		}
		var err error
		if items[i], err = c.patchItem(item, texts); err != nil {
			return nil, fmt.Errorf("%s %s/%s: %w", item.GetKind(), item.GetNamespace(), item.GetName(), err)
		}
	}
	c.at = nil
	return warnUnless(found, patches), nil
}

func concernsAny(p object.Patch, objects []*madeObject) bool {
	return slices.ContainsFunc(objects, func(m *madeObject) bool {
		_, ok := m.patch(p)
		return ok
	})
}

// warnUnless warns of the patches for which no workload was found.
func warnUnless(found []bool, patches []object.Patch) []diag.Diagnostic {
	var warnings []diag.Diagnostic
	for i, p := range patches {
		if !found[i] {
			warnings = append(warnings, warning.NeedsPatch(p))
		}
	}
	return warnings
}

// patchItem returns a workload with patches. Where the host keeps files, it notes what they
// add, and takes back what earlier ones added and no bundle wants any more.
func (c *call) patchItem(item *yaml.RNode, patches [][]byte) (*yaml.RNode, error) {
	noted := item.GetAnnotations()[annotationAdded]
	if len(patches) == 0 && (noted == "" || !c.inPlace) {
		return item, nil
	}
	patched := item.Copy()
	if err := patched.DeAnchor(); err != nil { // merge2 loses aliases.
		return nil, err
	}
	if !c.inPlace || identity.IsOurs(item) {
		return patched, mergeAll(patched, patches)
	}
	if err := c.patchAndNote(patched, patches); err != nil {
		return nil, err
	}
	if same, err := saySame(item, patched); same || err != nil {
		return item, err // as it is written
	}
	return patched, nil
}

// patchAndNote patches a workload, takes back what is noted there and not added any more,
// and notes what is added now.
func (c *call) patchAndNote(workload *yaml.RNode, patches [][]byte) error {
	earlier, err := notedOn(workload)
	if err != nil {
		return err
	}
	added, err := earlier.replacedBy(workload, patches)
	if err != nil {
		return err
	}
	added.Above = c.foldersAbove(workload)
	if c.seesAllBundles() && added.Above >= earlier.Above {
		if err := earlier.minus(added).takeBack(workload); err != nil {
			return err
		}
	} else {
		added = earlier.and(added)
	}
	if err := mergeAll(workload, patches); err != nil {
		return err
	}
	return added.note(workload)
}

// foldersAbove returns how many folders the outermost package is above that of an item.
func (c *call) foldersAbove(item *yaml.RNode) int {
	inside := strings.TrimPrefix(item.GetAnnotations()[packagePath], c.pkg)
	return strings.Count(inside, "/")
}

func mergeAll(item *yaml.RNode, patches [][]byte) error {
	for _, text := range patches {
		if err := merge(item, text); err != nil {
			return err
		}
	}
	return nil
}

// merge merges a patch into a workload. Annotations that list something keep what
// they list already: it belongs to others.
func merge(item *yaml.RNode, text []byte) error {
	patch, err := yaml.Parse(string(text))
	if err != nil {
		return err
	}
	if err := unite(patch, item); err != nil {
		return err
	}
	_, err = merge2.Merge(patch, item, yaml.MergeOptions{})
	return err
}

// unite adds to the texts of a patch what the workload holds in the same places:
// lists with commas, or maps in JSON. All that a patch has beside annotations is
// the same in both, or a list that is merged item by item.
func unite(patch, item *yaml.RNode) error {
	if patch.YNode().Kind != yaml.MappingNode {
		return nil
	}
	return patch.VisitFields(func(field *yaml.MapNode) error {
		there := item.Field(field.Key.YNode().Value)
		if there == nil {
			return nil
		}
		ours, theirs := field.Value.YNode(), there.Value.YNode()
		if ours.Kind != yaml.ScalarNode || theirs.Kind != yaml.ScalarNode {
			return unite(field.Value, there.Value)
		}
		united, err := unitedText(ours.Value, theirs.Value)
		if err != nil {
			return fmt.Errorf("%s: %w", field.Key.YNode().Value, err)
		}
		ours.Value = united
		return nil
	})
}

func unitedText(ours, theirs string) (string, error) {
	if !strings.HasPrefix(ours, "{") {
		all := listOf(ours + "," + theirs)
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
