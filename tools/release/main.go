// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// The command release packs programs that are built. "image" makes a container image of one,
// "pack" makes a release of one for each platform: archives, an image for each architecture
// with the bill of materials attached, checksums, provenance, notes, and signatures if
// COSIGN_PRIVATE_KEY is a key. What it makes of the same commit is the same, byte for byte,
// but for signatures. It publishes nothing.
package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 6 && args[0] == "image":
		return writeImage(args[1], args[2], args[3], stamp{root: args[4], version: args[5]})
	case len(args) == 4 && args[0] == "pack":
		return pack(args[1], stamp{root: args[2], version: args[3]})
	}
	return errors.New("usage: release image PROGRAM TO.tar TAG REPOSITORY VERSION\n       release pack DIR REPOSITORY VERSION")
}

// writeImage makes the image of a program of this machine, as docker load reads it.
func writeImage(program, to, tag string, from stamp) error {
	image, err := newImage(program, runtime.GOARCH, from)
	if err != nil {
		return err
	}
	return saveImage(image, to, tag)
}
