// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package fn

import (
	"io"
	"slices"

	"sigs.k8s.io/kustomize/kyaml/yaml"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/egressbundle/egressbundle/fn/input"
	"github.com/egressbundle/egressbundle/fn/kustomization"
	"github.com/egressbundle/egressbundle/internal/yamlstream"
	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
)

// A Build is what kustomize built, with objects in place of its bundles.
type Build struct {
	*egress.Output

	answer *answer
}

// RenderBuild renders the bundles of a build, as kustomize would have the function do for all of
// them. The Input says what it means if there is none. It fails with a *diag.InvalidError as
// the function does; every other error is a defect.
func RenderBuild(built *kustomization.Build, in *input.Input) (*Build, error) {
	items := slices.Concat(built.Meshes, built.Resources)
	c := &call{items: items, built: built}
	var b Build
	err := c.guard(func() error {
		if err := (&list{items: items}).checkShape(); err != nil {
			return err
		}
		output, err := c.renderTo(in)
		if err != nil {
			return err
		}
		output.Warnings = slices.Concat(built.Missed(slices.Collect(output.Objects())), output.Warnings)
		b.Output = output
		if b.answer, err = c.answer(output); err != nil {
			return err
		}
		return c.followSecrets(b.answer)
	})
	return &b, err
}

// Warnings are those of the objects, and those of workloads that the build does not have.
func (b *Build) Warnings() []diag.Diagnostic { return b.answer.diagnostics }

// Encode writes what kustomize built as kustomize does, and then the objects of bundles, sorted
// like those of render.
func (b *Build) Encode(w io.Writer) error {
	separator := ""
	for _, item := range b.answer.items {
		text, err := textOfKustomize(item)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, separator+string(text)); err != nil {
			return err
		}
		separator = "---\n"
	}
	if len(b.answer.added) == 0 {
		return nil
	}
	if _, err := io.WriteString(w, separator); err != nil {
		return err
	}
	return yamlstream.Documents(w, slices.Values(b.answer.added))
}

// textOfKustomize returns an object as kustomize writes it.
func textOfKustomize(item *yaml.RNode) ([]byte, error) {
	text, err := item.MarshalJSON()
	if err != nil {
		return nil, err
	}
	return sigsyaml.JSONToYAML(text)
}
