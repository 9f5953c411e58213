// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"maps"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/draft"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/facts"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// A workload is a gateway that somebody wants to be deployed.
type workload struct {
	api.Gateway

	name string // among those of the mesh
}

// drafts returns everything that the gateway runs as. All has the name of its
// Service.
func (w workload) drafts() []draft.Draft {
	return []draft.Draft{
		w.draft(kind.ServiceAccount, func() any { return &corev1.ServiceAccount{} }),
		w.draft(kind.Deployment, func() any { return w.deployment() }),
		w.draft(kind.PodDisruptionBudget, func() any { return w.disruptionBudget() }),
		w.draft(kind.HorizontalPodAutoscaler, func() any { return w.autoscaler() }),
		w.draft(kind.Service, func() any {
			return &corev1.ServiceSpec{
				Type:     corev1.ServiceTypeClusterIP,
				Selector: maps.Clone(w.Selector),
				Ports:    w.servicePorts(),
			}
		}),
	}
}

func (w workload) draft(kindName string, spec func() any) draft.Draft {
	return draft.OfGateway(w.name, diag.ObjectRef{Kind: kindName, Namespace: w.Namespace, Name: w.Service}, spec)
}

// servicePorts are those that bundles use. The names say what sidecars speak on
// the hop: HTTP/2 where it is plain HTTP.
func (w workload) servicePorts() []corev1.ServicePort {
	ports := []corev1.ServicePort{
		servicePort("http2", w.Ports.HTTP, w.TargetPorts.HTTP),
		servicePort("https", w.Ports.TLS, w.TargetPorts.TLS),
	}
	for i, port := range w.Ports.TCP {
		ports = append(ports, servicePort("tcp-"+strconv.Itoa(port), port, w.TargetPorts.TCP[i]))
	}
	return ports
}

func servicePort(name string, port, target int) corev1.ServicePort {
	return corev1.ServicePort{
		Name:       name,
		Port:       int32(port),
		Protocol:   corev1.ProtocolTCP,
		TargetPort: intstr.FromInt32(int32(target)),
	}
}

// deployment leaves the proxy itself to the injection of Istio, which knows the
// image and the configuration of the mesh.
// https://istio.io/latest/docs/setup/additional-setup/gateway/
func (w workload) deployment() *appsv1.DeploymentSpec {
	return &appsv1.DeploymentSpec{
		Selector: &metav1.LabelSelector{MatchLabels: maps.Clone(w.Selector)},
		Strategy: rollingUpdate(),
		Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{
				Annotations: map[string]string{
					"inject.istio.io/templates":  "gateway",
					object.AnnotationProxyConfig: quietProxy,
				},
				Labels: w.podLabels(),
			},
			Spec: corev1.PodSpec{
				Affinity:                  w.affinity(),
				Containers:                []corev1.Container{w.container()},
				NodeSelector:              maps.Clone(w.Deploy.NodeSelector),
				SecurityContext:           podSecurity(),
				ServiceAccountName:        w.Service,
				Tolerations:               w.tolerations(),
				TopologySpreadConstraints: w.spread(),
			},
		},
	}
}

// rollingUpdate is what Kubernetes does where nothing is said. Half of it said would differ
// for ever from what the API server makes of it.
func rollingUpdate() appsv1.DeploymentStrategy {
	quarter := intstr.FromString("25%")
	return appsv1.DeploymentStrategy{
		Type:          appsv1.RollingUpdateDeploymentStrategyType,
		RollingUpdate: &appsv1.RollingUpdateDeployment{MaxSurge: &quarter, MaxUnavailable: &quarter},
	}
}

// podLabels has the proxy injected, and keeps the Pods out of the ambient mode.
func (w workload) podLabels() map[string]string {
	labels := maps.Clone(w.Selector)
	labels[facts.LabelDataplane] = "none"
	labels[facts.LabelInject] = "true"
	return labels
}

func (w workload) container() corev1.Container {
	return corev1.Container{
		Name:            object.ProxyContainer,
		Image:           "auto", // The injection puts its own here.
		Resources:       w.resources(),
		SecurityContext: containerSecurity(),
	}
}

