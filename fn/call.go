// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package fn

import (
	"iter"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/kio/kioutil"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egressbundle/egressbundle/fn/identity"
	"github.com/egressbundle/egressbundle/fn/kustomization"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
)

// A call is what a host of KRM functions asks for. What arrives tells its form:
//
//   - The functionConfig is an EgressMesh, or there is none: every bundle among the
//     items is rendered, with that mesh or the one among the items.
//   - The functionConfig is an EgressBundle: that bundle is rendered, and no other, but
//     if it is one of the files among the items, every bundle among them is. So each
//     step of a pipeline knows what the others need of the objects that they share.
//
// If the items are files, to which the host writes them back, bundles stay among
// them, and objects that are not wanted any more are removed. Elsewhere bundles are
// taken out: nobody but this function knows what to do with them.
type call struct {
	config     *yaml.RNode // nil: none
	configItem *yaml.RNode // the item that is the functionConfig as well; nil: none
	items      []*yaml.RNode
	// built is where the items come from, if no host gives them.
	built *kustomization.Build // nil: a host does
	// inPlace says that the host writes the items back to files.
	inPlace bool
	// pkg is the outermost package among the items, if the host is kpt fn render, and
	// kptfile its Kptfile, which kpt fn eval gives too.
	pkg     string
	kptfile *yaml.RNode // nil: none
	// at is the object that is being looked at; nil: none alone.
	at *yaml.RNode
}

// Annotations by which hosts tell what an item is to them.
const (
	// kustomizeID is on the items that kustomize gives to a transformer.
	kustomizeID = "kustomize.config.k8s.io/id"
	// packagePath is on the items of kpt: the package that they belong to.
	packagePath = "internal.config.kubernetes.io/package-path"
	// origin is where kustomize read an item, if buildMetadata asks for it.
	origin = "config.kubernetes.io/origin"
	// localConfig keeps an item from being applied.
	localConfig = "config.kubernetes.io/local-config"
	// Older hosts know these alone.
	legacyPath  = "config.kubernetes.io/path"
	legacyIndex = "config.kubernetes.io/index"
	legacyID    = "config.k8s.io/id"
)

// look looks once at what the items say of their host. kustomize never writes them back,
// also if another function left paths in them.
func (c *call) look() {
	has := func(matches func(annotations map[string]string) bool) bool {
		return c.find(func(item *yaml.RNode) bool { return matches(item.GetAnnotations()) }) != nil
	}
	if isEmptyConfigMap(c.config) {
		c.config = nil // kpt fn eval makes it up where the user gives none.
	}
	c.configItem = c.configAmong()
	c.inPlace = has(func(a map[string]string) bool { return pathOf(a) != "" }) &&
		!has(func(a map[string]string) bool { return a[kustomizeID] != "" })
	if c.inPlace {
		c.pkg = outermostPackage(c.items)
		at := place{pkg: c.pkg, path: "Kptfile"}
		c.kptfile = c.find(func(item *yaml.RNode) bool { return placeOf(item.GetAnnotations()) == at })
	}
}

// each yields the items, and notes at which one the call is.
func (c *call) each() iter.Seq[*yaml.RNode] {
	return func(yield func(item *yaml.RNode) bool) {
		for _, item := range c.items {
			if c.at = item; !yield(item) {
				break
			}
		}
		c.at = nil
	}
}

// find returns the first item that matches, or nil.
func (c *call) find(matches func(item *yaml.RNode) bool) *yaml.RNode {
	for item := range c.each() {
		if matches(item) {
			return item
		}
	}
	return nil
}

func isEmptyConfigMap(node *yaml.RNode) bool {
	return node != nil && node.GetApiVersion() == "v1" && node.GetKind() == "ConfigMap" && len(node.GetDataMap()) == 0
}

// configAmong returns the item that is the functionConfig as well. Hosts of files note
// in both where they read it, and sub-packages may hold another of the same name.
func (c *call) configAmong() *yaml.RNode {
	if c.config == nil {
		return nil
	}
	key, at := identity.Of(c.config), placeOf(c.config.GetAnnotations())
	return c.find(func(item *yaml.RNode) bool {
		return identity.Of(item) == key && (at.path == "" || placeOf(item.GetAnnotations()) == at)
	})
}

// outermostPackage returns the first package in the order of their paths: each stands
// before those inside it.
func outermostPackage(items []*yaml.RNode) string {
	var packages []string
	for _, item := range items {
		if pkg := item.GetAnnotations()[packagePath]; pkg != "" {
			packages = append(packages, pkg)
		}
	}
	if len(packages) == 0 {
		return ""
	}
	return slices.Min(packages)
}

// isFleet reports whether all bundles among the items are meant.
func (c *call) isFleet() bool {
	return c.config == nil || c.config.GetKind() == api.KindMesh || c.inPlace && c.configItem != nil
}

// seesAllBundles reports whether every bundle that may have made an object among the
// items is rendered. The user of kpt fn eval can name a folder of a package, and then its
// Kptfile is missing. kustomize fn run has none: there, an EgressMesh is for the bundles
// below the folder of its file, and a bundle for itself.
func (c *call) seesAllBundles() bool {
	isMesh := c.pkg == "" && c.config != nil && c.config.GetKind() == api.KindMesh && pathOf(c.config.GetAnnotations()) != ""
	return c.inPlace && c.isFleet() && (isMesh || c.kptfile != nil)
}

// A place is a file of a package.
type place struct{ pkg, path string }

func placeOf(annotations map[string]string) place {
	return place{pkg: annotations[packagePath], path: pathOf(annotations)}
}

func pathOf(annotations map[string]string) string {
	if path := annotations[kioutil.PathAnnotation]; path != "" {
		return path
	}
	return annotations[legacyPath]
}

const (
	kindService = "Service"
	kindSidecar = "Sidecar"
)

// isOfAPI reports whether an item is of the API of this function, also if its kind
// is misspelt.
func isOfAPI(item *yaml.RNode) bool {
	return strings.HasPrefix(item.GetApiVersion(), api.Group+"/")
}

// isSource reports whether an item is rendered in this call. A kind that nobody knows may be
// that of the mesh.
func (c *call) isSource(item *yaml.RNode) bool {
	return item == c.configItem || isOfAPI(item) && (c.isFleet() || item.GetKind() != api.KindBundle)
}
