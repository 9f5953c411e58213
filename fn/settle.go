// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package fn

import (
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/kio/kioutil"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egressbundle/egressbundle/fn/folder"
	"github.com/egressbundle/egressbundle/fn/identity"
	"github.com/egressbundle/egressbundle/fn/warning"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// settle puts objects among the items. An object that is there already keeps its
// place and what the host noted of it, and if it does not change, it stays as it
// is written; a second copy of it goes. New ones are added, in files of their own if the
// host keeps files.
func (c *call) settle(objects []*madeObject) (*answer, error) {
	s := newSettlement(c, objects)
	var a answer
	for item := range c.each() {
		if s.isGone(item) {
			s.noteGone(item)
			continue
		}
		kept, err := s.keep(item)
		if err != nil {
			return nil, err
		}
		a.items = append(a.items, kept)
	}
	a.diagnostics = warning.Gone(s.gone)
	for _, m := range objects {
		if !s.settled[m.key()] {
			a.added = append(a.added, m)
		}
	}
	if !c.inPlace {
		return &a, nil
	}
	return &a, c.place(a.added, a.items)
}

// A settlement is how far objects are among the items of a call.
type settlement struct {
	call     *call
	wanted   map[identity.Key]*madeObject
	rendered map[string]bool // bundles
	settled  map[identity.Key]bool
	gone     []string // bundles that make no object any more
}

func newSettlement(c *call, objects []*madeObject) *settlement {
	s := &settlement{
		call:     c,
		wanted:   map[identity.Key]*madeObject{},
		rendered: bundlesOf(objects),
		settled:  map[identity.Key]bool{},
	}
	for _, m := range objects {
		s.wanted[m.key()] = m
	}
	return s
}

// isGone reports whether an item is not among the items any more: a second copy, an object
// that nobody wants, or a bundle that nobody but this function would know.
func (s *settlement) isGone(item *yaml.RNode) bool {
	key := identity.Of(item)
	return s.settled[key] && identity.IsOurs(item) ||
		s.wanted[key] == nil && s.call.isStale(item, s.rendered) ||
		s.call.isSource(item) && !s.call.inPlace
}

// noteGone notes the bundle of an item that is gone, if all its objects are.
func (s *settlement) noteGone(item *yaml.RNode) {
	bundle := item.GetAnnotations()[object.AnnotationBundle]
	if identity.IsOurs(item) && !s.rendered[bundle] {
		s.gone = append(s.gone, bundle)
	}
}

// keep returns what an item becomes.
func (s *settlement) keep(item *yaml.RNode) (*yaml.RNode, error) {
	key := identity.Of(item)
	m := s.wanted[key]
	switch {
	case m != nil && identity.IsOurs(item):
		s.settled[key] = true
		if m.isShared() && !s.call.seesAllBundles() {
			return item, nil // It says what is wanted, as checkShared knows.
		}
		return m.replace(item)
	case s.call.isSource(item):
		item = item.Copy()
		return item, annotate(item, map[string]string{localConfig: "true"})
	default:
		return item, nil
	}
}

// isStale reports whether an item is an object that its bundle does not make any
// more. Whoever sees all bundles also knows of those that are gone, and of what
// belongs to no single bundle.
func (c *call) isStale(item *yaml.RNode, rendered map[string]bool) bool {
	return identity.IsOurs(item) && (c.seesAllBundles() || rendered[item.GetAnnotations()[object.AnnotationBundle]])
}

// bundlesOf returns the bundles that objects are made from.
func bundlesOf(objects []*madeObject) map[string]bool {
	bundles := map[string]bool{}
	for _, m := range objects {
		if bundle := m.Annotations[object.AnnotationBundle]; bundle != "" {
			bundles[bundle] = true
		}
	}
	return bundles
}

// notesOf returns the annotations that hosts keep for themselves: where an item
// stands, which comments belong to it, and where it was copied from.
func notesOf(item *yaml.RNode) map[string]string {
	notes := map[string]string{}
	for key, value := range item.GetAnnotations() {
		prefix, _, _ := strings.Cut(key, "/")
		switch {
		case prefix == "internal.config.kubernetes.io", prefix == "internal.kpt.dev", prefix == "kustomize.config.k8s.io",
			key == legacyPath, key == legacyIndex, key == legacyID:
			notes[key] = value
		}
	}
	return notes
}

func annotate(node *yaml.RNode, annotations map[string]string) error {
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		if err := node.PipeE(yaml.SetAnnotation(key, annotations[key])); err != nil {
			return err
		}
	}
	return nil
}

// place gives new objects a file each, below that of the bundle, where kpt would
// put them. What belongs to no single bundle is placed below the functionConfig,
// or the first bundle.
func (c *call) place(added []*madeObject, items []*yaml.RNode) error {
	next, sources := nextIndexes(items), c.sources()
	for _, m := range added {
		source := sources[m.Annotations[object.AnnotationBundle]]
		if source == nil {
			source = sources[allBundles]
		}
		beside := source.GetAnnotations()
		name := folder.FileName(m.Namespace, m.Kind, m.Name)
		at := placeOf(beside)
		at.path = path.Join(path.Dir(at.path), name)
		notes := map[string]string{
			kioutil.PathAnnotation:  at.path,
			kioutil.IndexAnnotation: strconv.Itoa(next[at]),
		}
		if at.pkg != "" {
			notes[packagePath] = at.pkg
		}
		next[at]++
		if err := m.annotate(notes); err != nil {
			return err
		}
	}
	return nil
}

// nextIndexes returns the first index that is free in each file.
func nextIndexes(items []*yaml.RNode) map[place]int {
	next := map[place]int{}
	for _, item := range items {
		annotations := item.GetAnnotations()
		at := placeOf(annotations)
		index, err := strconv.Atoi(annotations[kioutil.IndexAnnotation])
		if err != nil {
			index, _ = strconv.Atoi(annotations[legacyIndex]) // 0, if there is none.
		}
		next[at] = max(next[at], index+1)
	}
	return next
}

// allBundles is the key of what stands for all bundles.
const allBundles = ""

// sources returns the bundles by NAMESPACE/NAME, and what stands for all of them: the
// functionConfig, if it is a file as well, or the first bundle.
func (c *call) sources() map[string]*yaml.RNode {
	sources := map[string]*yaml.RNode{}
	for _, item := range slices.Backward(c.items) {
		if c.isSource(item) && item.GetKind() == api.KindBundle {
			sources[item.GetNamespace()+"/"+item.GetName()] = item
			sources[allBundles] = item
		}
	}
	if c.configItem != nil {
		sources[allBundles] = c.configItem
	}
	if sources[allBundles] == nil {
		sources[allBundles] = c.config
	}
	return sources
}

// checkKept makes sure that nothing is lost: a host that keeps files removes what
// does not come back. Only what this program made, and the bundles that it took
// out, may be missing.
func (c *call) checkKept(items []*yaml.RNode) error {
	kept := map[identity.Key]int{}
	for _, item := range items {
		kept[identity.Of(item)]++
	}
	for item := range c.each() {
		id := identity.Of(item)
		kept[id]--
		if kept[id] < 0 && !identity.IsOurs(item) && (c.inPlace || !c.isSource(item)) {
			return lost(id)
		}
	}
	return nil
}
