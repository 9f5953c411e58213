// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package input

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/egressbundle/egressbundle/fn/code"
	"github.com/egressbundle/egressbundle/fn/yamlfile"
	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
)

// ReadMesh reads a file with an EgressMesh, and no bundle, or standard input if it is "-", to be
// added to what is rendered. What is wrong with it is kept. It fails if standard input cannot be
// read; every other error is a defect.
func ReadMesh(stdin io.Reader, file string) (*Input, error) {
	in := &Input{}
	var err error
	if file == Stdin {
		err = in.readStdin(stdin)
	} else {
		err = in.readFile(file, true)
	}
	if err != nil || len(in.diagnostics) > 0 || in.found.Problems() != nil {
		return in, err
	}
	mesh, _ := in.found.Mesh() // Several are a problem.
	switch bundles := in.found.Refs(); {
	case len(bundles) > 0:
		in.add(code.MeshFile, file, holdsBundle(bundles[0]))
	case mesh == nil:
		in.add(code.MeshFile, file, holdsNoMesh)
	}
	return in, nil
}

// Add adds what was read from elsewhere. A file of it that is also named as a PATH is not read
// again, but for what is of others. Nobody names standard input twice, so that is kept here.
func (in *Input) Add(elsewhere *Input) {
	in.hasElsewhere = true
	in.found.Add(elsewhere.found)
	in.texts = append(in.texts, elsewhere.texts...)
	in.Report(elsewhere.diagnostics...)
	if len(elsewhere.diagnostics) == 0 {
		in.elsewhere = elsewhere.read
	}
}

// LookForMesh looks, when it is rendered, whether bundles miss an EgressMesh: one that lies beside
// them, or in a folder above them, for it is for what is below it. Places are folders where to look
// as well.
func (in *Input) LookForMesh(places ...string) {
	in.looksForMesh, in.places = true, places
}

// missedMesh warns of bundles that meet no EgressMesh, and have none of their own, where one was not
// read, and returns the first warning.
func (in *Input) missedMesh() []diag.Diagnostic {
	if !in.looksForMesh || in.hasElsewhere {
		return nil
	}
	found := meshes{}
	missed := in.found.WarnWithoutMesh(code.UnreadMesh, func(bundle string) string {
		places := in.places
		if bundle != "" {
			places = slices.Insert(slices.Clone(places), 0, filepath.Dir(bundle))
		}
		for _, dir := range places {
			if mesh := found.above(dir); mesh != "" {
				return unreadMesh(mesh)
			}
		}
		return ""
	})
	return missed[:min(len(missed), 1)]
}

// meshes are the files with an EgressMesh in folders that were looked into; empty: there is none.
type meshes map[string]string

// above returns the file in a folder or above it, the nearest. Where there is no repository, nobody
// knows what belongs together.
func (m meshes) above(dir string) string {
	for _, folder := range upToRepository(dir) {
		if _, ok := m[folder]; !ok {
			m[folder] = meshIn(folder)
		}
		if m[folder] != "" {
			return m[folder]
		}
	}
	return ""
}

func meshIn(folder string) string {
	entries, _ := os.ReadDir(folder) // What cannot be read holds nothing.
	for _, entry := range entries {
		file := filepath.Join(folder, entry.Name())
		if isHidden := entry.Name()[0] == '.'; !isHidden && yamlfile.IsYAML(file) && holdsMesh(file) {
			return file
		}
	}
	return ""
}

// upToRepository returns a folder and those above it, up to the root of the Git repository that
// they are in, and none if they are in none.
func upToRepository(dir string) []string {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return nil
	}
	for folders := []string{dir}; ; folders = append(folders, dir) {
		if _, err := os.Stat(filepath.Join(dir, ".git")); err == nil {
			return folders
		}
		if absolute == filepath.Dir(absolute) {
			return nil
		}
		absolute, dir = filepath.Dir(absolute), filepath.Join(dir, "..")
	}
}

// holdsMesh reports whether a file has an EgressMesh, or several.
func holdsMesh(file string) bool {
	if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
		return false
	}
	src, err := os.ReadFile(file)
	if err != nil || !bytes.Contains(src, []byte(api.KindMesh)) {
		return false
	}
	found, _ := egress.Parse(file, src) // What is wrong in it, its own readers are told.
	mesh, err := found.Mesh()
	return mesh != nil || err != nil
}
