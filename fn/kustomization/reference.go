// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package kustomization

import (
	"fmt"
	"path/filepath"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// A Reference names a Secret as whoever wrote it does: kustomize gives it another name, with
// prefixes, suffixes and the hash of what it holds.
type Reference struct{ Namespace, Name string }

type references []Reference

// kindOfReference is the kind of objects whose only purpose is that kustomize changes the name
// in them.
const kindOfReference = "SecretReference"

// nameReferences tells kustomize about them.
const nameReferences = `nameReference:
- kind: Secret
  version: v1
  fieldSpecs: [{kind: ` + kindOfReference + `, path: to}]
`

// Resolve returns the names that kustomize gave to Secrets of the build. It builds once more,
// but only if the build has Secrets in a namespace, and not the one that is named there.
func (b *Build) Resolve(all []Reference) (map[Reference]string, error) {
	present, secretsIn := map[Reference]bool{}, map[string]bool{}
	for _, r := range b.Resources {
		if r.GetKind() == "Secret" {
			present[Reference{r.GetNamespace(), r.GetName()}] = true
			secretsIn[r.GetNamespace()] = true
		}
	}
	var unknown references
	for _, r := range all {
		if secretsIn[r.Namespace] && !present[r] {
			unknown = append(unknown, r)
			present[r] = true // Once is enough.
		}
	}
	names := map[Reference]string{}
	if len(unknown) == 0 {
		return names, nil
	}
	again, err := run(b.originals.dir, unknown)
	if err != nil {
		return nil, err
	}
	for _, r := range again.Resources {
		if r.GetKind() == kindOfReference {
			names[Reference{textAt(r, "namespace"), textAt(r, "from")}] = textAt(r, "to")
		}
	}
	return names, nil
}

// ask adds references to what kustomize builds, if there are any.
func (l *layer) ask(path string, k *yaml.RNode) error {
	if len(l.more) == 0 {
		return nil
	}
	var objects strings.Builder
	for i, r := range l.more {
		fmt.Fprintf(&objects, "---\napiVersion: v1\nkind: %s\nmetadata: {name: reference-%d, namespace: %q}\nnamespace: %q\nfrom: %q\nto: %q\n",
			kindOfReference, i, r.Namespace, r.Namespace, r.Name, r.Name)
	}
	for field, text := range map[string]string{"resources": objects.String(), "configurations": nameReferences} {
		name := filepath.Base(path) + "#references of " + field
		l.texts[filepath.Join(filepath.Dir(path), name)] = text
		if err := appendTo(k, field, yaml.NewStringRNode(name).YNode()); err != nil {
			return err
		}
	}
	return nil
}

func textAt(node *yaml.RNode, field string) string {
	value := node.Field(field)
	if value == nil {
		return ""
	}
	return value.Value.YNode().Value
}
