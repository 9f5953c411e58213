// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	podsecurityapi "k8s.io/pod-security-admission/api"
	podsecurity "k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"

	"github.com/egressbundle/egressbundle/conformance/cluster"
	"github.com/egressbundle/egressbundle/conformance/golden"
	"github.com/egressbundle/egressbundle/conformance/install"
	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
)

// deployed are the objects that a gateway runs as.
type deployed struct {
	Deployment appsv1.Deployment
	Service    corev1.Service
	Autoscaler autoscalingv2.HorizontalPodAutoscaler
	Budget     policyv1.PodDisruptionBudget
}

func readDeployed(t *testing.T, manifests []cluster.Manifest) deployed {
	t.Helper()
	var d deployed
	into := map[string]any{
		"Deployment":              &d.Deployment,
		"Service":                 &d.Service,
		"HorizontalPodAutoscaler": &d.Autoscaler,
		"PodDisruptionBudget":     &d.Budget,
	}
	for _, m := range manifests {
		kind := m.Object.GetKind()
		if into[kind] == nil {
			continue
		}
		unmarshal(t, m, into[kind])
		delete(into, kind)
	}
	for kind := range into {
		t.Errorf("there is no %s", kind)
	}
	return d
}

// TestDeployedGateway: what is rendered for a gateway passes the restricted Pod Security Standard, before Istio injects
// the proxy into it and after. With one field of it gone, it does not.
func TestDeployedGateway(t *testing.T) {
	g := goldensByName(t)["tls_origination/deploy"]
	d := readDeployed(t, manifestsOf(t, g.Rendered))
	template := d.Deployment.Spec.Template
	if got := violations(template); got != "" {
		t.Errorf("as rendered: %s", got)
	}
	injected := injectedTemplate(t, d.Deployment)
	if got := violations(injected); got != "" {
		t.Errorf("as injected: %s", got)
	}
	if image := injected.Spec.Containers[0].Image; image == "auto" || len(injected.Spec.Containers) != 1 {
		t.Errorf("nothing was injected: %d containers, image %s", len(injected.Spec.Containers), image)
	}
	checkSecretReaders(t, g.Rendered, d.Deployment)
	for name, breaks := range map[string]func(*corev1.PodSpec){
		"a seccomp profile": func(s *corev1.PodSpec) { s.SecurityContext.SeccompProfile = nil },
		"fewer privileges":  func(s *corev1.PodSpec) { s.Containers[0].SecurityContext.AllowPrivilegeEscalation = nil },
		"no capabilities":   func(s *corev1.PodSpec) { s.Containers[0].SecurityContext.Capabilities = nil },
		"no root": func(s *corev1.PodSpec) {
			s.SecurityContext.RunAsNonRoot, s.Containers[0].SecurityContext.RunAsNonRoot = nil, nil
		},
		"safe sysctls only": func(s *corev1.PodSpec) { s.SecurityContext.Sysctls[0].Name = "net.core.somaxconn" },
	} {
		broken := *template.DeepCopy()
		breaks(&broken.Spec)
		if violations(broken) == "" {
			t.Errorf("%s: the standard does not ask for it", name)
		}
	}
}

// checkSecretReaders: the account that the Pods run as may list Secrets, which is what the control plane asks before it
// sends one, and may do nothing else.
func checkSecretReaders(t *testing.T, rendered string, d appsv1.Deployment) {
	t.Helper()
	roles := map[string][]rbacv1.PolicyRule{}
	var granted []rbacv1.PolicyRule
	for _, m := range manifestsOf(t, rendered) {
		if m.Object.GetKind() == "Role" {
			var role rbacv1.Role
			unmarshal(t, m, &role)
			roles[role.Namespace+"/"+role.Name] = role.Rules
		}
	}
	account := rbacv1.Subject{Kind: "ServiceAccount", Name: d.Spec.Template.Spec.ServiceAccountName, Namespace: d.Namespace}
	for _, m := range manifestsOf(t, rendered) {
		if m.Object.GetKind() == "RoleBinding" {
			var binding rbacv1.RoleBinding
			unmarshal(t, m, &binding)
			if slices.Contains(binding.Subjects, account) {
				granted = append(granted, roles[binding.Namespace+"/"+binding.RoleRef.Name]...)
			}
		}
	}
	want := []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"list"}}}
	if diff := cmp.Diff(want, granted); diff != "" {
		t.Errorf("what %s/%s may do (-want +got):\n%s", account.Namespace, account.Name, diff)
	}
}

func unmarshal(t *testing.T, m cluster.Manifest, into any) {
	t.Helper()
	if err := yaml.UnmarshalStrict([]byte(m.YAML), into); err != nil {
		t.Fatalf("%s: %v", m, err)
	}
}

