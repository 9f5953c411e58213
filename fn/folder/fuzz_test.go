// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package folder

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/pkg/egress"
)

// FuzzUpdate writes objects to a folder with a file of any bytes in it. Unless that is a file
// with one object of this program and nothing else, it stays as it is, and if it is in the way,
// nothing is written.
func FuzzUpdate(f *testing.F) {
	const bundle = `apiVersion: egressbundle.io/v1alpha1
kind: EgressBundle
metadata: {name: news, namespace: payments}
spec: {destinations: {cnn: {via: Sidecar, hosts: [edition.cnn.com]}}}
`
	found, err := egress.Parse("news.yaml", []byte(bundle))
	if err != nil {
		f.Fatal(err)
	}
	output, err := found.Render()
	if err != nil {
		f.Fatal(err)
	}
	const taken = "payments/serviceentry_payments--news--cnn.yaml"
	f.Add(true, []byte("# mine\n"))
	f.Add(false, []byte(bundle))
	f.Add(true, []byte("kind: ServiceEntry\nmetadata: {name: payments--news--cnn, namespace: payments}\n...\n---\nkind: List\nitems: []\n"))
	f.Fuzz(func(t *testing.T, isInTheWay bool, text []byte) {
		dir := t.TempDir()
		path := filepath.Join(dir, "mine.yaml")
		if isInTheWay {
			path = filepath.Join(dir, taken)
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Update(dir, output.Objects(), func() error { return nil })
		own, isAlone := ownIn(text)
		if err == nil && len(own) > 0 && isAlone {
			return
		}
		if err == nil && isInTheWay {
			t.Fatal("a file of others was in the way, and something was written")
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(text), string(got)); diff != "" {
			t.Fatalf("(-before +after):\n%s", diff)
		}
	})
}
