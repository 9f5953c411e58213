// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// An imageLayout is a folder with images and what is attached to them, as OCI lays it out.
type imageLayout struct{ layout.Path }

// writeIndex writes an image for each platform of Linux, and one index of them.
func writeIndex(dir string, platforms []string, from stamp) (imageLayout, v1.Descriptor, error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, platform := range platforms {
		architecture, isLinux := strings.CutPrefix(platform, "linux_")
		if !isLinux {
			continue
		}
		image, err := newImage(programOf(dir, platform), architecture, from)
		if err != nil {
			return imageLayout{}, v1.Descriptor{}, err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: architecture}},
		})
	}
	path, err := layout.Write(filepath.Join(dir, "image"), empty.Index)
	if err != nil {
		return imageLayout{}, v1.Descriptor{}, err
	}
	tag := layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": from.version})
	if err := path.AppendIndex(index, tag); err != nil {
		return imageLayout{}, v1.Descriptor{}, err
	}
	descriptor, err := partial.Descriptor(index)
	if err != nil {
		return imageLayout{}, v1.Descriptor{}, err
	}
	return imageLayout{path}, *descriptor, nil
}

func (l imageLayout) attachFile(subject v1.Descriptor, path string, kind types.MediaType) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return l.attach(subject, content, kind, map[string]string{"org.opencontainers.image.title": filepath.Base(path)})
}

// attach lets a registry list content among what refers to an image.
func (l imageLayout) attach(subject v1.Descriptor, content []byte, kind types.MediaType, annotations map[string]string) error {
	config, err1 := l.write([]byte("{}"), "application/vnd.oci.empty.v1+json")
	layer, err2 := l.write(content, kind)
	manifest, err3 := json.Marshal(v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1, ArtifactType: string(kind),
		Config: config, Layers: []v1.Descriptor{layer}, Annotations: annotations,
		Subject: &v1.Descriptor{MediaType: subject.MediaType, Digest: subject.Digest, Size: subject.Size},
	})
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	descriptor, err := l.write(manifest, types.OCIManifestSchema1)
	if err != nil {
		return err
	}
	descriptor.ArtifactType = string(kind)
	return l.AppendDescriptor(descriptor)
}

func (l imageLayout) write(content []byte, kind types.MediaType) (v1.Descriptor, error) {
	digest, size, err := v1.SHA256(bytes.NewReader(content))
	if err != nil {
		return v1.Descriptor{}, err
	}
	return v1.Descriptor{MediaType: kind, Digest: digest, Size: size}, l.WriteBlob(digest, io.NopCloser(bytes.NewReader(content)))
}
