// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package fn

import (
	"path"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egressbundle/egressbundle/pkg/egress/object"
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
			return programName(program.Value.YNode().Value) == object.ManagedBy
		}
	}
	return false
}

// programName returns the name of a program, without its arguments, or that of an image,
// without registry and tag.
func programName(command string) string {
	program, _, _ := strings.Cut(command, " ")
	name := path.Base(program)
	if tag := strings.IndexAny(name, ":@"); tag >= 0 {
		return name[:tag]
	}
	return name
}
