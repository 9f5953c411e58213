// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/kio/kioutil"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egressbundle/egressbundle/pkg/egress"
)

// A call is what a host of KRM functions asks for. What arrives tells its form:
//
//   - The functionConfig is an EgressBundle: that bundle is rendered, and no other.
//   - The functionConfig is an EgressMesh, or there is none: every bundle among the
//     items is rendered, with that mesh or the one among the items.
//
// If the items are files, to which the host writes them back, bundles stay among
// them, and objects that are not wanted any more are removed. Elsewhere bundles are
// taken out: nobody but this function knows what to do with them.
type call struct {
	config *yaml.RNode // nil: none
	items  []*yaml.RNode
	// inPlace says that the host writes the items back to files.
	inPlace bool
	// hostShowsResults says that the host is kpt, which shows them, and which keeps
	// what stands on standard error in Git.
	hostShowsResults bool
}

// Annotations by which hosts tell what an item is to them.
const (
	// kustomizeID is on the items that kustomize gives to a transformer.
	kustomizeID = "kustomize.config.k8s.io/id"
	// packagePath is on the items of kpt: the package that they belong to.
	packagePath = "internal.config.kubernetes.io/package-path"
	// previousNames and previousNamespaces are those that kustomize changed, the first
	// one first.
	previousNames      = "internal.config.kubernetes.io/previousNames"
	previousNamespaces = "internal.config.kubernetes.io/previousNamespaces"
	// origin is where kustomize read an item, if buildMetadata asks for it.
	origin = "config.kubernetes.io/origin"
	// localConfig keeps an item from being applied.
	localConfig = "config.kubernetes.io/local-config"
	// Older hosts know these alone.
	legacyPath  = "config.kubernetes.io/path"
	legacyIndex = "config.kubernetes.io/index"
	legacyID    = "config.k8s.io/id"
)

// isFleet reports whether all bundles among the items are meant.
func (c *call) isFleet() bool { return c.config == nil || c.config.GetKind() == kindMesh }

// newCall looks once at what the items say of their host. kustomize never writes them
// back, also if another function left paths in them.
func newCall(config *yaml.RNode, items []*yaml.RNode) *call {
	has := func(matches func(annotations map[string]string) bool) bool {
		return slices.ContainsFunc(items, func(item *yaml.RNode) bool { return matches(item.GetAnnotations()) })
	}
	return &call{
		config: config,
		items:  items,
		inPlace: has(func(a map[string]string) bool { return pathOf(a) != "" }) &&
			!has(func(a map[string]string) bool { return a[kustomizeID] != "" }),
		hostShowsResults: has(func(a map[string]string) bool { return a[packagePath] != "" }),
	}
}

func pathOf(annotations map[string]string) string {
	if path := annotations[kioutil.PathAnnotation]; path != "" {
		return path
	}
	return annotations[legacyPath]
}

const (
	kindBundle = "EgressBundle"
	kindMesh   = "EgressMesh"

	kindService = "Service"
)

// isOfAPI reports whether an item is of the API of this function, also if its kind
// is misspelt.
func isOfAPI(item *yaml.RNode) bool {
	group, _, _ := strings.Cut(egress.APIVersion, "/")
	return strings.HasPrefix(item.GetApiVersion(), group+"/")
}

// isSource reports whether an item is rendered in this call.
func (c *call) isSource(item *yaml.RNode) bool {
	return c.isConfig(item) || isOfAPI(item) && (c.isFleet() || item.GetKind() == kindMesh)
}

// isConfig reports whether an item is the functionConfig, which hosts give as an
// item too.
func (c *call) isConfig(item *yaml.RNode) bool {
	return c.config != nil && identityOf(item) == identityOf(c.config)
}

// An identity is what no two objects share.
type identity struct{ apiVersion, kind, namespace, name string }

func identityOf(node *yaml.RNode) identity {
	return identity{node.GetApiVersion(), node.GetKind(), node.GetNamespace(), node.GetName()}
}

// render renders the bundles that are meant, and looks at what stands beside them.
// An item is not the text of its file, so diagnostics name files and no lines.
func (c *call) render() (*egress.Output, error) {
	in := &input{}
	if c.config != nil {
		if kind := c.config.GetKind(); !isOfAPI(c.config) && kind != kindBundle && kind != kindMesh {
			in.add(egress.NoBundle, "", fmt.Sprintf("functionConfig must be an %s or an %s (apiVersion: %s), got %q of %q", kindBundle, kindMesh, egress.APIVersion, kind, c.config.GetApiVersion()))
			return nil, in.invalid()
		}
		if err := in.parseItem(c.config); err != nil {
			return nil, err
		}
	}
	in.diagnostics = append(in.diagnostics, c.moved()...)
	for _, item := range c.items {
		others := isOfAPI(item) && !c.isSource(item)
		if c.isConfig(item) || others || isOurs(item) {
			continue
		}
		if err := in.parseItem(item); err != nil {
			return nil, err
		}
	}
	return in.render()
}

// moved looks for objects of earlier functions that kustomize put into another
// namespace since, and for Services that it renamed, whose DNS names no list of name
// references reaches. What others say of them still names the first.
func (c *call) moved() []egress.Diagnostic {
	var diagnostics []egress.Diagnostic
	add := func(item *yaml.RNode, code egress.Code, path, format string, args ...any) {
		diagnostics = append(diagnostics, egress.Diagnostic{
			Code:     code,
			Severity: egress.SeverityError,
			Position: egress.Position{File: fileOf(item)},
			Object:   egress.ObjectRef{Kind: item.GetKind(), Namespace: item.GetNamespace(), Name: item.GetName()},
			Path:     path,
			Message:  fmt.Sprintf(format+"; list the bundle under resources there, and render it with an "+kindMesh+" under transformers", args...),
		})
	}
	for _, item := range c.items {
		if !isOurs(item) {
			continue
		}
		annotations := item.GetAnnotations()
		if from, _, _ := strings.Cut(annotations[previousNamespaces], ","); from != "" && from != item.GetNamespace() {
			add(item, egress.MovedObject, "metadata.namespace", "must be %q, and a namespace in a kustomization made it %q, so traffic would be cut", from, item.GetNamespace())
		}
		if from, _, _ := strings.Cut(annotations[previousNames], ","); from != "" && from != item.GetName() && item.GetKind() == kindService {
			add(item, egress.RenamedService, "metadata.name", "must be %q, and a prefix or suffix in a kustomization made it %q, so nothing would find it by its DNS name", from, item.GetName())
		}
	}
	return diagnostics
}

// parseItem reads an item, under the name of the file that the host read it from.
func (in *input) parseItem(item *yaml.RNode) error {
	text, err := item.String()
	if err != nil {
		return err
	}
	found, err := egress.ParseItem(fileOf(item), []byte(text))
	in.found.Add(found)
	return in.collect(err)
}

// fileOf returns where an item stands, if its host tells.
func fileOf(item *yaml.RNode) string {
	annotations := item.GetAnnotations()
	if path := pathOf(annotations); path != "" && annotations[kustomizeID] == "" {
		return path
	}
	var from struct {
		Path string `yaml:"path"`
	}
	if err := yaml.Unmarshal([]byte(annotations[origin]), &from); err != nil {
		return "" // It is not kustomize that wrote this.
	}
	return from.Path
}
