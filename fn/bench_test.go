// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package fn

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/egressbundle/egressbundle/fn/internal/fntest"
)

// BenchmarkFunction measures the function with one bundle.
func BenchmarkFunction(b *testing.B) {
	for _, destinations := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("destinations=%d", destinations), func(b *testing.B) {
			list := resourceList(fntest.ManyDestinations(destinations))
			for b.Loop() {
				fntest.Succeed(b, "", list, fntest.Program)
			}
		})
	}
}

// BenchmarkFunctionInPlace measures a call in which nothing changes: every object is
// among the items already, as it is when kpt calls again.
func BenchmarkFunctionInPlace(b *testing.B) {
	for _, destinations := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("destinations=%d", destinations), func(b *testing.B) {
			bundle := strings.Replace(fntest.ManyDestinations(destinations), "metadata: {",
				"metadata: {annotations: {internal.config.kubernetes.io/path: news.yaml}, ", 1)
			first := fntest.Succeed(b, "", resourceList("", kptfile, bundle), fntest.Program)
			for b.Loop() {
				if again := fntest.Succeed(b, "", first, fntest.Program); again != first {
					b.Fatal("the second call changed something")
				}
			}
		})
	}
}

// BenchmarkFleet measures the function with 200 bundles among 2,000 other items.
func BenchmarkFleet(b *testing.B) {
	items := strings.Split(fleet(200)+"---\n"+others(2000), "---\n")
	list := resourceList(meshDocument, items...)
	for b.Loop() {
		fntest.Succeed(b, "", list, fntest.Program)
	}
}

// BenchmarkKustomizeFleet measures kustomize with the same input, with the function
// and without, and build, which has kustomize inside.
func BenchmarkKustomizeFleet(b *testing.B) {
	dir := b.TempDir()
	fntest.WriteText(b, filepath.Join(dir, "mesh.yaml"), transformer(form{function: execFunction}))
	fntest.WriteText(b, filepath.Join(dir, "all.yaml"), fleet(200)+"---\n"+others(2000))
	kustomization := filepath.Join(dir, "kustomization.yaml")
	for name, more := range map[string]string{"function=no": "", "function=yes": "transformers: [mesh.yaml]\n"} {
		b.Run(name, func(b *testing.B) {
			fntest.WriteText(b, kustomization, "resources: [all.yaml]\n"+more)
			for b.Loop() {
				if got := fntest.KustomizeBuild(b, dir, "--enable-exec"); got.Status != 0 {
					b.Fatal(got.Stderr)
				}
			}
		})
	}
	b.Run("build", func(b *testing.B) {
		fntest.WriteText(b, kustomization, "resources: [all.yaml]\ntransformers: [mesh.yaml]\n")
		for b.Loop() {
			fntest.Succeed(b, dir, "", fntest.Program, "build", ".")
		}
	})
}
