// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package install renders the Helm charts of Istio, as a user installs them, and does to workloads what the injection of
// that installation does.
package install

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"istio.io/istio/operator/pkg/helm"
	"istio.io/istio/operator/pkg/values"
	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/kube/inject"

	"github.com/egressbundle/egressbundle/conformance/cluster"
)

const rootNamespace = "istio-system"

// Chart renders a chart, such as gateway or istio-control/istio-discovery.
func Chart(chart, release, namespace string, vals map[string]any) ([]cluster.Manifest, error) {
	rendered, _, err := helm.Render(release, namespace, chart, values.Map{"spec": map[string]any{"values": vals}}, nil)
	if err != nil {
		return nil, fmt.Errorf("chart %s: %w", chart, err)
	}
	var documents []string
	for _, m := range rendered {
		documents = append(documents, m.Content)
	}
	return cluster.Read(cluster.Join(documents...))
}

// controlPlane is istiod with all defaults.
var controlPlane = sync.OnceValues(func() ([]cluster.Manifest, error) {
	return Chart("istio-control/istio-discovery", "istiod", rootNamespace, nil)
})

// find returns an object of the control plane.
func find(kind, name string) (cluster.Manifest, error) {
	all, err := controlPlane()
	if err != nil {
		return cluster.Manifest{}, err
	}
	for _, m := range all {
		if m.Object.GetKind() == kind && m.Object.GetName() == name {
			return m, nil
		}
	}
	return cluster.Manifest{}, fmt.Errorf("the chart of istiod has no %s %s", kind, name)
}

// Webhook returns the webhook that injects proxies, with the Service that it calls.
func Webhook() ([]cluster.Manifest, error) {
	webhook, err := find("MutatingWebhookConfiguration", "istio-sidecar-injector")
	if err != nil {
		return nil, err
	}
	service, err := find("Service", "istiod")
	return []cluster.Manifest{webhook, service}, err
}

// Inject returns a workload with the proxy injected into its Pods.
func Inject(workload string) (string, error) {
	m, err := find("ConfigMap", "istio-sidecar-injector")
	if err != nil {
		return "", err
	}
	var config corev1.ConfigMap
	if err := yaml.Unmarshal([]byte(m.YAML), &config); err != nil {
		return "", err
	}
	injection, err := inject.UnmarshalConfig([]byte(config.Data["config"]))
	if err != nil {
		return "", err
	}
	vals, err := inject.NewValuesConfig(config.Data["values"])
	if err != nil {
		return "", err
	}
	var injected bytes.Buffer
	var warnings []error
	warn := func(text string) { warnings = append(warnings, errors.New(text)) }
	err = inject.IntoResourceFile(nil, injection.Templates, vals, "", mesh.DefaultMeshConfig(), strings.NewReader(workload), &injected, warn)
	return injected.String(), errors.Join(append(warnings, err)...)
}
