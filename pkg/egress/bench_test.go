// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// BenchmarkParse measures reading and checking.
func BenchmarkParse(b *testing.B) {
	perSize(b, func(b *testing.B, src []byte) {
		for b.Loop() {
			if _, err := egress.Parse("team.yaml", src); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkRender measures planning and building, for a bundle that was read.
func BenchmarkRender(b *testing.B) {
	perSize(b, func(b *testing.B, src []byte) {
		found := parse(b, string(src))
		for b.Loop() {
			output, err := found.Render()
			if err != nil {
				b.Fatal(err)
			}
			for range output.Objects() {
			}
		}
	})
}

// BenchmarkReport measures reporting on what was rendered.
func BenchmarkReport(b *testing.B) {
	perSize(b, func(b *testing.B, src []byte) {
		output, err := parse(b, string(src)).Render()
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			if err := output.Report().Encode(io.Discard); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkEncode measures writing.
func BenchmarkEncode(b *testing.B) {
	perSize(b, func(b *testing.B, src []byte) {
		objects := render(b, nil, parse(b, string(src)).Bundles()...)
		for b.Loop() {
			if err := object.Encode(io.Discard, slices.Values(objects)); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// perSize runs a benchmark for bundles of several sizes.
func perSize(b *testing.B, run func(b *testing.B, src []byte)) {
	b.Helper()
	for _, destinations := range []int{10, 1000, 10000} {
		b.Run(fmt.Sprintf("destinations=%d", destinations), func(b *testing.B) {
			b.ReportAllocs()
			run(b, bundleOf(destinations))
			each := float64(b.Elapsed().Nanoseconds()) / float64(b.N) / float64(destinations)
			b.ReportMetric(each, "ns/destination")
		})
	}
}

// bundleOf returns a bundle whose destinations have one host each and every
// default: TLS is passed through, by way of the gateway.
func bundleOf(destinations int) []byte {
	var src bytes.Buffer
	src.WriteString("apiVersion: egressbundle.io/v1alpha1\nkind: EgressBundle\nmetadata: {name: many, namespace: payments}\nspec:\n  destinations:\n")
	for i := range destinations {
		fmt.Fprintf(&src, "    d%d: {hosts: [h%d.example.com]}\n", i, i)
	}
	return src.Bytes()
}
