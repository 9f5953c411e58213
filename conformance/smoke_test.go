// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/egressbundle/egressbundle/conformance/admission"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// TestSmokeJobs: what tries the bundles of each golden is admitted, and its Pods pass the restricted
// Pod Security Standard.
func TestSmokeJobs(t *testing.T) {
	for name, g := range goldensByName(t) {
		t.Run(name, func(t *testing.T) {
			output, err := g.Found.Render()
			if err != nil {
				t.Fatal(err)
			}
			objects, err := output.SmokeJobs("docker.io/curlimages/curl:8.20.0", time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			var stream bytes.Buffer
			if err := object.Encode(&stream, slices.Values(objects)); err != nil {
				t.Fatal(err)
			}
			problems, err := admission.Check(stream.String(), admission.Options{Gateways: g.Gateways})
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range problems {
				t.Error(p)
			}
			broken := strings.ReplaceAll(stream.String(), "restartPolicy: Never", "restartPolicy: Always")
			if problems, err := admission.Check(broken, admission.Options{Gateways: g.Gateways}); err != nil || len(problems) == 0 {
				t.Errorf("nobody minds Pods that start for ever (%v)", err)
			}
			checkSmokePods(t, objects)
		})
	}
}

func checkSmokePods(t *testing.T, objects []object.Object) {
	t.Helper()
	jobs := 0
	for _, o := range objects {
		if job, ok := o.Spec.(*batchv1.JobSpec); ok {
			jobs++
			checkRestricted(t, job.Template)
		}
		if o.IsOwn() {
			t.Errorf("%s counts as an object of a bundle", o.Ref())
		}
	}
	if jobs == 0 {
		t.Error("there is no Job")
	}
}

// checkRestricted: a Pod passes the restricted standard, and without any one of its fields for that it does not.
func checkRestricted(t *testing.T, template corev1.PodTemplateSpec) {
	t.Helper()
	if got := violations(template); got != "" {
		t.Error(got)
	}
	for name, breaks := range map[string]func(*corev1.PodSpec){
		"a seccomp profile": func(s *corev1.PodSpec) { s.SecurityContext.SeccompProfile = nil },
		"fewer privileges":  func(s *corev1.PodSpec) { s.Containers[0].SecurityContext.AllowPrivilegeEscalation = nil },
		"no capabilities":   func(s *corev1.PodSpec) { s.Containers[0].SecurityContext.Capabilities = nil },
		"no root":           func(s *corev1.PodSpec) { s.SecurityContext.RunAsNonRoot = nil },
	} {
		broken := *template.DeepCopy()
		breaks(&broken.Spec)
		if violations(broken) == "" {
			t.Errorf("%s: the standard does not ask for it", name)
		}
	}
}
