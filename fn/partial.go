// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package fn

import (
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egressbundle/egressbundle/fn/identity"
)

// isPartial reports whether kpt gives a part of a package: its Kptfile is missing, or says
// that the step of this program selects.
func (c *call) isPartial() bool {
	if c.kptfile == nil {
		return c.pkg != ""
	}
	for _, kind := range []string{"mutators", "validators"} {
		steps, err := c.kptfile.Pipe(yaml.Lookup("pipeline", kind))
		if err != nil || steps == nil {
			continue
		}
		for _, step := range steps.Content() {
			if selectsForUs(yaml.NewRNode(step)) {
				return true
			}
		}
	}
	return false
}

// selectsForUs reports whether a step of a pipeline runs this program on a selection.
func selectsForUs(step *yaml.RNode) bool {
	selects := !step.Field("selectors").IsNilOrEmpty() || !step.Field("exclude").IsNilOrEmpty()
	for _, field := range []string{"exec", "image"} {
		if program := step.Field(field); program != nil && selects {
			return identity.IsProgram(program.Value.YNode().Value)
		}
	}
	return false
}
