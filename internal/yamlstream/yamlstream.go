// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package yamlstream writes YAML as this repository writes it, and long streams on all
// processors.
package yamlstream

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"runtime"

	"go.yaml.in/yaml/v3"

	"github.com/egressbundle/egressbundle/internal/yamltext"
)

// chunkSize is how many values are written one after the other.
const chunkSize = 8

// Documents writes each value as a document of its own.
func Documents[T any](w io.Writer, values iter.Seq[T]) error {
	return write(w, values, form{
		separator: "---\n",
		append:    yamltext.AppendDocument,
		inLibrary: func(value any) any { return value },
	})
}

// Sequence writes the values as the items of one block sequence, as it stands below
// a key that is not indented. It writes nothing if there are none.
func Sequence[T any](w io.Writer, values iter.Seq[T]) error {
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
func write[T any](w io.Writer, values iter.Seq[T], f form) error {
	e := encoding[T]{form: f, w: w}
	for value := range values {
		e.next = append(e.next, value)
		if len(e.next) < chunkSize {
			continue
		}
		if err := e.start(); err != nil {
			return err
		}
	}
	if len(e.next) > 0 {
		if err := e.start(); err != nil {
			return err
		}
	}
	return e.writeUntil(0)
}

// An encoding is values on their way to text, chunk by chunk.
type encoding[T any] struct {
	form

	w       io.Writer
	next    []T            // of the chunk that is not started yet
	started []chan encoded // in order
	buffer  []byte         // of a chunk that is written
	before  string         // what stands before the next chunk that is written
}

// encoded is the text of a chunk.
type encoded struct {
	bytes []byte
	err   error
}

// start encodes the next chunk beside those that were started. There are so many at most that
// no processor waits while one of them is written.
func (e *encoding[T]) start() error {
	if err := e.writeUntil(2*runtime.GOMAXPROCS(0) - 1); err != nil {
		return err
	}
	result, buffer, chunk := make(chan encoded, 1), e.buffer, e.next
	go func() { result <- encodeChunk(e.form, buffer[:0], chunk) }()
	e.started = append(e.started, result)
	e.next, e.buffer = nil, nil
	return nil
}

// writeUntil writes the first chunks, until no more than some are left.
func (e *encoding[T]) writeUntil(left int) error {
	for len(e.started) > left {
		text := <-e.started[0]
		if text.err != nil {
			return text.err
		}
		if _, err := io.WriteString(e.w, e.before); err != nil {
			return err
		}
		if _, err := e.w.Write(text.bytes); err != nil {
			return err
		}
		e.started, e.buffer, e.before = e.started[1:], text.bytes, e.separator
	}
	return nil
}

// encodeChunk returns a panic as an error: no caller can recover one of this goroutine.
func encodeChunk[T any](f form, buffer []byte, chunk []T) (text encoded) {
	defer func() {
		if cause := recover(); cause != nil {
			text.err = fmt.Errorf("cannot be written as YAML: %v", cause)
		}
	}()
	text.bytes = buffer
	for i, value := range chunk {
		if i > 0 {
			text.bytes = append(text.bytes, f.separator...)
		}
		if text.bytes, text.err = f.encode(text.bytes, value); text.err != nil {
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
