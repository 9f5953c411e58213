// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	yamlv3 "go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"

	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

const (
	annotationDescription = "egressbundle.io/description"
	annotationOwner       = "egressbundle.io/owner"
	annotationTicket      = "egressbundle.io/ticket"
)

// nasty is text that some YAML reader, template or terminal takes for something
// else.
var nasty = []string{
	"on", "off", "yes", "no", "y", "n", "Y", "N", "true", "True", "FALSE", "null", "Null", "NULL", "~",
	"0", "1", "-1", "+1", "1.10", "1e3", "1E+3", "0755", "0o755", "0x1f", "0b1", "1_000", ".5", "5.", ".inf", "-.INF", ".nan", "NaN",
	"12:30:45", "190:20:30", "1:2", "2024-01-01", "2024-01-01T00:00:00Z", "2001-12-14 21:59:43.10 -5",
	"=", "<<", "-", "--", "---", "...", "?", ":", "|", ">", "|-", "%", "@", "`", "&a", "*a", "!a", "!!str", "!!binary aGk=", "#", "# x", "a # x", "a: b", ": ", " :", "a:", "- a", "? a", "[a]", "{a: b}", "[", "]", "{", "}", ",", "%YAML 1.2", "%TAG",
	`"`, `'`, `''`, `""`, `\`, `\n`, `\x41`, `"a`, `a"`, `it's`, `"a": 'b'`, "$", "$(id)", "${HOME}", "{{ .x }}", "{{- end }}", "<b>&amp;</b>", "&lt;", "\u003c",
	" ", "  ", " a", "a ", "\t", "\ta", "a\t", "a\tb", "a  b", "\n", "\n\n", "a\n", "a\n\n", "\na", "\n a", " \na", "a\n b", "a\n  b\nc", " a\nb", "  a\n b\n", "a \nb", "a\t\nb", "a\n\tb", "\n\ta", "a\n ", "a\n\n  b\n ", "\t\n", "\ta\n", "\ta\nb", "\n\t\n\ta", "\r", "\r\n", "a\rb", "a\r\nb\r\n",
	"---\napiVersion: v1", "a\n---\nb", "a\n...\nb", "---\n---\n", "a\n# b", "a\n- b: c", "a: b\nc: d\n", "}\n\nspec:\n  hosts: [evil.example.com]",
	"größe", "\u4f8b\u3048", "e\u0301", "\U0001F600", "\U0001F468\u200d\U0001F469\u200d\U0001F467", "a\u2028b", "a\u2029b", "\u2028", "a\u0085b", "\u0085", "\ufeff", "\ufeffa", "a\ufeff", "\u200b", "\u202egnp.exe", "\u00a0", "a\u00a0", "\u00ad", "\ufffe", "\uffff", "\U0010ffff", "\ue000", "\u0301",
	"\x00", "a\x00b", "\x01", "\x07", "\x08", "\x0b", "\x0c", "\x1b[31m", "\x1f", "\x7f", "\u0080", "\u009f",
	strings.Repeat("x", 1000), strings.Repeat("ü", 1000), strings.Repeat("a ", 500), strings.Repeat("word\n", 200), strings.Repeat("'", 200), strings.Repeat(" ", 200),
}

// invalidUTF8 is what only a Go program can pass, and the character that stands
// for it elsewhere.
var invalidUTF8 = []string{"\ufffd", "\xff", "a\xffb", "\xc3", "\xc3\x28", "\xed\xa0\x80", "\xf0\x9f\x98", "\xc0\x80"}

// TestTextIsData puts nasty text wherever any text is legal. Readers of YAML 1.1
// and of YAML 1.2 get it back byte for byte, and nothing else has changed.
func TestTextIsData(t *testing.T) {
	none := make([]string, len(nasty))
	plain := render(t, nil, described(none...))
	for door, bundle := range doors(t, described(nasty...)) {
		t.Run(door, func(t *testing.T) {
			objects := render(t, nil, bundle)
			checkRead(t, objects)
			if diff := cmp.Diff(plain, withoutText(t, objects, bundle), protocmp.Transform()); diff != "" {
				t.Errorf("text changed something else (-plain +got):\n%s", diff)
			}
		})
	}
}

