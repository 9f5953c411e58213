// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package yamlstream writes YAML as this repository writes it, and long streams on all
// processors.
package yamlstream

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/egressbundle/egressbundle/internal/yamltext"
)

// chunkSize is how many values are written one after the other.
const chunkSize = 32

// Documents writes each value as a document of its own.
func Documents[T any](w io.Writer, values []T) error {
	return write(w, values, form{
		separator: "---\n",
		append:    yamltext.AppendDocument,
		inLibrary: func(value any) any { return value },
	})
}

// Sequence writes the values as the items of one block sequence, as it stands below
// a key that is not indented. It writes nothing if there are none.
func Sequence[T any](w io.Writer, values []T) error {
	return write(w, values, form{
		append:    yamltext.AppendItem,
		inLibrary: func(value any) any { return []any{value} },
	})
}

// A form is how values are written.
type form struct {
	separator string
	append    func(text []byte, value any) (longer []byte, ok bool)
	// inLibrary returns what the YAML library writes for a value that append does not know.
	inLibrary func(value any) any
}

// write writes the values in order.
func write[T any](w io.Writer, values []T, f form) error {
	e := encoding[T]{form: f, values: values, stop: make(chan struct{}), buffers: make(chan []byte, 2*runtime.GOMAXPROCS(0))}
	defer close(e.stop)
	before := ""
	for result := range e.start() {
		text := <-result
		if text.err != nil {
			return text.err
		}
		if _, err := io.WriteString(w, before); err != nil {
			return err
		}
		if _, err := w.Write(text.bytes); err != nil {
			return err
		}
		e.buffers <- text.bytes
		before = f.separator
	}
	return nil
}

// An encoding is values on their way to text.
type encoding[T any] struct {
	form

	values  []T
	stop    chan struct{}
	buffers chan []byte // those in which no text waits
}

// encoded is the text of a chunk.
type encoded struct {
	bytes []byte
	err   error
}

// start encodes chunks of the values side by side, and gives their texts in order. It goes as far
// ahead as there are buffers.
func (e *encoding[T]) start() <-chan chan encoded {
	for range cap(e.buffers) {
		e.buffers <- nil
	}
	results := make(chan chan encoded, cap(e.buffers))
	go func() {
		defer close(results)
		for chunk := range slices.Chunk(e.values, chunkSize) {
			select {
			case buffer := <-e.buffers:
				result := make(chan encoded, 1)
				go func() { result <- e.encodeChunk(buffer[:0], chunk) }()
				results <- result
			case <-e.stop:
				return
			}
		}
	}()
	return results
}

// encodeChunk returns a panic as an error: no caller can recover one of this goroutine.
func (e *encoding[T]) encodeChunk(buffer []byte, chunk []T) (text encoded) {
	defer func() {
		if cause := recover(); cause != nil {
			text.err = fmt.Errorf("cannot be written as YAML: %v", cause)
		}
	}()
	text.bytes = buffer
	for i, value := range chunk {
		if i > 0 {
			text.bytes = append(text.bytes, e.separator...)
		}
		if text.bytes, text.err = e.encode(text.bytes, value); text.err != nil {
			return text
		}
	}
	return text
}

// encode appends a value to a text.
func (f form) encode(text []byte, value any) ([]byte, error) {
	if longer, ok := f.append(text, value); ok {
		return longer, nil
	}
	buffer := bytes.NewBuffer(text)
	encoder := yaml.NewEncoder(buffer)
	encoder.SetIndent(2)
	encoder.CompactSeqIndent()
	if err := encoder.Encode(f.inLibrary(value)); err != nil {
		return nil, err
	}
	err := encoder.Close()
	return buffer.Bytes(), err
}
