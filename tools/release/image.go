// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// newImage returns an image that holds a static program and the name of its user, nothing
// else, and no time.
func newImage(program, architecture string, from stamp) (v1.Image, error) {
	layer, err := newLayer(program, from)
	if err != nil {
		return nil, err
	}
	labels, err := labels(from)
	if err != nil {
		return nil, err
	}
	config := &v1.ConfigFile{
		OS: "linux", Architecture: architecture,
		RootFS: v1.RootFS{Type: "layers"},
		// Hosts of KRM functions run the image as the user nobody.
		Config: v1.Config{User: "65534:65534", Entrypoint: []string{"/egressbundle"}, Labels: labels},
	}
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	if base, err = mutate.ConfigFile(base, config); err != nil {
		return nil, err
	}
	return mutate.Append(base, mutate.Addendum{Layer: layer, MediaType: types.OCILayer})
}

func newLayer(program string, from stamp) (v1.Layer, error) {
	passwd, err := os.ReadFile(filepath.Join(from.root, "fn/passwd"))
	if err != nil {
		return nil, err
	}
	binary, err := os.ReadFile(program)
	if err != nil {
		return nil, err
	}
	var files bytes.Buffer
	w := tar.NewWriter(&files)
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: "etc/", Mode: 0o755}); err != nil {
		return nil, err
	}
	for _, f := range []packed{{"etc/passwd", 0o644, passwd}, {"egressbundle", 0o755, binary}} {
		if err := f.addToTar(w); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(files.Bytes())), nil }
	return tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer))
}

func labels(from stamp) (map[string]string, error) {
	revision, err := from.revision()
	if err != nil {
		return nil, err
	}
	const prefix = "org.opencontainers.image."
	return map[string]string{
		prefix + "title":       "egressbundle",
		prefix + "description": "A KRM function that lets workloads of an Istio mesh reach the outside world",
		prefix + "url":         source,
		prefix + "source":      source,
		prefix + "vendor":      "The EgressBundle Authors",
		prefix + "licenses":    "Apache-2.0",
		prefix + "version":     from.version,
		prefix + "revision":    revision,
	}, nil
}

// saveImage writes an image as docker load reads it.
func saveImage(image v1.Image, to, tag string) error {
	reference, err := name.NewTag(tag)
	if err != nil {
		return err
	}
	return tarball.WriteToFile(to, reference, image)
}
