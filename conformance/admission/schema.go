// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"istio.io/istio/pkg/config/crd"

	"github.com/egressbundle/egressbundle/conformance/cluster"
)

// crds validates objects against Istio's CRDs.
type crds struct{ *crd.Validator }

// loadCRDs reads the CRDs that the istio.io/api module ships. They are no Go package, so the go command has to say where
// they are; it knows in any directory of this module.
var loadCRDs = sync.OnceValues(func() (crds, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "istio.io/api").Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			err = fmt.Errorf("%w: %s", err, exit.Stderr)
		}
		return crds{}, fmt.Errorf("find istio.io/api: %w", err)
	}
	file := filepath.Join(strings.TrimSpace(string(out)), "kubernetes", "customresourcedefinitions.gen.yaml")
	v, err := crd.NewValidatorFromFilesWithOptions([]string{file}, crd.WithoutCRDValidation())
	if err != nil {
		return crds{}, fmt.Errorf("load CRDs: %w", err)
	}
	return crds{v}, nil
})

// check applies the structural schema, its CEL rules, and the ban on unknown fields.
func (c crds) check(m cluster.Manifest) []string {
	if m.Schema == nil || !strings.HasSuffix(m.Schema.Group(), ".istio.io") {
		return nil
	}
	// The validator fills in defaults.
	if err := c.ValidateCustomResource(m.Object.DeepCopy()); err != nil {
		return []string{err.Error()}
	}
	return nil
}
