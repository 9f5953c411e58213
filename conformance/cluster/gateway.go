// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"
)

// A Gateway is the workload of an egress gateway: one pod behind one Service.
type Gateway struct {
	Namespace      string
	Service        string // name of the Service
	ServiceAccount string
	Labels         map[string]string // of the pod, and the selector of the Service
	Ports          []Port
	// QuietProxy is set if the configuration of its proxy adds no headers to requests that
	// a setting of it can keep back.
	QuietProxy bool
	// Locality is where the pod runs, as region, region/zone or region/zone/subzone. By default a gateway is where its
	// caller is.
	Locality string
}

// A Port is a port of a gateway's Service and the container port behind it.
type Port struct {
	Name       string
	Port       int32
	TargetPort int32
}

// DefaultGateway is the egress gateway of a standard Istio installation.
func DefaultGateway() Gateway {
	return Gateway{
		Namespace:      "istio-system",
		Service:        "istio-egressgateway",
		ServiceAccount: "istio-egressgateway",
		Labels:         map[string]string{"istio": "egressgateway", "app": "istio-egressgateway"},
		Ports: []Port{
			{Name: "http2", Port: 80, TargetPort: 8080},
			{Name: "https", Port: 443, TargetPort: 8443},
		},
	}
}

// String is the gateway's namespace and Service, as in "istio-system/istio-egressgateway".
func (g Gateway) String() string {
	return g.Namespace + "/" + g.Service
}

// Objects returns the Service, the Pod and the EndpointSlice of the gateway, the pod being ready at podIP. The ports
// have protocol TCP written out: without it Istio does not translate them to container ports.
func (g Gateway) Objects(podIP, serviceIP string) []runtime.Object {
	pod := g.Service + "-0"
	service := &corev1.Service{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: metav1.ObjectMeta{Name: g.Service, Namespace: g.Namespace, Labels: g.Labels},
		Spec:       corev1.ServiceSpec{Selector: g.Labels, ClusterIP: serviceIP},
	}
	slice := &discoveryv1.EndpointSlice{
		TypeMeta: metav1.TypeMeta{APIVersion: "discovery.k8s.io/v1", Kind: "EndpointSlice"},
		ObjectMeta: metav1.ObjectMeta{
			Name:      pod,
			Namespace: g.Namespace,
			Labels:    map[string]string{discoveryv1.LabelServiceName: g.Service},
		},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints: []discoveryv1.Endpoint{{
			Addresses:  []string{podIP},
			Conditions: discoveryv1.EndpointConditions{Ready: new(true)},
			TargetRef:  &corev1.ObjectReference{Kind: "Pod", Name: pod, Namespace: g.Namespace},
		}},
	}
	for _, p := range g.Ports {
		service.Spec.Ports = append(service.Spec.Ports, corev1.ServicePort{
			Name: p.Name, Port: p.Port, TargetPort: intstr.FromInt32(p.TargetPort), Protocol: corev1.ProtocolTCP,
		})
		slice.Ports = append(slice.Ports, discoveryv1.EndpointPort{
			Name: new(p.Name), Port: new(p.TargetPort), Protocol: new(corev1.ProtocolTCP),
		})
	}
	return []runtime.Object{service, g.pod(pod, podIP), slice}
}

func (g Gateway) pod(name, ip string) *corev1.Pod {
	return &corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: g.Namespace, Labels: g.Labels},
		Spec: corev1.PodSpec{
			ServiceAccountName: g.ServiceAccount,
			Containers:         []corev1.Container{{Name: "istio-proxy", Image: "istio/proxyv2:1.31.0"}},
		},
		Status: corev1.PodStatus{
			Phase:      corev1.PodRunning,
			PodIP:      ip,
			PodIPs:     []corev1.PodIP{{IP: ip}},
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
		},
	}
}

// YAML returns the objects as one YAML stream.
func YAML(objects []runtime.Object) (string, error) {
	var stream strings.Builder
	for _, o := range objects {
		b, err := yaml.Marshal(o)
		if err != nil {
			return "", fmt.Errorf("encode %T: %w", o, err)
		}
		stream.WriteString("---\n")
		stream.Write(b)
	}
	return stream.String(), nil
}
