// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
)

// changedKinds are the kinds of objects that change with a field of the API, as the goldens show
// it.
type changedKinds map[string]map[string]bool

func (c changedKinds) note(field string, before, after result) {
	if before.isRefused() || after.isRefused() {
		return
	}
	if c[field] == nil {
		c[field] = map[string]bool{}
	}
	for _, objects := range []map[string]string{before.objects, after.objects} {
		for kind := range objects {
			if before.objects[kind] != after.objects[kind] {
				c[field][kind] = true
			}
		}
	}
}

// text names them.
func (c changedKinds) text(field string) string {
	if c[field] == nil {
		return "as its fields say"
	}
	return cmp.Or(strings.Join(slices.Sorted(maps.Keys(c[field])), ", "), "nothing")
}

// A reference writes the reference of the API: what the schemas say of each field, and what
// changes with it.
type reference struct {
	text    strings.Builder
	schema  schemaNode // of the kind
	changes changedKinds
	written map[string]bool // sections
}

const headOfReference = `# Every field

What each field says, as ` + "`egressbundle schema`" + ` has it, and the kinds of objects that changed with it in
the tests. A type in brackets is a list, and one in braces a map by name.
`

func (c changedKinds) reference(t *testing.T) []byte {
	t.Helper()
	r := reference{changes: c, written: map[string]bool{}}
	r.text.WriteString(headOfReference)
	r.kind(t, api.KindBundle, reflect.TypeFor[api.Bundle]())
	r.kind(t, api.KindMesh, reflect.TypeFor[api.Mesh]())
	return []byte(r.text.String())
}

func (r *reference) kind(t *testing.T, kind string, spec reflect.Type) {
	t.Helper()
	data, err := egress.JSONSchema(kind)
	if err != nil {
		t.Fatal(err)
	}
	r.schema = schemaNode{}
	if err := json.Unmarshal(data, &r.schema); err != nil {
		t.Fatal(err)
	}
	r.section(spec, r.properties(r.schema)["spec"])
}

// section writes the table of a type, and then those of the types of its fields.
func (r *reference) section(of reflect.Type, node schemaNode) {
	if r.written[of.Name()] {
		return
	}
	r.written[of.Name()] = true
	fmt.Fprintf(&r.text, "\n## %s\n\n", titleOf(of))
	if says := oneLine(r.resolve(node).Description); says != "" {
		fmt.Fprintf(&r.text, "%s\n\n", says)
	}
	r.text.WriteString("| field | type | what it says | example | what changes |\n|---|---|---|---|---|\n")
	properties := r.properties(node)
	for _, field := range fieldsOf(of) {
		r.row(of, field, r.resolve(properties[yamlName(field)]))
	}
	for _, field := range fieldsOf(of) {
		r.below(field.Type, properties[yamlName(field)])
	}
	if of == reflect.TypeFor[api.Port]() {
		r.patterns(node)
	}
}

// row writes what one field says.
func (r *reference) row(of reflect.Type, field reflect.StructField, node schemaNode) {
	says := oneLine(node.Description)
	if node.Default != nil && !strings.Contains(says, "Default:") {
		says += fmt.Sprintf(" Default: %v.", node.Default)
	}
	var example string
	if len(node.Examples) > 0 {
		example = "`" + inline(node.Examples[0]) + "`"
	}
	fmt.Fprintf(&r.text, "| `%s` | %s | %s | %s | %s |\n",
		yamlName(field), typeText(field.Type), says, example, r.changes.text(of.Name()+"."+field.Name))
}

// below writes the sections of what a field holds.
func (r *reference) below(of reflect.Type, node schemaNode) {
	node = r.resolve(node)
	switch of.Kind() {
	case reflect.Pointer:
		r.below(of.Elem(), node)
	case reflect.Slice:
		if node.Items != nil {
			r.below(of.Elem(), *node.Items)
		}
	case reflect.Map:
		r.below(of.Elem(), node.ofMap())
	case reflect.Struct:
		r.section(of, node)
	default: // has no fields
	}
}

// patterns writes a section for what each pattern adds to a port.
func (r *reference) patterns(port schemaNode) {
	for _, info := range api.Patterns() {
		of := reflect.TypeOf(info.New()).Elem()
		for _, branch := range r.resolve(port).branches() {
			if pattern := r.properties(branch)["pattern"]; pattern.Const == info.Name && of.NumField() > 0 {
				branch.Description = fmt.Sprintf("A port whose application %s; the mesh %s.", info.Application, info.Mesh)
				r.section(of, branch)
			}
		}
	}
}

