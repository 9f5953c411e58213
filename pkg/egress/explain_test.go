// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
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

// tries are calls of clients and of others, to hosts that bundles name, by their ports and by
// others, and to some that they do not name.
func tries(output *egress.Output) []explain.Call {
	calls := output.Calls()
	for _, call := range calls {
		foreign := call
		foreign.Namespace, foreign.ServiceAccount = "elsewhere", ""
		calls = append(calls, foreign)
		for _, scheme := range []string{"http", "https", "tcp"} {
			other := call
			other.Method = ""
			other.URL = scheme + "://" + strings.Split(strings.Split(call.URL, "//")[1], "/")[0]
			if !strings.Contains(other.URL[len(scheme)+3:], ":") {
				other.URL += ":4711"
			}
			calls = append(calls, other)
		}
	}
	for _, caller := range []explain.Call{calls[0], {Namespace: "elsewhere"}} {
		for _, url := range []string{
			"https://unknown.example", "tls://unknown.example:8443", "http://unknown.example/a", "http://unknown.example:9090",
			"tcp://192.0.2.77:7777", "https://a_b.example", "https://kubernetes.default.svc", "https://unknown.example.", "https://x.egress:15001",
			"tcp://127.0.0.1:80", "tcp://169.254.169.254:80", "https://b\u00fccher.example", "https://edition.cnn.com:80", "tcp://192.0.2.77:80",
		} {
			caller.URL, caller.Method = url, ""
			calls = append(calls, caller)
		}
	}
	return calls
}

// TestExplainBesideSidecar: what the Sidecar of a bundle does not import decides nothing.
func TestExplainBesideSidecar(t *testing.T) {
	const bundle = `
apiVersion: egressbundle.io/v1alpha1
kind: EgressBundle
metadata: {name: news, namespace: payments}
spec:
  destinations: {cnn: {hosts: [edition.cnn.com]}}
  enforce: {registryOnly: true}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: other, namespace: NAMESPACE}
spec: {hosts: [www.example.com], ports: [{number: 443, name: tls, protocol: TLS}], resolution: DNS}
`
	for namespace, want := range map[string]explain.Verdict{"payments": explain.Unknown, "istio-system": explain.Unknown, "elsewhere": explain.Stopped} {
		output := outputOf(t, []byte(strings.Replace(bundle, "NAMESPACE", namespace, 1)))
		if got := explained(t, output, explain.Call{Namespace: "payments", URL: "https://www.example.com"}); got.Verdict != want {
			t.Errorf("beside a ServiceEntry of %s: %s", namespace, got.Verdict)
		}
	}
}

const faults = `
apiVersion: egressbundle.io/v1alpha1
kind: EgressBundle
metadata: {name: news, namespace: payments}
spec:
  destinations:
    cnn:
      hosts: [edition.cnn.com]
      ports:
      - port: 80
        pattern: HTTP
        paths:
          /waits: {fault: {delay: {fixedDelay: 1s}}}
          /may-wait: {fault: {delay: {fixedDelay: 1s, percentage: 50}}}
          /fails: {fault: {abort: {httpStatus: 503}}}
          /may-fail: {fault: {abort: {httpStatus: 503, percentage: 50}}}
          /waits-and-fails: {fault: {delay: {fixedDelay: 1s}, abort: {httpStatus: 503}}}
          /may-wait-and-fails: {fault: {delay: {fixedDelay: 1s, percentage: 50}, abort: {httpStatus: 503}}}
`

// TestExplainFaults: the log has a flag of each fault that is met.
func TestExplainFaults(t *testing.T) {
	output := outputOf(t, []byte(faults))
	for path, want := range map[string]string{
		"/": "", "/waits": "DI", "/may-wait": "*", "/fails": "FI", "/may-fail": "*", "/waits-and-fails": "DI,FI", "/may-wait-and-fails": "*",
	} {
		e := explained(t, output, explain.Call{Namespace: "payments", URL: "http://edition.cnn.com" + path})
		if got := e.Hops[len(e.Hops)-1].Log.Flags; got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

// TestRemediesKeepFaults: to admit a caller takes no fault away but one that stops every call.
func TestRemediesKeepFaults(t *testing.T) {
	output := outputOf(t, []byte(faults))
	for path, want := range map[string]bool{"/waits": false, "/may-fail": false, "/fails": true, "/waits-and-fails": true} {
		e := explained(t, output, explain.Call{Namespace: "elsewhere", URL: "http://edition.cnn.com" + path})
		if e.Remedy == nil || strings.Contains(e.Remedy.YAML, "ports:") != want {
			t.Errorf("%s: it changes the fault: not %t, in %+v", path, want, e.Remedy)
		}
	}
}

// TestExplanationIsACopy: whoever changes an explanation changes nothing of the next.
func TestExplanationIsACopy(t *testing.T) {
	output := outputOf(t, []byte(`
apiVersion: egressbundle.io/v1alpha1
kind: EgressBundle
metadata: {name: news, namespace: payments}
spec:
  destinations:
    cnn:
      via: Sidecar
      hosts: [edition.cnn.com]
      ports:
      - port: 80
        pattern: TLSOrigination
        clientCertificate: {files: {certificate: /etc/istio/cnn/tls.crt, privateKey: /etc/istio/cnn/tls.key}}
        caCertificates: {file: /etc/istio/cnn/ca.crt}
`))
	call := explain.Call{Namespace: "payments", URL: "http://edition.cnn.com"}
	explained(t, output, call).Exit.TLS.ClientCertificate.Files.Certificate = "changed"
	if got := explained(t, output, call).Exit.TLS.ClientCertificate.Files.Certificate; got != "/etc/istio/cnn/tls.crt" {
		t.Errorf("it is %s", got)
	}
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
	if r.New {
		return slices.Concat(src, []byte("\n---\n"), []byte(r.YAML))
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
			var patch yaml.Node
			if err := yaml.Unmarshal([]byte(r.YAML), &patch); err != nil {
				t.Fatal(err)
			}
			merge(document.Content[0], patch.Content[0])
		}
		if err := encoder.Encode(&document); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

// merge merges a patch into a value: maps key by key, and all else as a whole.
func merge(into, patch *yaml.Node) {
	if into.Kind != yaml.MappingNode || patch.Kind != yaml.MappingNode {
		*into = *patch
		return
	}
	for i := 0; i < len(patch.Content); i += 2 {
		merge(child(into, patch.Content[i].Value), patch.Content[i+1])
	}
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
