// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// BenchmarkCommand measures the whole program, from the file to the YAML, with
// the memory that it takes at most.
func BenchmarkCommand(b *testing.B) {
	for _, destinations := range []int{10, 1000, 10000} {
		b.Run(fmt.Sprintf("destinations=%d", destinations), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "bundle.yaml")
			writeText(b, path, manyDestinations(destinations))
			var peak int64
			for b.Loop() {
				cmd := exec.Command(binary, "render", path)
				if err := cmd.Run(); err != nil {
					b.Fatal(err)
				}
				if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
					peak = max(peak, usage.Maxrss)
				}
			}
			b.ReportMetric(float64(peak)/1024, "peak-MiB")
		})
	}
}

func manyDestinations(n int) string {
	text := strings.Builder{}
	head, _, _ := strings.Cut(smallest, "    cnn")
	text.WriteString(head)
	for i := range n {
		fmt.Fprintf(&text, "    d%d: {hosts: [h%d.example.com]}\n", i, i)
	}
	return text.String()
}

// BenchmarkFunction measures the function with one bundle.
func BenchmarkFunction(b *testing.B) {
	for _, destinations := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("destinations=%d", destinations), func(b *testing.B) {
			list := resourceList(manyDestinations(destinations))
			for b.Loop() {
				succeed(b, "", list, binary)
			}
		})
	}
}

// BenchmarkFunctionInPlace measures a call in which nothing changes: every object is
// among the items already, as it is when kpt calls again.
func BenchmarkFunctionInPlace(b *testing.B) {
	for _, destinations := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("destinations=%d", destinations), func(b *testing.B) {
			bundle := strings.Replace(manyDestinations(destinations), "metadata: {", "metadata: {annotations: {internal.config.kubernetes.io/path: news.yaml}, ", 1)
			first := succeed(b, "", resourceList("", kptfile, bundle), binary)
			for b.Loop() {
				if again := succeed(b, "", first, binary); again != first {
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
		succeed(b, "", list, binary)
	}
}

// BenchmarkKustomizeFleet measures kustomize with the same input, with the function
// and without.
func BenchmarkKustomizeFleet(b *testing.B) {
	dir := b.TempDir()
	writeText(b, filepath.Join(dir, "mesh.yaml"), transformer(form{function: execFunction}))
	writeText(b, filepath.Join(dir, "all.yaml"), fleet(200)+"---\n"+others(2000))
	for name, more := range map[string]string{"function=no": "", "function=yes": "transformers: [mesh.yaml]\n"} {
		b.Run(name, func(b *testing.B) {
			writeText(b, filepath.Join(dir, "kustomization.yaml"), "resources: [all.yaml]\n"+more)
			for b.Loop() {
				if got := kustomizeBuild(b, dir, "--enable-exec"); got.Status != 0 {
					b.Fatal(got.Stderr)
				}
			}
		})
	}
}