// TestInvalidUTF8IsRefused: no YAML can carry it, so it is refused rather than
// changed.
func TestInvalidUTF8IsRefused(t *testing.T) {
	for _, text := range invalidUTF8 {
		t.Run(title(text), func(t *testing.T) {
			bundle := described(text)
			bundle.Mesh = &api.Mesh{Gateways: map[string]api.Gateway{"a": {Selector: map[string]string{"key": text}}}}
			_, err := egress.Render(nil, bundle)
			var got []string
			for _, d := range diagnosticsOf(t, err) {
				got = append(got, d.Path)
			}
			want := []string{"spec.destinations.d0.description", "spec.destinations.d0.owner", "spec.destinations.d0.ticket", "spec.mesh.gateways.a.selector.key"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("diagnostics (-want +got):\n%s", diff)
			}
		})
	}
}

// label is text that Kubernetes takes as a name and as a value of a label.
var label = regexp.MustCompile(`^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`)

// TestSelectorIsData does the same with the labels of gateways, which become
// keys and values of specs.
func TestSelectorIsData(t *testing.T) {
	var texts []string
	for _, text := range nasty {
		if label.MatchString(text) {
			texts = append(texts, text)
		}
	}
	bundle := described(make([]string, len(texts))...)
	bundle.Mesh = &api.Mesh{Gateways: map[string]api.Gateway{}}
	for i, text := range texts {
		name := fmt.Sprintf("d%d", i)
		bundle.Mesh.Gateways[name] = api.Gateway{Selector: map[string]string{text: "value", "key": text, "other": ""}}
		destination := bundle.Destinations[name]
		destination.Gateway = name
		bundle.Destinations[name] = destination
	}
	checkRead(t, render(t, nil, bundle))
}

// TestNamesAreData uses DNS labels that YAML readers take for something else as
// every name there is.
func TestNamesAreData(t *testing.T) {
	for _, name := range []string{
		"on", "off", "yes", "no", "y", "n", "true", "false", "null", "nan", "inf",
		"0", "1", "0755", "0o755", "0x1f", "0b1", "1e3", "12e03", "1-0", "2024-01-01", "685-230",
		"a--b", "a---b", "1--1", "xn--bcher-kva", "spec", "metadata", strings.Repeat("a", 63), strings.Repeat("1", 63), strings.Repeat("a-", 31) + "a",
	} {
		t.Run(title(name), func(t *testing.T) {
			for door, bundle := range doors(t, named(name)) {
				objects := render(t, nil, bundle)
				checkRead(t, objects)
				for _, o := range objects {
					if got, want := o.Annotations[object.AnnotationBundle], name+"/"+name; got != want {
						t.Errorf("%s: %s %s serves bundle %q, want %q", door, o.Kind, o.Name, got, want)
					}
				}
			}
		})
	}
}

// described returns a bundle with a destination for each text, and every kind of
// object for each destination.
func described(texts ...string) api.Bundle {
	bundle := api.Bundle{Name: "news", Namespace: "payments", Destinations: map[string]api.Destination{}}
	for i, text := range texts {
		bundle.Destinations[fmt.Sprintf("d%d", i)] = api.Destination{
			Description: text,
			Owner:       text,
			Ticket:      text,
			Hosts:       []string{fmt.Sprintf("h%d.example.com", i)},
			Ports: []api.Port{
				{Number: 80, Pattern: &api.TLSOrigination{}},
				{Number: 443, Pattern: &api.TLSPassthrough{}},
			},
		}
	}
	return bundle
}

// named returns a bundle that has one name everywhere.
func named(name string) api.Bundle {
	clients := []api.Client{{Namespace: name}}
	destination := described("").Destinations["d0"]
	destination.Gateway = name
	destination.Clients = clients
	return api.Bundle{
		Name:         name,
		Namespace:    name,
		Clients:      clients,
		Destinations: map[string]api.Destination{name: destination},
		Mesh:         &api.Mesh{Gateways: map[string]api.Gateway{name: {Namespace: name, Service: name}}},
	}
}

// doors returns a bundle as a program builds it and as a file holds it.
func doors(t *testing.T, bundle api.Bundle) map[string]api.Bundle {
	t.Helper()
	text, err := json.Marshal(bundle)
	if err != nil {
		t.Fatal(err)
	}
	found, err := egress.Parse("team.json", text)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]api.Bundle{"built": bundle, "parsed": found.Bundles()[0]}
}

// withoutText checks that each object of a destination carries its texts, and
// returns the objects without them.
func withoutText(t *testing.T, objects []object.Object, bundle api.Bundle) []object.Object {
	t.Helper()
	var others []object.Object
	for _, o := range objects {
		if name, ok := o.Annotations[object.AnnotationDestination]; ok {
			want := bundle.Destinations[name]
			for annotation, text := range map[string]string{
				annotationDescription: want.Description, annotationOwner: want.Owner, annotationTicket: want.Ticket,
			} {
				if got := o.Annotations[annotation]; got != text {
					t.Errorf("%s %s has %s %q, want %q", o.Kind, o.Name, annotation, got, text)
				}
			}
		}
		o.Annotations = maps.Clone(o.Annotations)
		delete(o.Annotations, annotationDescription)
		delete(o.Annotations, annotationOwner)
		delete(o.Annotations, annotationTicket)
		others = append(others, o)
	}
	return others
}

