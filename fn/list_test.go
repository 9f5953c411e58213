// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package fn

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/kustomize/kyaml/kio"

	"github.com/egressbundle/egressbundle/fn/internal/fntest"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// commented is a list with comments wherever YAML can have them, an anchor that
// another item uses, and more items than one encoder writes.
var commented = `# above the list
apiVersion: config.kubernetes.io/v1 # of the list
kind: ResourceList
# above the items
items:
# above the first item
- apiVersion: v1 # beside a field
  kind: ConfigMap
  # above a field
  metadata: {name: a, annotations: {b: &b 'x: y'}} # flow
  data:
    script: |-
      #!/bin/sh
      echo "- items: []"
    # below the fields

# between items
- apiVersion: v1
  kind: ConfigMap
  metadata:
    name: b
  data:
    items: []
    same: *b
    folded: >
      one

      two
    # below the second
` + strings.Repeat(`- {apiVersion: v1, kind: Secret, metadata: {name: c}, list: [1, "1", on, 0o7, 1e3, ~]} # flow
`, 9) + `# below the items
functionConfig:
  # above a field
  apiVersion: v1
  kind: ConfigMap
  metadata: {name: d}
  data:
    list:
    - wide # beside
`

// TestListIsWrittenAsByKyaml: items come out as the library of kustomize and kpt
// writes them.
func TestListIsWrittenAsByKyaml(t *testing.T) {
	texts := map[string]string{"commented": commented, "nothing": resourceList("")}
	for _, in := range fntest.Glob(t, "testdata/function/*/in.yaml") {
		texts[in] = fntest.ReadText(t, in)
	}
	for name, text := range texts {
		request, err := parseList([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got, want bytes.Buffer
		if err := request.write(&got, &answer{items: request.items}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		reference := kio.ByteWriter{
			Writer:                &want,
			KeepReaderAnnotations: true,
			FunctionConfig:        request.functionConfig,
			WrappingAPIVersion:    request.apiVersion,
			WrappingKind:          request.kind,
		}
		if err := reference.Write(request.items); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.String(), got.String()); diff != "" {
			t.Errorf("%s (-kyaml +got):\n%s", name, diff)
		}
	}
}

// TestNothingIsWrittenByHalf: an object that cannot be written leaves no list.
func TestNothingIsWrittenByHalf(t *testing.T) {
	var got bytes.Buffer
	a := &answer{added: madeObjects(slices.Values([]object.Object{{Kind: "Service", Namespace: "payments", Name: "news", Spec: make(chan int)}}))}
	err := (&list{apiVersion: "config.kubernetes.io/v1", kind: "ResourceList"}).write(&got, a)
	if err == nil || !strings.HasPrefix(err.Error(), "Service payments/news: ") || got.Len() > 0 {
		t.Errorf("error %v, written:\n%s", err, &got)
	}
}
