// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package kustomization

import (
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/kyaml/fn/runtime/runtimeutil"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egressbundle/egressbundle/fn/code"
	"github.com/egressbundle/egressbundle/fn/identity"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
)

// findings are what was found while kustomize read.
type findings struct {
	meshes      []*yaml.RNode
	diagnostics []diag.Diagnostic
	originals   originals
	patches     []patch
	// reading are the entries that are being read, which must not name themselves.
	reading map[string]bool
}

func (f *findings) report(d diag.Diagnostic) { f.diagnostics = append(f.diagnostics, d) }

// An entryAt is an entry of a kustomization, and where it stands.
type entryAt struct {
	file, field string
	node        *yaml.Node
}

// sorted are the objects of an entry, but for meshes.
type sorted struct{ builtin, bundles []*yaml.RNode }

// sort tells the objects of an entry apart, keeps the meshes, and reports functions of others.
func (f *findings) sort(at entryAt, configs []*yaml.RNode) sorted {
	var s sorted
	for _, config := range configs {
		switch {
		case config.GetKind() == api.KindMesh:
			f.addMesh(config)
		case isOfAPI(config):
			s.bundles = append(s.bundles, config)
		case config.GetApiVersion() == konfig.BuiltinPluginApiVersion:
			s.builtin = append(s.builtin, config)
		case runsProgram(config) && len(config.GetDataMap()) == 0:
			// It has nothing to say, and stands for all bundles, which are rendered anyway.
		default:
			f.report(foreign(f.originals.position(at), at.field, config))
		}
	}
	return s
}

// isOfAPI reports whether an object is of the API of this program, also if one of the two that
// say so is misspelt.
func isOfAPI(config *yaml.RNode) bool {
	return strings.HasPrefix(config.GetApiVersion(), api.Group+"/") || slices.Contains(api.Kinds(), config.GetKind())
}

// runsProgram reports whether an object of another API configures a function that is this
// program.
func runsProgram(config *yaml.RNode) bool {
	function, err := runtimeutil.GetFunctionSpec(config)
	return err == nil && function != nil && (identity.IsProgram(function.Exec.Path) || identity.IsProgram(function.Container.Image))
}

// addMesh keeps a mesh, if none was kept that says the same.
func (f *findings) addMesh(mesh *yaml.RNode) {
	if !slices.ContainsFunc(f.meshes, func(other *yaml.RNode) bool { return saySame(other, mesh) }) {
		f.meshes = append(f.meshes, mesh)
	}
}

// saySame reports whether two objects of this API say the same, whatever their names.
func saySame(a, b *yaml.RNode) bool {
	return a.GetKind() == b.GetKind() && textOf(a.Field("spec")) == textOf(b.Field("spec"))
}

// textOf returns a field in a form that is equal for all that say the same.
func textOf(field *yaml.MapNode) string {
	if field == nil {
		return ""
	}
	text, err := field.Value.MarshalJSON()
	if err != nil {
		return field.Value.MustString()
	}
	return string(text)
}

// foreign is the error that a kustomization names the function of others.
func foreign(at diag.Position, path string, config *yaml.RNode) diag.Diagnostic {
	return diag.Diagnostic{
		Code:     code.ForeignFunction,
		Severity: diag.SeverityError,
		Position: at,
		Object:   diag.ObjectRef{Kind: config.GetKind(), Namespace: config.GetNamespace(), Name: config.GetName()},
		Path:     path,
		Message: "must be of kustomize itself or of egressbundle, got a function (apiVersion: " + config.GetApiVersion() + ", kind: " +
			config.GetKind() + "), and egressbundle build runs no programs; take it out, or build with kustomize, which runs " +
			"egressbundle as a function too: kustomize build --enable-alpha-plugins --enable-exec",
	}
}