// checkRead encodes objects, reads them as other programs do, and wants them
// back.
func checkRead(t *testing.T, objects []object.Object) {
	t.Helper()
	text := encode(t, objects)
	for reader, read := range map[string]func([]byte) ([][]byte, error){
		"YAML 1.2": readYAML12,
		"YAML 1.1": readYAML11,
	} {
		documents, err := read(text)
		if err != nil {
			t.Fatalf("%s cannot read it: %v\n%s", reader, err, text)
		}
		if len(documents) != len(objects) {
			t.Fatalf("%s reads %d documents, want %d:\n%s", reader, len(documents), len(objects), text)
		}
		var got []object.Object
		for i, document := range documents {
			got = append(got, readObject(t, document, objects[i]))
		}
		if diff := cmp.Diff(objects, got, protocmp.Transform(), written); diff != "" {
			t.Errorf("%s reads something else (-encoded +read):\n%s", reader, diff)
		}
	}
}

// readYAML12 returns the documents of a stream as JSON, by way of the library
// that Encode uses.
func readYAML12(text []byte) ([][]byte, error) {
	var documents [][]byte
	decoder := yamlv3.NewDecoder(bytes.NewReader(text))
	for {
		var document map[string]any
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			return nil, err
		}
		data, err := json.Marshal(document)
		if err != nil {
			return nil, err
		}
		documents = append(documents, data)
	}
}

// readYAML11 reads as kubectl does: it splits the stream at its separators and
// follows the rules of YAML 1.1, where on is a boolean.
func readYAML11(text []byte) ([][]byte, error) {
	var documents [][]byte
	for document := range bytes.SplitSeq(text, []byte("\n---")) {
		data, err := yaml.YAMLToJSONStrict(document)
		if err != nil {
			return nil, err
		}
		documents = append(documents, data)
	}
	return documents, nil
}

// readObject reads one document. The encoded object says of which type its spec
// is.
func readObject(t *testing.T, document []byte, encoded object.Object) object.Object {
	t.Helper()
	var read struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Metadata   struct {
			Name        string            `json:"name"`
			Namespace   string            `json:"namespace"`
			Labels      map[string]string `json:"labels"`
			Annotations map[string]string `json:"annotations"`
		} `json:"metadata"`
	}
	fields := map[string]json.RawMessage{}
	for _, into := range []any{&read, &fields} {
		if err := json.Unmarshal(document, into); err != nil {
			t.Fatalf("%v:\n%s", err, document)
		}
	}
	for _, field := range []string{"apiVersion", "kind", "metadata"} {
		delete(fields, field)
	}
	return object.Object{
		APIVersion:  read.APIVersion,
		Kind:        read.Kind,
		Namespace:   read.Metadata.Namespace,
		Name:        read.Metadata.Name,
		Labels:      read.Metadata.Labels,
		Annotations: read.Metadata.Annotations,
		Spec:        readSpec(t, fields, encoded.Spec),
	}
}

// readSpec reads what an object holds beside its metadata.
func readSpec(t *testing.T, fields map[string]json.RawMessage, encoded any) any {
	t.Helper()
	spec := reflect.New(reflect.TypeOf(encoded).Elem()).Interface()
	content, err := json.Marshal(fields)
	if !isBare(spec) {
		content = fields["spec"]
		delete(fields, "spec")
		if len(fields) > 0 {
			t.Errorf("fields beside the spec: %v", fields)
		}
	}
	if err == nil {
		err = unmarshalStrict(content, spec)
	}
	if err != nil {
		t.Fatalf("%v:\n%s", err, content)
	}
	return spec
}

// isBare reports whether a kind has no field spec.
func isBare(spec any) bool {
	switch spec.(type) {
	case *corev1.ServiceAccount, *discoveryv1.EndpointSlice, *rbacv1.Role, *rbacv1.RoleBinding:
		return true
	default:
		return false
	}
}

func unmarshalStrict(content []byte, into any) error {
	if message, ok := into.(proto.Message); ok {
		return protojson.Unmarshal(content, message)
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

// title makes a short name of any text.
func title(text string) string {
	runes := []rune(fmt.Sprintf("%+q", text))
	return string(runes[:min(len(runes), 40)])
}
