// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// The command image takes out of an image, as docker save writes it, what differs
// from build to build: times, and names of containers and machines. What is left is
// the same for the same files and labels, and so is its digest.
package main

import (
	"fmt"
	"os"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: image FROM.tar TO.tar TAG")
		os.Exit(1)
	}
	if err := canonicalize(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func canonicalize(from, to, tag string) error {
	reference, err := name.NewTag(tag)
	if err != nil {
		return err
	}
	image, err := tarball.ImageFromPath(from, nil)
	if err != nil {
		return err
	}
	canonical, err := mutate.Canonical(image)
	if err != nil {
		return err
	}
	file, err := canonical.ConfigFile()
	if err != nil {
		return err
	}
	// An engine without BuildKit notes its intermediate image here.
	config := file.Config
	config.Image = ""
	final, err := mutate.Config(canonical, config)
	if err != nil {
		return err
	}
	return tarball.WriteToFile(to, reference, final)
}
