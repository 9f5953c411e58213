// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// deployProblems finds what Kubernetes would refuse of a gateway that is deployed.
func (g Gateway) deployProblems() []gatewayProblem {
	if g.Deploy == nil {
		return nil
	}
	var problems []gatewayProblem
	add := func(code Code, field, format string, args ...any) {
		problems = append(problems, gatewayProblem{code, field, fmt.Sprintf(format, args...)})
	}
	if g.Service[0] >= '0' && g.Service[0] <= '9' {
		add(InvalidValue, "service", "must start with a letter, as the name of a Service does, got %q", g.Service)
	}
	for _, key := range []string{labelDataplane, labelInject} {
		if _, ok := g.Selector[key]; ok {
			add(InvalidValue, "selector", "must not have the label %s, which the Pods need for something else; remove it", key)
		}
	}
	if r := g.Deploy.Replicas; r.Min > r.Max {
		add(InvalidReplicas, "deploy.replicas", "must have a max that is not less than min, got min %d and max %d", r.Min, r.Max)
	}
	requests, limits := g.Deploy.Resources.Requests.quantities(), g.Deploy.Resources.Limits.quantities()
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		if request, limit := requests[name], limits[name]; request.Cmp(limit) > 0 {
			add(InvalidResources, "deploy.resources", "must not request more %s than the limit, got %s of %s; raise the limit", name, &request, &limit)
		}
	}
	for i, t := range g.Deploy.Tolerations {
		field := fmt.Sprintf("deploy.tolerations[%d]", i)
		exists := t.Operator == string(corev1.TolerationOpExists)
		switch {
		case t.Key == "" && !exists:
			add(InvalidToleration, field, "must have a key, such as egress, or `operator: Exists` for every taint")
		case exists && t.Value != "":
			add(InvalidToleration, field, "must not have a value with `operator: Exists`, which is for every value, got %q; remove one of them", t.Value)
		}
	}
	return problems
}
