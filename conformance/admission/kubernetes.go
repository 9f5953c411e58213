// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"fmt"
	"maps"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/kubernetes/pkg/apis/apps"
	_ "k8s.io/kubernetes/pkg/apis/apps/install" // Each package adds its kinds to legacyscheme.
	appsvalidation "k8s.io/kubernetes/pkg/apis/apps/validation"
	"k8s.io/kubernetes/pkg/apis/autoscaling"
	_ "k8s.io/kubernetes/pkg/apis/autoscaling/install"
	autoscalingvalidation "k8s.io/kubernetes/pkg/apis/autoscaling/validation"
	"k8s.io/kubernetes/pkg/apis/batch"
	_ "k8s.io/kubernetes/pkg/apis/batch/install"
	batchvalidation "k8s.io/kubernetes/pkg/apis/batch/validation"
	"k8s.io/kubernetes/pkg/apis/core"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	corevalidation "k8s.io/kubernetes/pkg/apis/core/validation"
	"k8s.io/kubernetes/pkg/apis/discovery"
	_ "k8s.io/kubernetes/pkg/apis/discovery/install"
	discoveryvalidation "k8s.io/kubernetes/pkg/apis/discovery/validation"
	"k8s.io/kubernetes/pkg/apis/networking"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
	networkingvalidation "k8s.io/kubernetes/pkg/apis/networking/validation"
	"k8s.io/kubernetes/pkg/apis/policy"
	_ "k8s.io/kubernetes/pkg/apis/policy/install"
	policyvalidation "k8s.io/kubernetes/pkg/apis/policy/validation"
	"k8s.io/kubernetes/pkg/apis/rbac"
	_ "k8s.io/kubernetes/pkg/apis/rbac/install"
	rbacvalidation "k8s.io/kubernetes/pkg/apis/rbac/validation"

	"github.com/egressbundle/egressbundle/conformance/cluster"
)

// kubernetes validates built-in objects as the API server does when they are created.
func kubernetes(m cluster.Manifest) []string {
	if !legacyscheme.Scheme.Recognizes(m.Object.GroupVersionKind()) {
		return nil // of Istio, whose CRDs say what is valid
	}
	object, err := internal(m)
	if err != nil {
		return []string{err.Error()}
	}
	errs, err := validate(object)
	if err != nil {
		return []string{err.Error()}
	}
	var problems []string
	for _, e := range errs {
		problems = append(problems, e.Error())
	}
	return problems
}

// internal returns an object with defaults, as the API server handles it.
func internal(m cluster.Manifest) (runtime.Object, error) {
	decoder := legacyscheme.Codecs.UniversalDeserializer()
	versioned, _, err := decoder.Decode([]byte(m.YAML), nil, nil)
	if err != nil {
		return nil, err
	}
	legacyscheme.Scheme.Default(versioned)
	return legacyscheme.Scheme.ConvertToVersion(versioned, runtime.InternalGroupVersioner)
}

// validate returns an error for a kind that it does not know: no object goes unseen.
func validate(object runtime.Object) (field.ErrorList, error) {
	switch o := object.(type) {
	case *core.Namespace:
		return corevalidation.ValidateNamespace(o), nil
	case *core.ConfigMap:
		return corevalidation.ValidateConfigMap(o), nil
	case *core.Service:
		return corevalidation.ValidateServiceCreate(o), nil
	case *core.ServiceAccount:
		return corevalidation.ValidateServiceAccount(o), nil
	case *discovery.EndpointSlice:
		return discoveryvalidation.ValidateEndpointSliceCreate(o), nil
	case *apps.Deployment:
		return appsvalidation.ValidateDeployment(o, corevalidation.PodValidationOptions{}), nil
	case *autoscaling.HorizontalPodAutoscaler:
		options := autoscalingvalidation.HorizontalPodAutoscalerSpecValidationOptions{MinReplicasLowerBound: 1}
		return autoscalingvalidation.ValidateHorizontalPodAutoscaler(o, options), nil
	case *batch.Job:
		return validateJob(o), nil
	case *networking.NetworkPolicy:
		return networkingvalidation.ValidateNetworkPolicy(o, networkingvalidation.NetworkPolicyValidationOptions{}), nil
	case *policy.PodDisruptionBudget:
		return policyvalidation.ValidatePodDisruptionBudget(o, policyvalidation.PodDisruptionBudgetValidationOptions{}), nil
	case *rbac.Role:
		return rbacvalidation.ValidateRole(o), nil
	case *rbac.RoleBinding:
		return rbacvalidation.ValidateRoleBinding(o), nil
	default:
		return nil, fmt.Errorf("nothing validates %T", o)
	}
}

// validateJob gives a Job the selector that the API server gives it, and validates it.
func validateJob(job *batch.Job) field.ErrorList {
	job.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{batch.JobNameLabel: job.Name}}
	labels := maps.Clone(job.Spec.Selector.MatchLabels)
	maps.Copy(labels, job.Spec.Template.Labels)
	job.Spec.Template.Labels = labels
	errs := corevalidation.ValidateObjectMeta(&job.ObjectMeta, true, corevalidation.ValidatePodName, field.NewPath("metadata"))
	return append(errs, batchvalidation.ValidateJobSpec(&job.Spec, field.NewPath("spec"), corevalidation.PodValidationOptions{})...)
}
