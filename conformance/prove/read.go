// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package prove

import (
	"fmt"
	"io/fs"
	"os"

	"github.com/egressbundle/egressbundle/conformance/cluster"
	"github.com/egressbundle/egressbundle/fn/yamlfile"
	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
)

// Read reads EgressBundles, with an EgressMesh or without, and other objects, which are taken as applied beside them. They
// stand in files, and in those of folders that render reads.
func Read(paths []string) (*Case, error) {
	r := &reader{}
	for _, path := range paths {
		if err := r.readPath(path); err != nil {
			return nil, err
		}
	}
	return newCase(r.found, r.beside)
}

// A reader collects what is read.
type reader struct {
	found  egress.Documents
	beside []cluster.Manifest
}

func (r *reader) readPath(root string) error {
	info, err := os.Stat(root)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return r.readFile(root, cluster.Read)
	}
	return yamlfile.Walk(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !yamlfile.IsYAML(path) {
			return err
		}
		return r.readFile(path, cluster.ReadFile)
	})
}

func (r *reader) readFile(path string, read func(text string) ([]cluster.Manifest, error)) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	documents, err := egress.Parse(path, text)
	if err != nil {
		return err
	}
	r.found.Add(documents)
	manifests, err := read(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for _, m := range manifests {
		if m.Object.GroupVersionKind().GroupVersion().String() != api.APIVersion {
			r.beside = append(r.beside, m)
		}
	}
	return nil
}
