// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"slices"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/proto"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/protoyaml"
)

// encodedTogether is how many objects one encoder of the YAML library writes.
// Its cost grows with the square of that number, and starts with its buffers.
const encodedTogether = 4

// Encode writes objects as one YAML stream. Equal objects give equal bytes. An
// error is one of the writer, or an object without a spec.
func Encode(w io.Writer, objects []Object) error {
	for _, o := range objects {
		if o.Spec == nil {
			return fmt.Errorf("%s %s/%s has no spec", o.Kind, o.Namespace, o.Name)
		}
	}
	stop := make(chan struct{})
	defer close(stop)
	separator := ""
	for result := range encodeAhead(objects, stop) {
		s := <-result
		if s.err != nil {
			return s.err
		}
		if _, err := io.WriteString(w, separator); err != nil {
			return err
		}
		if _, err := s.text.WriteTo(w); err != nil {
			return err
		}
		separator = "---\n"
	}
	return nil
}

// encodeAhead encodes chunks of the objects side by side, and gives their
// streams in order. It goes only as far ahead as there are processors.
func encodeAhead(objects []Object, stop <-chan struct{}) <-chan chan stream {
	streams := make(chan chan stream, runtime.GOMAXPROCS(0))
	go func() {
		defer close(streams)
		for chunk := range slices.Chunk(objects, encodedTogether) {
			result := make(chan stream, 1)
			go func() { result <- encode(chunk) }()
			select {
			case streams <- result:
			case <-stop:
				return
			}
		}
	}()
	return streams
}

// A stream is the YAML of some of the objects.
type stream struct {
	text bytes.Buffer
	err  error
}

func encode(objects []Object) (s stream) {
	encoder := newEncoder(&s.text)
	for _, o := range objects {
		tree, err := o.tree()
		if err == nil {
			err = encoder.Encode(tree)
		}
		if err != nil {
			s.err = fmt.Errorf("%s %s/%s: %w", o.Kind, o.Namespace, o.Name, err)
			return s
		}
	}
	s.err = encoder.Close()
	return s
}

// newEncoder returns an encoder that writes YAML as all of this package does.
func newEncoder(w io.Writer) *yaml.Encoder {
	encoder := yaml.NewEncoder(w)
	encoder.SetIndent(2)
	encoder.CompactSeqIndent()
	return encoder
}

func (o Object) tree() (map[string]any, error) {
	tree, err := o.content()
	if err != nil {
		return nil, err
	}
	metadata := map[string]any{"name": o.Name, "namespace": o.Namespace}
	if len(o.Labels) > 0 {
		metadata["labels"] = o.Labels
	}
	if len(o.Annotations) > 0 {
		metadata["annotations"] = o.Annotations
	}
	tree["apiVersion"], tree["kind"], tree["metadata"] = o.APIVersion, o.Kind, metadata
	return tree, nil
}

// content returns what the object holds beside its metadata.
func (o Object) content() (map[string]any, error) {
	switch spec := o.Spec.(type) {
	case proto.Message:
		return map[string]any{"spec": protoyaml.Tree(spec)}, nil
	case *discoveryv1.EndpointSlice, *corev1.ServiceAccount, *rbacv1.Role, *rbacv1.RoleBinding:
		return jsonTree(spec)
	default:
		tree, err := jsonTree(spec)
		return map[string]any{"spec": tree}, err
	}
}

func jsonTree(spec any) (map[string]any, error) {
	content, err := toTree(spec)
	if err != nil {
		return nil, err
	}
	tree, ok := content.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("a spec must be a struct, got %T", spec)
	}
	return tree, nil
}
