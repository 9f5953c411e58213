// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package schema checks documents against the CUE definitions of the API and
// derives JSON Schema from them. It is the one place that knows CUE.
package schema

import (
	"fmt"
	"io/fs"
	"sync"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/parser"

	"github.com/egressbundle/egressbundle/schemas"
)

// compiled are the CUE definitions, ready for use. They are not safe for
// concurrent use, and what CUE evaluates stays in their memory.
type compiled struct {
	context     *cue.Context
	root        cue.Value
	definitions map[string]*node
}

// pool holds compiled definitions between two checks. The garbage collector
// empties it, and with it the memory that CUE does not give back by itself.
var pool = sync.Pool{New: func() any { return compile() }}

func borrow() *compiled {
	c, ok := pool.Get().(*compiled)
	if !ok {
		panic("schema: the pool holds something else")
	}
	return c
}

// compile panics if the embedded definitions do not compile, as template.Must
// does: no input reaches it.
func compile() *compiled {
	context := cuecontext.New()
	root := context.BuildInstance(instance())
	if err := root.Err(); err != nil {
		panic(fmt.Sprintf("schemas: %v", err))
	}
	return &compiled{context: context, root: root, definitions: map[string]*node{}}
}

// instance puts the definitions into one package. CUE's own loader would bring a
// client of module registries into the program.
func instance() *build.Instance {
	all := build.NewContext().NewInstance("", nil)
	for _, name := range orPanic(fs.Glob(schemas.FS, "*.cue")) {
		file := orPanic(parser.ParseFile(name, orPanic(schemas.FS.ReadFile(name)), parser.ParseComments))
		if err := all.AddSyntax(file); err != nil {
			panic(fmt.Sprintf("schemas: %v", err))
		}
	}
	return all
}

func orPanic[T any](value T, err error) T {
	if err != nil {
		panic(fmt.Sprintf("schemas: %v", err))
	}
	return value
}

func (c *compiled) lookup(definition string) cue.Value {
	return c.root.LookupPath(cue.MakePath(cue.Def(definition)))
}

// definition returns the node of a definition, and nil if there is none.
func (c *compiled) definition(name string) *node {
	if n, ok := c.definitions[name]; ok {
		return n
	}
	var n *node
	if v := c.lookup(name); v.Exists() {
		n = c.newNode(v)
		n.name = name
		c.read(n)
	}
	c.definitions[name] = n
	return n
}
