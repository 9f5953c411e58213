// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package parts

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"

	"github.com/egressbundle/egressbundle/conformance/cluster"
	"github.com/egressbundle/egressbundle/conformance/install"
	"github.com/egressbundle/egressbundle/wire/world"
)

const (
	rootNamespace = "istio-system"
	// DiscoveryHost is the name under which proxies look for istiod.
	DiscoveryHost = "istiod.istio-system.svc"

	webhookURL = "https://" + DiscoveryHost + ":15017/validate"
)

// What upstream's Envoy cannot do without Istio's filters is switched off. It is all
// that sets this mesh apart from one in production.
var withoutIstiosFilters = []string{
	"PILOT_ENABLE_ALPN_FILTER=false",
	"PILOT_ENABLE_METADATA_EXCHANGE=false",
}

// StartIstiod installs Istio with a mesh configuration, as its charts do it, and
// starts its control plane on a host, which DNS has to know as DiscoveryHost. The webhook
// that checks configuration is in force.
func StartIstiod(
	ctx context.Context, programs Programs, api *APIServer, host *world.Host, folder string, meshConfig map[string]any,
) error {
	manifests, err := charts(meshConfig)
	if err != nil {
		return err
	}
	namespace := "apiVersion: v1\nkind: Namespace\nmetadata: {name: " + rootNamespace + "}\n"
	if err := api.Apply(ctx, namespace+"---\n"+manifests); err != nil {
		return err
	}
	cmd := exec.Command(programs.Istiod, "discovery", "--httpsAddr=:15017", "--httpAddr=:8080")
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), append([]string{
		"KUBECONFIG=" + api.Kubeconfig,
		"POD_NAMESPACE=" + rootNamespace,
		"POD_NAME=istiod-0",
		"CLUSTER_ID=Kubernetes",
		"REVISION=default",
		"PILOT_CERT_PROVIDER=istiod",
	}, withoutIstiosFilters...)...)
	process, err := Start("istiod", cmd, host.Start)
	if err != nil {
		return err
	}
	return process.Await(ctx, func(ctx context.Context) error {
		return errors.Join(Ready(ctx, "http://"+host.Address.String()+":8080/ready"), validates(ctx, api))
	})
}

// charts renders Istio's charts, without the workload of the control plane.
func charts(meshConfig map[string]any) (string, error) {
	base, err := install.Chart("base", "istio-base", rootNamespace, map[string]any{
		"base":            map[string]any{"validationURL": webhookURL},
		"defaultRevision": "default",
	})
	if err != nil {
		return "", err
	}
	istiod, err := install.Chart("istio-control/istio-discovery", "istiod", rootNamespace, map[string]any{
		"base":       map[string]any{"validationURL": webhookURL},
		"meshConfig": meshConfig,
	})
	if err != nil {
		return "", err
	}
	var text strings.Builder
	for _, m := range append(base, istiod...) {
		if runs(m) {
			fmt.Fprintf(&text, "---\n%s\n", m.YAML)
		}
	}
	return text.String(), nil
}

// runs reports whether an object does something here. Nothing schedules workloads, and
// nothing injects proxies.
func runs(m cluster.Manifest) bool {
	switch m.Object.GetKind() {
	case "Deployment", "HorizontalPodAutoscaler", "PodDisruptionBudget", "MutatingWebhookConfiguration":
		return false
	default:
		return true
	}
}

// Ready reports whether a URL answers that all is well.
func Ready(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, response.Status)
	}
	return nil
}

// validates reports whether the webhook refuses what Istio does not understand.
func validates(ctx context.Context, api *APIServer) error {
	out, err := api.Kubectl(ctx, "", "get", "validatingwebhookconfigurations", "-o", "jsonpath={.items[*].webhooks[*].failurePolicy}")
	if err != nil {
		return err
	}
	if out == "" || strings.Contains(out, "Ignore") {
		return fmt.Errorf("the webhooks of istiod are not in force yet: %q", out)
	}
	return nil
}
