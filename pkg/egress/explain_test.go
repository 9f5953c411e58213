// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/explain"
)

// TestRemedies: what is said to let a call pass does, for whatever clients of each golden and
// example may try, for hosts that nobody names, and from a namespace that is no client.
func TestRemedies(t *testing.T) {
	tried := 0
	for _, path := range append(glob(t, "../../testdata/render/*/*/in.yaml"), glob(t, "../../examples/*/bundle.yaml")...) {
		t.Run(filepath.ToSlash(filepath.Dir(path)), func(t *testing.T) {
			src, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			output := outputOf(t, src)
			for _, call := range tries(output) {
				e := explained(t, output, call)
				if e.Remedy == nil {
					continue
				}
				tried++
				changed := apply(t, src, *e.Remedy)
				if got := explained(t, outputOf(t, changed), call); got.Verdict != explain.Passes {
					t.Errorf("%+v: %s after\n%s", call, got.Verdict, changed)
				}
			}
		})
	}
	if tried < 500 {
		t.Errorf("%d remedies were tried", tried)
	}
}

// tries are calls of clients and of others, to hosts that bundles name and to some that they do not.
func tries(output *egress.Output) []explain.Call {
	calls := output.Calls()
	for _, call := range calls {
		call.Namespace, call.ServiceAccount = "elsewhere", ""
		calls = append(calls, call)
	}
	for _, url := range []string{
		"https://unknown.example", "tls://unknown.example:8443", "http://unknown.example/a", "http://unknown.example:9090", "tcp://192.0.2.77:7777",
	} {
		calls = append(calls, explain.Call{Namespace: calls[0].Namespace, ServiceAccount: calls[0].ServiceAccount, URL: url})
	}
	return calls
}

// TestExplanationSchema: every explanation is what its schema says.
func TestExplanationSchema(t *testing.T) {
	schema := compileSchema(t, explain.Kind)
	for _, path := range glob(t, "../../examples/*/bundle.yaml") {
		output := outputOf(t, []byte(readText(t, path)))
		for _, call := range tries(output) {
			var written bytes.Buffer
			if err := explained(t, output, call).EncodeJSON(&written); err != nil {
				t.Fatal(err)
			}
			document, err := jsonschema.UnmarshalJSON(bytes.NewReader(written.Bytes()))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(document); err != nil {
				t.Errorf("%v:\n%s", err, written.Bytes())
			}
		}
	}
}

func explained(t *testing.T, output *egress.Output, call explain.Call) explain.Explanation {
	t.Helper()
	e, err := output.Explain(call)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func outputOf(t *testing.T, src []byte) *egress.Output {
	t.Helper()
	documents, err := egress.Parse("in.yaml", src)
	if err != nil {
		t.Fatalf("%v\n%s", err, src)
	}
	output, err := documents.Render()
	if err != nil {
		t.Fatalf("%v\n%s", err, src)
	}
	return output
}

// apply changes a bundle of a file, or adds one.
func apply(t *testing.T, src []byte, r explain.Remedy) []byte {
	t.Helper()
	if r.Changes[0].Field == "" {
		return slices.Concat(src, []byte("\n---\n"), []byte(r.Changes[0].YAML))
	}
	var out bytes.Buffer
	encoder, decoder := yaml.NewEncoder(&out), yaml.NewDecoder(bytes.NewReader(src))
	for {
		var document yaml.Node
		if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if nameOf(t, &document) == r.Bundle {
			for _, c := range r.Changes {
				set(t, &document, c)
			}
		}
		if err := encoder.Encode(&document); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

func nameOf(t *testing.T, document *yaml.Node) string {
	t.Helper()
	var head struct {
		Kind     string
		Metadata struct{ Namespace, Name string }
	}
	if err := document.Decode(&head); err != nil {
		t.Fatal(err)
	}
	if head.Kind != "EgressBundle" {
		return ""
	}
	return head.Metadata.Namespace + "/" + head.Metadata.Name
}

var step = regexp.MustCompile(`\["([^"]+)"\]|\[(\d+)\]|\.?([^.\[]+)`)

// set gives a field of a document the value of a change.
func set(t *testing.T, document *yaml.Node, c explain.Change) {
	t.Helper()
	at := document.Content[0]
	for _, s := range step.FindAllStringSubmatch(c.Field, -1) {
		if s[2] != "" {
			i, err := strconv.Atoi(s[2])
			if err != nil {
				t.Fatal(err)
			}
			at = at.Content[i]
			continue
		}
		at = child(at, s[1]+s[3])
	}
	var value yaml.Node
	if err := yaml.NewDecoder(strings.NewReader(c.YAML)).Decode(&value); err != nil {
		t.Fatal(err)
	}
	*at = *value.Content[0]
}

// child returns the value of a key, which it adds if it is missing.
func child(of *yaml.Node, key string) *yaml.Node {
	for i := 0; i < len(of.Content); i += 2 {
		if of.Content[i].Value == key {
			return of.Content[i+1]
		}
	}
	value := &yaml.Node{Kind: yaml.MappingNode}
	of.Kind = yaml.MappingNode
	of.Content = append(of.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, value)
	return value
}
