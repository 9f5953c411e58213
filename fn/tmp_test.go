package fn

import (
	"bytes"
	"io"
	"os"
	"testing"
)

func BenchmarkTmp(b *testing.B) {
	src, _ := os.ReadFile("/tmp/speedwork/in/fn-foreign.yaml")
	for b.Loop() {
		if err := Run(bytes.NewReader(src), io.Discard, io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