// A schemaNode is what the reference needs of a JSON Schema.
type schemaNode struct {
	Ref                  string                `json:"$ref"`
	Description          string                `json:"description"`
	Default              any                   `json:"default"`
	Examples             []any                 `json:"examples"`
	Const                any                   `json:"const"`
	Properties           map[string]schemaNode `json:"properties"`
	AdditionalProperties *schemaNode           `json:"additionalProperties"`
	Items                *schemaNode           `json:"items"`
	AnyOf                []schemaNode          `json:"anyOf"`
	AllOf                []schemaNode          `json:"allOf"`
	Then                 *schemaNode           `json:"then"`
	Definitions          map[string]schemaNode `json:"definitions"`
}

// UnmarshalJSON reads a schema that is an object; true and false say nothing.
func (n *schemaNode) UnmarshalJSON(data []byte) error {
	if data[0] != '{' {
		return nil
	}
	type plain schemaNode
	return json.Unmarshal(data, (*plain)(n))
}

// branches returns the forms that a node may have.
func (n schemaNode) branches() []schemaNode {
	branches := slices.Clone(n.AnyOf)
	for _, choice := range n.AllOf {
		if choice.Then != nil {
			branches = append(branches, *choice.Then)
		}
	}
	return branches
}

// ofMap returns what the values of a map are.
func (n schemaNode) ofMap() schemaNode {
	if n.AdditionalProperties != nil {
		return *n.AdditionalProperties
	}
	return schemaNode{}
}

// resolve returns what a node is after its references, with its own words.
func (r *reference) resolve(n schemaNode) schemaNode {
	if n.Ref == "" {
		return n
	}
	name := n.Ref[strings.LastIndex(n.Ref, "/")+1:]
	target := r.resolve(r.schema.Definitions[name])
	target.Description = cmp.Or(n.Description, target.Description)
	if n.Default != nil {
		target.Default = n.Default
	}
	if n.Examples != nil {
		target.Examples = n.Examples
	}
	return target
}

// properties returns the fields of a node, with those of all its forms.
func (r *reference) properties(n schemaNode) map[string]schemaNode {
	n = r.resolve(n)
	found := maps.Clone(n.Properties)
	if found == nil {
		found = map[string]schemaNode{}
	}
	for _, form := range n.branches() {
		for name, property := range r.properties(form) {
			if _, ok := found[name]; !ok {
				found[name] = property
			}
		}
	}
	return found
}

// fieldsOf returns the fields that people write.
func fieldsOf(of reflect.Type) []reflect.StructField {
	return slices.DeleteFunc(apiFields(of), func(f reflect.StructField) bool {
		isMetadata := of == reflect.TypeFor[api.Bundle]() && slices.Contains(metadataFields, f.Name)
		return f.Tag.Get("json") == "-" || isMetadata
	})
}

// metadataFields are those of a bundle that are not of its spec.
var metadataFields = []string{"Name", "Namespace", "Labels", "Annotations"}

// yamlName returns the name of a field in YAML.
func yamlName(field reflect.StructField) string {
	if field.Type == reflect.TypeFor[api.Pattern]() {
		return "pattern"
	}
	if field.Name == "Number" {
		return "port"
	}
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	return cmp.Or(name, strings.ToLower(field.Name[:1])+field.Name[1:])
}

// typeText names a type, and links to its fields.
func typeText(of reflect.Type) string {
	switch {
	case of == reflect.TypeFor[api.Duration]():
		return "duration"
	case of == reflect.TypeFor[api.Date]():
		return "date"
	}
	switch of.Kind() {
	case reflect.Pointer:
		return typeText(of.Elem())
	case reflect.Slice:
		return "[" + typeText(of.Elem()) + "]"
	case reflect.Map:
		return "{" + typeText(of.Elem()) + "}"
	case reflect.Struct:
		return fmt.Sprintf("[%s](#%s)", titleOf(of), strings.ToLower(titleOf(of)))
	case reflect.Int, reflect.Int32, reflect.Uint32:
		return "integer"
	case reflect.Bool:
		return "boolean"
	default:
		return "string"
	}
}

// titleOf names a type as people know it.
func titleOf(of reflect.Type) string {
	switch of {
	case reflect.TypeFor[api.Bundle]():
		return api.KindBundle
	case reflect.TypeFor[api.Mesh]():
		return api.KindMesh
	default:
		return of.Name()
	}
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// inline writes an example in one line.
func inline(example any) string {
	if text, ok := example.(string); ok {
		return text
	}
	data, err := json.Marshal(example)
	if err != nil {
		panic(err) // It has been read as JSON.
	}
	return string(data)
}
