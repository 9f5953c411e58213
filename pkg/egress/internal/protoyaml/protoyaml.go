// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package protoyaml turns messages of istio.io/api into trees as Kubernetes
// writes them. It is the one place that does.
//
// The JSON of Protocol Buffers is almost what is wanted. It leaves out zero
// values, though, and in this API they are what a reviewer looks for: DISABLE,
// PASSTHROUGH and MESH_EXTERNAL are all zero. It writes 64-bit integers as
// text, which the API server refuses. And its bytes differ between builds by
// design.
package protoyaml

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/egressbundle/egressbundle/internal/yamltext"
)

// explicit are the fields that are written even if they are zero.
var explicit = map[protoreflect.FullName]bool{
	"istio.networking.v1alpha3.ClientTLSSettings.mode":     true, // DISABLE
	"istio.networking.v1alpha3.HTTPRetry.attempts":         true, // no retries
	"istio.networking.v1alpha3.OutboundTrafficPolicy.mode": true, // REGISTRY_ONLY
	"istio.networking.v1alpha3.ServerTLSSettings.mode":     true, // PASSTHROUGH
	"istio.networking.v1alpha3.ServiceEntry.location":      true, // MESH_EXTERNAL
	"istio.networking.v1alpha3.ServiceEntry.resolution":    true, // NONE
	"istio.security.v1beta1.AuthorizationPolicy.action":    true, // ALLOW
}

// A Message is a message as Kubernetes writes it. Its tree is made while it is written, and as
// a whole if somebody wants to keep it. It panics on a kind of message that this package does
// not know: no input chooses one.
type Message struct{ message protoreflect.Message }

// Of returns how a message is written.
func Of(m proto.Message) Message { return Message{m.ProtoReflect()} }

// AppendFields appends the fields that are written, in the order of their keys in YAML. A value
// is a Message, a map[string]any, a []any or a scalar; every whole number is an int64.
func (m Message) AppendFields(fields []yamltext.Field) []yamltext.Field {
	for _, f := range fieldsOf(m.message.Descriptor()) {
		if m.message.Has(f.descriptor) || f.isExplicit {
			fields = append(fields, yamltext.Field{Key: f.key, Value: value(f.descriptor, m.message.Get(f.descriptor))})
		}
	}
	return fields
}

// Tree returns the message as a tree of maps, slices and scalars.
func (m Message) Tree() map[string]any {
	tree := map[string]any{}
	for _, f := range m.AppendFields(nil) {
		tree[f.Key] = treeOf(f.Value)
	}
	return tree
}

// MarshalYAML returns the tree, for YAML libraries.
func (m Message) MarshalYAML() (any, error) { return m.Tree(), nil }

// treeOf makes trees of the messages in a value, which is nobody else's.
func treeOf(value any) any {
	switch value := value.(type) {
	case Message:
		return value.Tree()
	case map[string]any:
		for key, item := range value {
			value[key] = treeOf(item)
		}
	case []any:
		for i, item := range value {
			value[i] = treeOf(item)
		}
	}
	return value
}

// A knownField is a field of a kind of message.
type knownField struct {
	key        string
	descriptor protoreflect.FieldDescriptor
	isExplicit bool
}

// known are the fields of each kind of message, sorted: there are few, and many messages.
var known sync.Map // of protoreflect.FullName to []knownField

func fieldsOf(kind protoreflect.MessageDescriptor) []knownField {
	sorted, _ := known.Load(kind.FullName())
	if fields, ok := sorted.([]knownField); ok {
		return fields
	}
	var fields []knownField
	for i := range kind.Fields().Len() {
		field := kind.Fields().Get(i)
		fields = append(fields, knownField{key: field.JSONName(), descriptor: field, isExplicit: explicit[field.FullName()]})
	}
	slices.SortFunc(fields, func(a, b knownField) int { return yamltext.CompareKeys(a.key, b.key) })
	known.Store(kind.FullName(), fields)
	return fields
}

func value(field protoreflect.FieldDescriptor, v protoreflect.Value) any {
	switch {
	case field.IsMap():
		entries := map[string]any{}
		v.Map().Range(func(key protoreflect.MapKey, item protoreflect.Value) bool {
			entries[key.String()] = single(field.MapValue(), item)
			return true
		})
		return entries
	case field.IsList():
		items := make([]any, v.List().Len())
		for i := range items {
			items[i] = single(field, v.List().Get(i))
		}
		return items
	default:
		return single(field, v)
	}
}

func single(field protoreflect.FieldDescriptor, v protoreflect.Value) any {
	switch field.Kind() {
	case protoreflect.EnumKind:
		return string(field.Enum().Values().ByNumber(v.Enum()).Name())
	case protoreflect.MessageKind:
		return wellKnown(v.Message())
	default:
		return scalar(v.Interface())
	}
}

// scalar widens whole numbers to the one type that Kubernetes copies.
func scalar(value any) any {
	switch value := value.(type) {
	case int32:
		return int64(value)
	case uint32:
		return int64(value)
	case uint64:
		return int64(value)
	default:
		return value
	}
}

// wellKnown writes the messages that have a form of their own in JSON.
// https://protobuf.dev/programming-guides/json/
func wellKnown(m protoreflect.Message) any {
	switch m := m.Interface().(type) {
	case *durationpb.Duration:
		return duration(m.AsDuration())
	case *wrapperspb.BoolValue:
		return m.GetValue()
	case *wrapperspb.UInt32Value:
		return int64(m.GetValue())
	case *wrapperspb.Int32Value:
		return int64(m.GetValue())
	}
	if name := m.Descriptor().FullName(); name.Parent() == "google.protobuf" {
		panic(fmt.Sprintf("protoyaml: no form for %s", name))
	}
	return Message{m}
}

// duration writes seconds: what a CRD takes, and what protojson writes.
func duration(d time.Duration) string {
	seconds := fmt.Sprintf("%d", d/time.Second)
	if rest := d % time.Second; rest != 0 {
		seconds += fmt.Sprintf(".%03d", rest/time.Millisecond)
	}
	return seconds + "s"
}
