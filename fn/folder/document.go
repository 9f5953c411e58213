// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package folder

import (
	"bytes"
	"errors"
	"io"

	"go.yaml.in/yaml/v3"

	"github.com/egressbundle/egressbundle/fn/identity"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// ownIn returns the objects of this program in a YAML file, those of lists included, and
// whether the file is one of them and nothing else. What cannot be read is something else.
func ownIn(text []byte) (own []object.Object, isAlone bool) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	isAlone = !bytes.Contains(text, []byte("\n---")) // There may be comments before it.
	for documents := 1; ; documents++ {
		var document yaml.Node
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return own, isAlone
		}
		if err != nil {
			return own, false
		}
		one, isList := ownOf(&document)
		own = append(own, one...)
		isAlone = isAlone && documents == 1 && !isList
	}
}

// ownOf returns the object of a document if it is of this program, or those of a list.
func ownOf(document *yaml.Node) (own []object.Object, isList bool) {
	head, items := identity.HeadOf(document)
	for _, item := range items {
		if o, _ := identity.HeadOf(&item); o.IsOwn() {
			own = append(own, o)
		}
	}
	if head.IsOwn() {
		own = append(own, head)
	}
	return own, items != nil
}