// violations says how a Pod violates the restricted standard.
func violations(template corev1.PodTemplateSpec) string {
	evaluator, err := podsecurity.NewEvaluator(podsecurity.DefaultChecks(), nil)
	if err != nil {
		return err.Error()
	}
	results := evaluator.EvaluatePod(podsecurityapi.LevelVersion{Level: podsecurityapi.LevelRestricted, Version: podsecurityapi.LatestVersion()}, &template.ObjectMeta, &template.Spec)
	if result := podsecurity.AggregateCheckResults(results); !result.Allowed {
		return result.ForbiddenDetail()
	}
	return ""
}

func injectedTemplate(t *testing.T, d appsv1.Deployment) corev1.PodTemplateSpec {
	t.Helper()
	injected, err := install.Inject(toYAML(t, d))
	if err != nil {
		t.Fatal(err)
	}
	all := manifestsOf(t, injected)
	var after appsv1.Deployment
	if err := yaml.Unmarshal([]byte(all[0].YAML), &after); err != nil {
		t.Fatal(err)
	}
	for i, v := range after.Spec.Template.Spec.Volumes {
		if v.VolumeSource == (corev1.VolumeSource{}) { // The API server makes it an empty folder.
			after.Spec.Template.Spec.Volumes[i].EmptyDir = &corev1.EmptyDirVolumeSource{}
		}
	}
	return after.Spec.Template
}

func manifestsOf(t *testing.T, stream string) []cluster.Manifest {
	t.Helper()
	all, err := cluster.Read(stream)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestHelmValues: the official chart makes of the values what egressbundle makes by itself, but for what a chart adds to
// everything: labels of its own, also to select by, annotations for metrics, and a grace period.
func TestHelmValues(t *testing.T) {
	g := goldensByName(t)["tls_origination/deploy"]
	ours := readDeployed(t, manifestsOf(t, g.Rendered))

	mesh := golden.MeshOf(g.Found)
	gateways := map[string]api.Gateway{}
	for name, gateway := range mesh.Gateways {
		deploy := *gateway.Deploy
		deploy.Installer = api.InstallerHelm
		gateway.Deploy = &deploy
		gateways[name] = gateway
	}
	mesh.Gateways = gateways
	output, err := egress.Render(&mesh, g.Found.Bundles()...)
	if err != nil {
		t.Fatal(err)
	}
	for o := range output.Objects() {
		if o.Kind == "Deployment" || o.Kind == "Service" {
			t.Errorf("%s %s is rendered beside Helm", o.Kind, o.Name)
		}
	}
	var values bytes.Buffer
	if err := output.EncodeHelmValues(&values); err != nil {
		t.Fatal(err)
	}
	if want := "# Chart gateway, release partners-gateway in namespace egress.\n"; !strings.HasPrefix(values.String(), want) {
		t.Errorf("values:\n%s", values.String())
	}
	vals := map[string]any{}
	if err := yaml.Unmarshal(values.Bytes(), &vals); err != nil {
		t.Fatal(err)
	}
	chart, err := install.Chart("gateway", output.Releases[0].Name, output.Releases[0].Namespace, vals)
	if err != nil {
		t.Fatal(err)
	}
	theirs := readDeployed(t, chart)

	for key, value := range ours.Deployment.Spec.Template.Labels {
		if got := theirs.Deployment.Spec.Template.Labels[key]; got != value {
			t.Errorf("label %s of the Pods is %q, want %q", key, got, value)
		}
	}
	pod := cmp.Options{
		cmpopts.EquateEmpty(),
		cmpopts.IgnoreFields(corev1.PodSpec{}, "TerminationGracePeriodSeconds"),
		cmpopts.IgnoreFields(corev1.Container{}, "Ports", "Env"),
	}
	for name, pair := range map[string]struct {
		ours, theirs any
		options      cmp.Options
	}{
		"Pod":               {ours.Deployment.Spec.Template.Spec, theirs.Deployment.Spec.Template.Spec, pod},
		"ports":             {ours.Service.Spec.Ports, theirs.Service.Spec.Ports, nil},
		"type of Service":   {ours.Service.Spec.Type, theirs.Service.Spec.Type, nil},
		"autoscaling":       {ours.Autoscaler.Spec, theirs.Autoscaler.Spec, nil},
		"disruption budget": {ours.Budget.Spec, theirs.Budget.Spec, cmp.Options{cmpopts.IgnoreFields(policyv1.PodDisruptionBudgetSpec{}, "Selector")}},
		"names": {
			[]string{ours.Deployment.Name, ours.Service.Name, ours.Deployment.Namespace},
			[]string{theirs.Deployment.Name, theirs.Service.Name, theirs.Deployment.Namespace},
			nil,
		},
	} {
		if diff := cmp.Diff(pair.ours, pair.theirs, pair.options); diff != "" {
			t.Errorf("%s (-egressbundle +chart):\n%s", name, diff)
		}
	}
}
