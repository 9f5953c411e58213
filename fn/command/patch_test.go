// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/fn/internal/fntest"
)

// TestHelmGateway: a gateway that is left to Helm is not forgotten.
func TestHelmGateway(t *testing.T) {
	bundle := fntest.Smallest + "  mesh: {outboundTrafficPolicy: REGISTRY_ONLY, " +
		"gateways: {partners: {namespace: egress, deploy: {installer: Helm}}}}\n"
	var stdout, stderr bytes.Buffer
	if status := Run([]string{"render", "-"}, strings.NewReader(bundle), &stdout, &stderr); status != 0 {
		t.Errorf("status %d", status)
	}
	const want = "warning: the gateway partners in namespace egress is left to Helm; " +
		"egressbundle patch --helm prints its values [NeedsPatch]\n"
	if diff := cmp.Diff(want, stderr.String()); diff != "" {
		t.Errorf("standard error (-want +got):\n%s", diff)
	}
	if strings.Contains(stdout.String(), "kind: Deployment") {
		t.Error("a Deployment is rendered all the same")
	}
	values := fntest.Succeed(t, "", bundle, fntest.Program, "patch", "--helm", "-")
	if !strings.HasPrefix(values, "# Chart gateway, release partners in namespace egress.\naffinity:\n") {
		t.Errorf("values:\n%s", values)
	}
}

// TestPatch builds workloads with the real kustomize and the Component that the
// command prints.
func TestPatch(t *testing.T) {
	dir := t.TempDir()
	fntest.WriteText(t, filepath.Join(dir, "bundle.yaml"), fntest.BypassBundle)
	component := fntest.Succeed(t, dir, "", fntest.Program, "patch", "bundle.yaml")
	fntest.WriteText(t, filepath.Join(dir, "patches/kustomization.yaml"), component)
	fntest.WriteText(t, filepath.Join(dir, "workloads.yaml"), fntest.Workloads)
	fntest.WriteText(t, filepath.Join(dir, "kustomization.yaml"), "resources: [workloads.yaml]\ncomponents: [patches]\n")
	built := fntest.KustomizeBuild(t, dir)
	if built.Status != 0 || built.Stderr != "" {
		t.Fatalf("status %d, standard error:\n%s", built.Status, built.Stderr)
	}
	fntest.CompareGolden(t, "../testdata/patch/kustomize.yaml", built.Stdout)
	fntest.CompareGolden(t, "../testdata/patch/values.yaml", fntest.Succeed(t, dir, "", fntest.Program, "patch", "--helm", "bundle.yaml"))
}

// TestPatchesOfExamples: the Components of the examples are what patch prints,
// and the folders that use them build.
func TestPatchesOfExamples(t *testing.T) {
	for _, path := range fntest.Glob(t, "../../examples/*/patches/kustomization.yaml") {
		example := filepath.Dir(filepath.Dir(path))
		fntest.CompareGolden(t, path, fntest.Succeed(t, "", "", fntest.Program, "patch", filepath.Join(example, "bundle.yaml")))
		for _, kustomization := range fntest.Glob(t, filepath.Join(example, "*/kustomization.yaml")) {
			if !strings.Contains(fntest.ReadText(t, kustomization), "../patches") {
				continue
			}
			if built := fntest.KustomizeBuild(t, filepath.Dir(kustomization)); built.Status != 0 || built.Stdout == "" {
				t.Errorf("%s: %+v", kustomization, built)
			}
		}
	}
}
