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
