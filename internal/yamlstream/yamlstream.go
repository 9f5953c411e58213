// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package yamlstream writes YAML as this repository writes it, and long streams
// fast: on all processors, with many short-lived encoders. One encoder of the YAML
// library keeps every event that it ever wrote, so its cost grows with the square of
// what it writes.
package yamlstream

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"slices"

	"go.yaml.in/yaml/v3"
)

// chunkSize is how many values one encoder writes. An encoder starts with large
// buffers, which is why it is not one.
const chunkSize = 4

// Documents writes each value as a document of its own.
func Documents[T any](w io.Writer, values []T) error {
	return write(w, values, "---\n", func(encoder *yaml.Encoder, chunk []T) error {
		for _, value := range chunk {
			if err := encoder.Encode(value); err != nil {
				return err
			}
		}
		return nil
	})
}

// Sequence writes the values as the items of one block sequence, as it stands below
// a key that is not indented. It writes nothing if there are none.
func Sequence[T any](w io.Writer, values []T) error {
	return write(w, values, "", func(encoder *yaml.Encoder, chunk []T) error {
		return encoder.Encode(chunk)
	})
}

// write writes what encode makes of chunks of the values, in order, with the
// separator in between.
func write[T any](w io.Writer, values []T, separator string, encode func(*yaml.Encoder, []T) error) error {
	stop := make(chan struct{})
	defer close(stop)
	before := ""
	for result := range encodeAhead(values, encode, stop) {
		text := <-result
		if text.err != nil {
			return text.err
		}
		if _, err := io.WriteString(w, before); err != nil {
			return err
		}
		if _, err := text.WriteTo(w); err != nil {
			return err
		}
		before = separator
	}
	return nil
}

// encoded is the text of a chunk.
type encoded struct {
	bytes.Buffer

	err error
}

// encodeAhead encodes chunks of the values side by side, and gives their texts in
// order. It goes only as far ahead as there are processors.
func encodeAhead[T any](values []T, encode func(*yaml.Encoder, []T) error, stop <-chan struct{}) <-chan chan *encoded {
	results := make(chan chan *encoded, runtime.GOMAXPROCS(0))
	go func() {
		defer close(results)
		for chunk := range slices.Chunk(values, chunkSize) {
			result := make(chan *encoded, 1)
			go func() { result <- encodeChunk(chunk, encode) }()
			select {
			case results <- result:
			case <-stop:
				return
			}
		}
	}()
	return results
}

// encodeChunk returns a panic as an error: no caller can recover one of this goroutine.
func encodeChunk[T any](chunk []T, encode func(*yaml.Encoder, []T) error) (text *encoded) {
	text = &encoded{}
	defer func() {
		if cause := recover(); cause != nil {
			text.err = fmt.Errorf("cannot be written as YAML: %v", cause)
		}
	}()
	encoder := yaml.NewEncoder(text)
	encoder.SetIndent(2)
	encoder.CompactSeqIndent()
	if text.err = encode(encoder, chunk); text.err == nil {
		text.err = encoder.Close()
	}
	return text
}