func (w workload) resources() corev1.ResourceRequirements {
	return corev1.ResourceRequirements{
		Limits:   quantities(w.Deploy.Resources.Limits),
		Requests: quantities(w.Deploy.Resources.Requests),
	}
}

func quantities(l api.ResourceList) corev1.ResourceList {
	return corev1.ResourceList{
		corev1.ResourceCPU:    resource.MustParse(l.CPU),
		corev1.ResourceMemory: resource.MustParse(l.Memory),
	}
}

// podSecurity and containerSecurity keep to the restricted Pod Security Standard.
// Where ports start that need no privileges is among the sysctls it allows.
// https://kubernetes.io/docs/concepts/security/pod-security-standards/
func podSecurity() *corev1.PodSecurityContext {
	return &corev1.PodSecurityContext{
		RunAsNonRoot:   new(true),
		SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		Sysctls:        []corev1.Sysctl{{Name: "net.ipv4.ip_unprivileged_port_start", Value: "0"}},
	}
}

func containerSecurity() *corev1.SecurityContext {
	return &corev1.SecurityContext{
		AllowPrivilegeEscalation: new(false),
		Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		Privileged:               new(false),
		ReadOnlyRootFilesystem:   new(true),
		RunAsNonRoot:             new(true),
	}
}

// affinity keeps Pods off nodes that have one.
func (w workload) affinity() *corev1.Affinity {
	return &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
		PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{{
			Weight: 100,
			PodAffinityTerm: corev1.PodAffinityTerm{
				LabelSelector: &metav1.LabelSelector{MatchLabels: maps.Clone(w.Selector)},
				TopologyKey:   corev1.LabelHostname,
			},
		}},
	}}
}

// spread keeps the zones even, and prefers a Pod in a full zone to none.
func (w workload) spread() []corev1.TopologySpreadConstraint {
	return []corev1.TopologySpreadConstraint{{
		LabelSelector:     &metav1.LabelSelector{MatchLabels: maps.Clone(w.Selector)},
		MaxSkew:           1,
		TopologyKey:       corev1.LabelTopologyZone,
		WhenUnsatisfiable: corev1.ScheduleAnyway,
	}}
}

func (w workload) tolerations() []corev1.Toleration {
	var tolerations []corev1.Toleration
	for _, t := range w.Deploy.Tolerations {
		tolerations = append(tolerations, corev1.Toleration{
			Key:      t.Key,
			Operator: corev1.TolerationOperator(t.Operator),
			Value:    t.Value,
			Effect:   corev1.TaintEffect(t.Effect),
		})
	}
	return tolerations
}

// maxUnavailable is how many Pods a drain of nodes may take at once.
const maxUnavailable = 1

func (w workload) disruptionBudget() *policyv1.PodDisruptionBudgetSpec {
	return &policyv1.PodDisruptionBudgetSpec{
		MaxUnavailable: new(intstr.FromInt32(maxUnavailable)),
		Selector:       &metav1.LabelSelector{MatchLabels: maps.Clone(w.Selector)},
	}
}

// targetUtilization is how much of its requested CPU a Pod uses, in percent,
// before there are more Pods: as in the Helm chart of Istio.
const targetUtilization = 80

func (w workload) autoscaler() *autoscalingv2.HorizontalPodAutoscalerSpec {
	return &autoscalingv2.HorizontalPodAutoscalerSpec{
		ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: kind.Deployment, Name: w.Service},
		MinReplicas:    new(int32(w.Deploy.Replicas.Min)),
		MaxReplicas:    int32(w.Deploy.Replicas.Max),
		Metrics: []autoscalingv2.MetricSpec{{
			Type: autoscalingv2.ResourceMetricSourceType,
			Resource: &autoscalingv2.ResourceMetricSource{
				Name: corev1.ResourceCPU,
				Target: autoscalingv2.MetricTarget{
					Type:               autoscalingv2.UtilizationMetricType,
					AverageUtilization: new(int32(targetUtilization)),
				},
			},
		}},
	}
}
