// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/proto"
	kjson "k8s.io/apimachinery/pkg/runtime/serializer/json"

	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/kube"

	"github.com/egressbundle/egressbundle/conformance/cluster"
)

var strict = kjson.NewSerializerWithOptions(kjson.DefaultMetaFactory, kube.IstioScheme, kube.IstioScheme,
	kjson.SerializerOptions{Yaml: true, Strict: true})

// decode decodes the object into its Go type, and the spec of Istio's kinds into its API message, unknown fields being
// errors. The message must survive being written and read again.
func decode(m cluster.Manifest) []string {
	var problems []string
	if _, _, err := strict.Decode([]byte(m.YAML), nil, nil); err != nil {
		problems = append(problems, err.Error())
	}
	if m.Schema == nil {
		return problems
	}
	if err := roundTrip(m); err != nil {
		problems = append(problems, err.Error())
	}
	return problems
}

func roundTrip(m cluster.Manifest) error {
	first, err := message(m)
	if err != nil {
		return err
	}
	written, err := config.ToJSON(first)
	if err != nil {
		return err
	}
	second, err := parse(m, written)
	if err != nil {
		return err
	}
	if !proto.Equal(first, second) {
		return fmt.Errorf("the spec changes when it is written and read again: %s", written)
	}
	return nil
}

// message returns the spec as Istio's API message.
func message(m cluster.Manifest) (proto.Message, error) {
	spec, err := json.Marshal(m.Object.Object["spec"])
	if err != nil {
		return nil, err
	}
	return parse(m, spec)
}

func parse(m cluster.Manifest, spec []byte) (proto.Message, error) {
	s, err := m.Schema.NewInstance()
	if err != nil {
		return nil, err
	}
	if err := config.ApplyJSONStrict(s, string(spec)); err != nil {
		return nil, err
	}
	p, ok := s.(proto.Message)
	if !ok {
		return nil, fmt.Errorf("%T is no protobuf message", s)
	}
	return p, nil
}
