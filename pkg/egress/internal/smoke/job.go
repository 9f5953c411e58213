// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package smoke

import (
	"cmp"
	_ "embed" // the script
	"slices"
	"strconv"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/egressbundle/egressbundle/pkg/egress/explain"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/name"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// Options are what users choose.
type Options struct {
	// Image has sh and curl.
	Image string
	// Timeout is how long each call may take.
	Timeout time.Duration
}

//go:embed smoke.sh
var script string

const (
	// appName is the label app.kubernetes.io/name of everything that is made here. It has none
	// of the labels and annotations of what bundles become, so that nobody takes it for that.
	appName      = "egressbundle-smoke"
	labelAppName = "app.kubernetes.io/name"

	folder     = "/smoke" // where the ConfigMap is
	scriptFile = "smoke.sh"
	callsFile  = "calls"

	// mostCalls of one Job keep its ConfigMap below the limit of Kubernetes, 1 MiB.
	mostCalls = 500

	// user is none that proxies have: what that sends, their interception leaves alone. Images
	// that name their user in letters, as that of curl does, need a number here.
	user = 65532

	// overhead is for everything but calls: to schedule the Pod, pull images and start the
	// sidecar.
	overhead = 10 * time.Minute
	// keep is how long a Job that has ended stays, so that its log can be read.
	keep = 24 * time.Hour
)

// An identity is a workload that calls come from.
type identity struct{ namespace, account string }

func identityOf(call explain.Call) identity {
	return identity{call.Namespace, cmp.Or(call.ServiceAccount, "default")}
}

// objects returns Jobs, each with a ConfigMap of the same name in front of it.
func (of identity) objects(lines []string, options Options) []object.Object {
	var objects []object.Object
	for chunk := range slices.Chunk(lines, mostCalls) {
		parts := []string{appName, of.account}
		if n := len(objects)/2 + 1; len(lines) > mostCalls {
			parts = append(parts, strconv.Itoa(n))
		}
		called := name.Label(parts...)
		objects = append(objects,
			of.object("v1", kind.ConfigMap, called, &corev1.ConfigMap{Data: map[string]string{
				scriptFile: script, callsFile: strings.Join(chunk, "\n") + "\n",
			}}),
			of.object("batch/v1", kind.Job, called, of.job(called, len(chunk), options)),
		)
	}
	return objects
}

func (of identity) object(apiVersion, kindName, called string, spec any) object.Object {
	return object.Object{
		APIVersion: apiVersion, Kind: kindName, Namespace: of.namespace, Name: called, Labels: labels(), Spec: spec,
	}
}

func labels() map[string]string { return map[string]string{labelAppName: appName} }

func (of identity) job(called string, calls int, options Options) *batchv1.JobSpec {
	deadline := overhead + time.Duration(calls)*options.Timeout
	return &batchv1.JobSpec{
		ActiveDeadlineSeconds:   new(int64(deadline.Seconds())),
		BackoffLimit:            new(int32(0)),
		TTLSecondsAfterFinished: new(int32(keep.Seconds())),
		Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: labels()},
			Spec: corev1.PodSpec{
				AutomountServiceAccountToken: new(false),
				Containers:                   []corev1.Container{container(options)},
				RestartPolicy:                corev1.RestartPolicyNever,
				SecurityContext:              podSecurity(),
				ServiceAccountName:           of.account,
				Volumes: []corev1.Volume{{Name: "smoke", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
					LocalObjectReference: corev1.LocalObjectReference{Name: called},
				}}}},
			},
		},
	}
}

func container(options Options) corev1.Container {
	seconds := strconv.FormatFloat(options.Timeout.Seconds(), 'f', -1, 64)
	return corev1.Container{
		Name:    "smoke",
		Image:   options.Image,
		Command: []string{"sh", folder + "/" + scriptFile, folder + "/" + callsFile, seconds},
		Resources: corev1.ResourceRequirements{
			Limits:   quantities("100m", "64Mi"),
			Requests: quantities("10m", "32Mi"),
		},
		SecurityContext: containerSecurity(),
		VolumeMounts:    []corev1.VolumeMount{{Name: "smoke", MountPath: folder, ReadOnly: true}},
	}
}

func quantities(cpu, memory string) corev1.ResourceList {
	return corev1.ResourceList{
		corev1.ResourceCPU:    resource.MustParse(cpu),
		corev1.ResourceMemory: resource.MustParse(memory),
	}
}

// podSecurity and containerSecurity keep to the restricted Pod Security Standard.
// https://kubernetes.io/docs/concepts/security/pod-security-standards/
func podSecurity() *corev1.PodSecurityContext {
	return &corev1.PodSecurityContext{
		RunAsNonRoot:   new(true),
		RunAsUser:      new(int64(user)),
		SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
	}
}

func containerSecurity() *corev1.SecurityContext {
	return &corev1.SecurityContext{
		AllowPrivilegeEscalation: new(false),
		Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		ReadOnlyRootFilesystem:   new(true),
	}
}
