// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package fn

import (
	"bytes"
	"encoding/json"
	"iter"
	"maps"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egressbundle/egressbundle/fn/identity"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// A madeObject is one that bundles make. It becomes a node if something is done to it
// that only nodes can bear: most objects never do, which saves their way to text and
// back.
type madeObject struct {
	object.Object

	node *yaml.RNode // nil: it is what the Object says
}

func madeObjects(objects iter.Seq[object.Object]) []*madeObject {
	var all []*madeObject
	for o := range objects {
		all = append(all, &madeObject{Object: o})
	}
	return all
}

func (m *madeObject) key() identity.Key {
	return identity.Key{APIVersion: m.APIVersion, Kind: m.Kind, Namespace: m.Namespace, Name: m.Name}
}

// MarshalYAML returns what the object has become.
func (m *madeObject) MarshalYAML() (any, error) {
	if m.node != nil {
		return m.node.YNode(), nil
	}
	return m.Object.MarshalYAML()
}

// toNode returns the object as a node, which is what it is from now on.
func (m *madeObject) toNode() (*yaml.RNode, error) {
	if m.node == nil {
		node := &yaml.Node{}
		if err := node.Encode(m.Object); err != nil {
			return nil, err
		}
		m.node = yaml.NewRNode(node)
	}
	return m.node, nil
}

func (m *madeObject) annotate(annotations map[string]string) error {
	if m.node != nil {
		return annotate(m.node, annotations)
	}
	all := map[string]string{}
	maps.Copy(all, m.Annotations)
	maps.Copy(all, annotations)
	m.Annotations = all
	return nil
}

// replace returns the object with what the host noted of the item that it replaces, or
// the item itself, with its comments and its order of fields, if the two say the same.
func (m *madeObject) replace(item *yaml.RNode) (*yaml.RNode, error) {
	if err := m.annotate(notesOf(item)); err != nil {
		return nil, err
	}
	if same, err := saySame(item, m); same || err != nil {
		return item, err
	}
	return m.toNode()
}

// isShared reports whether the object is the same for all bundles.
func (m *madeObject) isShared() bool { return m.Annotations[object.AnnotationBundle] == "" }

// Map returns the object as maps, slices and scalars.
func (m *madeObject) Map() (map[string]any, error) {
	if m.node != nil {
		return m.node.Map()
	}
	return m.Object.Map()
}

// saySame reports whether two objects say the same to Kubernetes, but for some fields. What
// JSON cannot say, such as a key that is a number, no object says.
func saySame(a, b interface {
	Map() (map[string]any, error)
}, except ...string) (bool, error) {
	treeA, err := a.Map()
	if err != nil {
		return false, err
	}
	treeB, err := b.Map()
	if err != nil {
		return false, err
	}
	for _, field := range except {
		delete(treeA, field)
		delete(treeB, field)
	}
	textA, errA := json.Marshal(treeA)
	textB, errB := json.Marshal(treeB)
	return errA == nil && errB == nil && bytes.Equal(textA, textB), nil
}
