// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package command

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/egressbundle/egressbundle/fn/internal/fntest"
)

// BenchmarkStart measures the whole program where it has nothing to do.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		if err := exec.Command(fntest.Program, "version").Run(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCommand measures the whole program, from the file to the YAML, with
// the memory that it takes at most.
func BenchmarkCommand(b *testing.B) {
	for _, destinations := range []int{10, 1000, 10000} {
		b.Run(fmt.Sprintf("destinations=%d", destinations), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "bundle.yaml")
			fntest.WriteText(b, path, fntest.ManyDestinations(destinations))
			var peak int64
			for b.Loop() {
				cmd := exec.Command(fntest.Program, "render", path)
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
