// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"istio.io/istio/pkg/config"

	"github.com/egressbundle/egressbundle/conformance/cluster"
)

// webhook validates as istiod's webhook does. What the webhook only warns of is a problem as well.
func webhook(m cluster.Manifest) []string {
	if m.Schema == nil {
		return nil
	}
	spec, err := message(m)
	if err != nil {
		return nil // decode reports it
	}
	warning, err := m.Schema.ValidateConfig(config.Config{
		Meta: config.Meta{
			GroupVersionKind: m.Schema.GroupVersionKind(),
			Name:             m.Object.GetName(),
			Namespace:        m.Object.GetNamespace(),
			Labels:           m.Object.GetLabels(),
			Annotations:      m.Object.GetAnnotations(),
		},
		Spec: spec,
	})
	var problems []string
	if warning != nil {
		problems = append(problems, "warning: "+warning.Error())
	}
	if err != nil {
		problems = append(problems, err.Error())
	}
	return problems
}
