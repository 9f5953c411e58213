// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package jsontree turns values into trees of maps, slices and scalars by way of their
// JSON, and back.
package jsontree

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
)

// Of returns a value as encoding/json reads it, with each number as the int64 that it must
// be: nothing here has other numbers. An error is a value that has no JSON.
func Of(value any) (any, error) {
	data, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var tree any
	err = decoder.Decode(&tree)
	return integers(tree), err
}

// Document returns the JSON of an object of Kubernetes, with the fields of a struct beside those
// that say what it is.
func Document(apiVersion, kind string, fields any) ([]byte, error) {
	return Headed(struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}{apiVersion, kind}, fields)
}

// Encode writes a value as JSON, indented. An error is one of the writer.
func Encode(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// Headed returns the JSON of one object with the fields of two. Both must be structs, or pointers
// to structs.
func Headed(head, rest any) ([]byte, error) {
	first, err := json.Marshal(head)
	if err != nil {
		return nil, err
	}
	second, err := json.Marshal(rest)
	if err != nil || len(second) == len("{}") {
		return first, err
	}
	return slices.Concat(first[:len(first)-1], []byte(","), second[1:]), nil
}

func integers(tree any) any {
	switch tree := tree.(type) {
	case map[string]any:
		for key, value := range tree {
			tree[key] = integers(value)
		}
	case []any:
		for i, value := range tree {
			tree[i] = integers(value)
		}
	case json.Number:
		if n, err := tree.Int64(); err == nil {
			return n
		}
	}
	return tree
}

// To returns the value that a tree says. An error is a tree that T does not have the
// fields for.
func To[T any](tree any) (T, error) {
	var value T
	data, err := json.Marshal(tree)
	if err != nil {
		return value, err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	err = decoder.Decode(&value)
	return value, err
}
