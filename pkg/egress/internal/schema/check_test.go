// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"slices"
	"strings"
	"testing"

	"cuelang.org/go/cue"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
)

// TestSubsumeIsUnify: where the definitions have scalars and lists of them, CUE finds with
// subsumption what it finds with unification, and checker.unifies may ask for either.
func TestSubsumeIsUnify(t *testing.T) {
	c := &checker{compiled: compile()}
	verdicts := map[bool]int{}
	for _, definition := range append(c.patterns(), api.Kinds()...) {
		for n := range c.plainIn(c.definition(definition)) {
			for _, value := range someValues() {
				v := c.context.Encode(value, cue.NilIsAny(false))
				subsumes := v.Err() == nil && n.schema.Subsume(v, cue.Final()) == nil
				unifies := n.schema.Unify(v).Validate(cue.Concrete(true)) == nil
				if subsumes != unifies {
					t.Errorf("%s: %v: subsumed %v, unified %v", n.schema.Path(), value, subsumes, unifies)
				}
				verdicts[unifies]++
			}
		}
	}
	if verdicts[true] < 100 || verdicts[false] < 100 {
		t.Errorf("too few verdicts: %v", verdicts)
	}
}

// plainIn returns the plain nodes in a node.
func (c *compiled) plainIn(n *node) map[*node]bool {
	plain, seen := map[*node]bool{}, map[*node]bool{}
	var look func(n *node)
	look = func(n *node) {
		if n == nil || seen[n] {
			return
		}
		seen[n] = true
		c.read(n)
		if n.isPlain {
			plain[n] = true
		}
		for _, field := range n.fields {
			look(field)
		}
		look(n.values)
		look(n.items)
	}
	look(n)
	return plain
}

// someValues returns scalars that some definition takes, some that none takes, and each in a list
// and in a map.
func someValues() []any {
	scalars := []any{
		nil, true, false, int64(0), int64(1), int64(443), int64(65535), int64(65536), int64(-1), 1.5, 443.0, 1e300,
		"", "a", "A", "a.b", "*.a.b", "1.2.3.4", "1.2.3.4/24", "1.2.3.4/240", "::1", "::/0", "Gateway", "egressbundle.io/v1alpha1",
		"EgressBundle", "EgressMesh", "REGISTRY_ONLY", "1s", "0s", "1m30s", "5xx", "reset", "50%", "a/b/c", "\uFFFD", "a b\n", "{}",
		strings.Repeat("a.", 126) + "a", strings.Repeat("a.", 127) + "a", strings.Repeat("é", 1024), strings.Repeat("é", 1025),
	}
	values := slices.Clone(scalars)
	for i, s := range scalars {
		values = append(values, []any{s}, []any{s, scalars[(i*7+3)%len(scalars)]}, []any{[]any{s}}, map[string]any{"a": s})
	}
	return append(values, []any{}, map[string]any{}, []any{map[string]any{}})
}
