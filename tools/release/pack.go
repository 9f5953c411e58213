// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

const sbomFile = "egressbundle.cdx.json"

// pack makes a release of the programs in DIR/programs and the bill of materials in DIR.
func pack(dir string, from stamp) error {
	sign, err := loadSigner(from)
	if err != nil {
		return err
	}
	platforms, err := listPlatforms(dir)
	if err != nil {
		return err
	}
	for _, platform := range platforms {
		if err := writeArchive(dir, platform, from); err != nil {
			return err
		}
	}
	layout, index, err := writeIndex(dir, platforms, from)
	if err != nil {
		return err
	}
	if err := layout.attachFile(index, filepath.Join(dir, sbomFile), "application/vnd.cyclonedx+json"); err != nil {
		return err
	}
	if err := writeNotes(dir, index, from); err != nil {
		return err
	}
	sums, err := writeChecksums(dir)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(filepath.Join(dir, "programs")); err != nil {
		return err
	}
	return attest(dir, layout, index, sums, from, sign)
}

func programOf(dir, platform string) string {
	return filepath.Join(dir, "programs", platform, "egressbundle")
}

func listPlatforms(dir string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(dir, "programs"))
	if err != nil {
		return nil, err
	}
	var platforms []string
	for _, entry := range entries {
		platforms = append(platforms, entry.Name())
	}
	return platforms, nil
}

func writeNotes(dir string, index v1.Descriptor, from stamp) error {
	notes, err := from.notes()
	if err != nil {
		return err
	}
	text := fmt.Sprintf("# EgressBundle %s\n\nImage: `%s`\n\n%s", from.version, index.Digest, notes)
	return os.WriteFile(filepath.Join(dir, "notes.md"), []byte(text), 0o644)
}

// A sum is the SHA-256 of a file.
type sum struct{ file, hex string }

// writeChecksums writes the sums of what people download, as sha256sum --check reads them.
func writeChecksums(dir string) ([]sum, error) {
	var sums []sum
	var text strings.Builder
	for _, pattern := range []string{"*.tar.gz", "*.zip", sbomFile} {
		paths, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return nil, err
		}
		for _, path := range slices.Sorted(slices.Values(paths)) {
			content, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			s := sum{file: filepath.Base(path), hex: fmt.Sprintf("%x", sha256.Sum256(content))}
			fmt.Fprintf(&text, "%s  %s\n", s.hex, s.file)
			sums = append(sums, s)
		}
	}
	if len(sums) == 0 {
		return nil, errors.New("there is nothing to release")
	}
	return sums, os.WriteFile(filepath.Join(dir, "checksums.txt"), []byte(text.String()), 0o644)
}
