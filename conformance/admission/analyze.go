// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"istio.io/istio/pkg/config/analysis/analyzers"
	"istio.io/istio/pkg/config/analysis/diag"
	"istio.io/istio/pkg/config/analysis/local"

	"github.com/egressbundle/egressbundle/conformance/cluster"
	"github.com/egressbundle/egressbundle/conformance/install"
)

// analyze runs all analyzers of istioctl analyze on the objects and on the cluster around them. Messages from Warning up
// are problems, but for the false alarms.
func analyze(objects []cluster.Manifest, opts Options) ([]Problem, error) {
	surroundings, err := cluster.YAML(around(objects, opts.Gateways))
	if err != nil {
		return nil, err
	}
	webhook, err := install.Webhook()
	if err != nil {
		return nil, err
	}
	readers := []local.ReaderSource{{Name: "surroundings", Reader: strings.NewReader(surroundings)}}
	for _, m := range slices.Concat(webhook, objects) {
		readers = append(readers, local.ReaderSource{Name: m.String(), Reader: strings.NewReader(m.YAML)})
	}
	analyzer := local.NewIstiodAnalyzer(analyzers.AllCombined(), "", "istio-system", nil)
	if err := analyzer.AddTestReaderKubeSource(readers); err != nil {
		return nil, fmt.Errorf("analyze: %w", err)
	}
	stop := make(chan struct{})
	defer close(stop)
	result, err := analyzer.Analyze(stop)
	if err != nil {
		return nil, fmt.Errorf("analyze: %w", err)
	}
	if len(result.SkippedAnalyzers) > 0 {
		return nil, fmt.Errorf("analyze: skipped %v", result.SkippedAnalyzers)
	}
	var problems []Problem
	for _, m := range result.Messages {
		if m.Type.Level().IsWorseThanOrEqualTo(diag.Warning) && !isFalseAlarm(m, objects) {
			problems = append(problems, Problem{Check: "analyze", Object: origin(m), Message: text(m)})
		}
	}
	return problems, nil
}

func origin(m diag.Message) string {
	if m.Resource == nil {
		return ""
	}
	return m.Resource.Metadata.Schema.Kind() + " " + m.Resource.Metadata.FullName.String()
}

func text(m diag.Message) string {
	return m.Type.Code() + ": " + fmt.Sprintf(m.Type.Template(), m.Parameters...)
}

// around returns the gateways, and all namespaces with their workloads in the mesh, as far as the objects do not bring
// them along.
func around(objects []cluster.Manifest, gateways []cluster.Gateway) []runtime.Object {
	present := map[string]bool{}
	namespaces := map[string]bool{}
	for _, m := range objects {
		present[m.String()] = true
		if ns := m.Object.GetNamespace(); ns != "" {
			namespaces[ns] = true
		}
	}
	var all []runtime.Object
	for i, g := range gateways {
		namespaces[g.Namespace] = true
		for _, o := range g.Objects(fmt.Sprintf("10.244.1.%d", i+1), fmt.Sprintf("10.96.0.%d", i+1)) {
			if _, service := o.(*corev1.Service); !service || !present["Service "+g.String()] {
				all = append(all, o)
			}
		}
	}
	for ns := range namespaces {
		if !present["Namespace "+ns] {
			all = append(all, &corev1.Namespace{
				TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"},
				ObjectMeta: metav1.ObjectMeta{Name: ns, Labels: map[string]string{"istio-injection": "enabled"}},
			})
		}
	}
	return all
}
