// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A packed file has a name, a mode and content, and no time, owner or machine.
type packed struct {
	name    string
	mode    os.FileMode
	content []byte
}

func (p packed) addToTar(w *tar.Writer) error {
	if err := w.WriteHeader(&tar.Header{Name: p.name, Mode: int64(p.mode), Size: int64(len(p.content))}); err != nil {
		return err
	}
	_, err := w.Write(p.content)
	return err
}

func (p packed) addToZip(w *zip.Writer) error {
	first := time.Date(1980, time.January, 1, 0, 0, 0, 0, time.UTC) // the first day that a zip file knows
	header := &zip.FileHeader{Name: p.name, Method: zip.Deflate, Modified: first}
	header.SetMode(p.mode)
	f, err := w.CreateHeader(header)
	if err != nil {
		return err
	}
	_, err = f.Write(p.content)
	return err
}

// writeArchive packs the program of a platform, such as linux_amd64, with its license, as
// people of that platform expect it.
func writeArchive(dir, platform string, from stamp) error {
	license, err := os.ReadFile(filepath.Join(from.root, "LICENSE"))
	if err != nil {
		return err
	}
	program, err := os.ReadFile(programOf(dir, platform))
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "egressbundle_"+from.version+"_"+platform)
	if strings.HasPrefix(platform, "windows_") {
		return writeFile(path+".zip", writeZip, packed{"LICENSE", 0o644, license}, packed{"egressbundle.exe", 0o755, program})
	}
	return writeFile(path+".tar.gz", writeTarGz, packed{"LICENSE", 0o644, license}, packed{"egressbundle", 0o755, program})
}

func writeFile(path string, write func(io.Writer, []packed) error, files ...packed) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(f, files), f.Close())
}

func writeZip(to io.Writer, files []packed) error {
	w := zip.NewWriter(to)
	for _, f := range files {
		if err := f.addToZip(w); err != nil {
			return err
		}
	}
	return w.Close()
}

func writeTarGz(to io.Writer, files []packed) error {
	compressed := gzip.NewWriter(to)
	w := tar.NewWriter(compressed)
	for _, f := range files {
		if err := f.addToTar(w); err != nil {
			return err
		}
	}
	return errors.Join(w.Close(), compressed.Close())
}
