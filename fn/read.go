// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package fn

import (
	"path"
	"path/filepath"
	"slices"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egressbundle/egressbundle/fn/identity"
	"github.com/egressbundle/egressbundle/fn/input"
	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
)

// render renders the bundles that are meant, and looks at what stands beside them.
// An item is not the text of its file, so diagnostics name files and no lines.
func (c *call) render() (*egress.Output, error) {
	if c.isPartial() {
		return nil, partialPackage()
	}
	return c.renderTo(c.newInput())
}

// renderTo reads the functionConfig and the items into an Input, and renders it.
func (c *call) renderTo(in *input.Input) (*egress.Output, error) {
	if c.config != nil {
		if err := c.parseConfig(in); err != nil {
			return nil, err
		}
	}
	for item := range c.each() {
		others := isOfAPI(item) && !c.isSource(item)
		if item == c.configItem || others || identity.IsOurs(item) {
			continue
		}
		if err := c.parseItem(in, item); err != nil {
			return nil, err
		}
	}
	in.Report(c.generated(in.Bundles())...)
	in.PatchesWorkloads = true
	return in.Render()
}

// newInput says what it means for the host if there is no bundle.
func (c *call) newInput() *input.Input {
	in := &input.Input{
		AllowEmpty: c.seesAllBundles(), // A host of files asks again when the last bundle is gone.
		IsRendered: !c.inPlace && slices.ContainsFunc(c.items, identity.IsOurs),
		Remedy:     listBundle,
	}
	if c.inPlace {
		in.Remedy = givePackage
	}
	return in
}

// parseConfig reads the functionConfig, or the item that it is: that has its file.
func (c *call) parseConfig(in *input.Input) error {
	kind := c.config.GetKind()
	if !isOfAPI(c.config) && kind != api.KindBundle && kind != api.KindMesh {
		return wrongConfig(c.config)
	}
	if c.configItem == nil {
		return c.parseItem(in, c.config)
	}
	same, err := saySame(c.configItem, c.config, "metadata")
	if err != nil {
		return err
	}
	if !same {
		rule := diag.DuplicateBundle
		if kind == api.KindMesh {
			rule = diag.DuplicateMesh
		}
		in.Report(c.diagnostic(c.configItem, rule, "", differsFromConfig))
	}
	return c.parseItem(in, c.configItem)
}

// parseItem reads an item, under the name of the file that the host read it from.
func (c *call) parseItem(in *input.Input, item *yaml.RNode) error {
	file, original := c.originOf(item)
	return in.ParseItem(file, item.YNode(), original)
}

// diagnostic reports an error of an item.
func (c *call) diagnostic(item *yaml.RNode, rule diag.Code, path, message string) diag.Diagnostic {
	return diag.Diagnostic{
		Code:     rule,
		Severity: diag.SeverityError,
		Position: diag.Position{File: c.fileOf(item)},
		Object:   diag.ObjectRef{Kind: item.GetKind(), Namespace: item.GetNamespace(), Name: item.GetName()},
		Path:     path,
		Message:  message,
	}
}

// originOf returns where an item stands, and the text of that, as far as it is known.
func (c *call) originOf(item *yaml.RNode) (file string, text []byte) {
	if c.built != nil && isOfAPI(item) {
		if file, text = c.built.Original(item); file != "" {
			return file, text
		}
	}
	return c.fileOf(item), nil
}

// fileOf returns where an item stands, if its host tells: the path from the outermost
// package.
func (c *call) fileOf(item *yaml.RNode) string {
	annotations := item.GetAnnotations()
	if at := placeOf(annotations); at.path != "" && annotations[kustomizeID] == "" {
		if pkg, err := filepath.Rel(c.pkg, at.pkg); err == nil {
			return path.Join(filepath.ToSlash(pkg), at.path)
		}
		return at.path
	}
	var from struct {
		Path string `yaml:"path"`
	}
	if err := yaml.Unmarshal([]byte(annotations[origin]), &from); err != nil {
		return "" // It is not kustomize that wrote this.
	}
	return from.Path
}
