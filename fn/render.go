// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/egressbundle/egressbundle/fn/code"
	"github.com/egressbundle/egressbundle/fn/yamlfile"
	"github.com/egressbundle/egressbundle/pkg/egress"
)

// renderPaths renders everything that the paths hold. It looks for further problems
// in what could be read, so that the user sees them all at once.
func (in *input) renderPaths(paths []string) (*egress.Output, error) {
	for _, path := range paths {
		if err := in.readPath(path); err != nil {
			return nil, err
		}
	}
	in.checkLinks()
	return in.render()
}

// input is what was read so far, and what is wrong with it.
type input struct {
	stdin       io.Reader
	allowEmpty  bool            // Without a bundle there are no objects, and that is no error.
	isRendered  bool            // Without a bundle, others made the objects, and that is fine.
	remedy      string          // where it is one
	isEmpty     bool            // the path that is read, so far
	read        map[string]bool // files, without links
	links       []string        // to folders
	found       egress.Documents
	diagnostics []egress.Diagnostic
}

func (in *input) render() (*egress.Output, error) {
	_, err := in.found.Mesh()
	if err := in.collect(err); err != nil {
		return nil, err
	}
	// Without the facts of the cluster bundles would be misjudged.
	if slices.ContainsFunc(in.diagnostics, mayHideMesh) {
		return nil, in.invalid()
	}
	isEmpty := len(in.found.Bundles)+len(in.diagnostics) == 0
	if isEmpty && !in.allowEmpty && !in.isRendered {
		in.add(code.NoBundle, "", "there must be an EgressBundle, and there is none"+in.remedy)
	}
	output, err := in.found.Render()
	if err := in.collect(err); err != nil {
		return nil, err
	}
	if len(in.diagnostics) > 0 {
		return nil, in.invalid()
	}
	if isEmpty && !in.isRendered {
		output.Warnings = append(output.Warnings, egress.Diagnostic{
			Code:     code.NoBundle,
			Severity: egress.SeverityWarning,
			Message:  "there is no EgressBundle, and so there is no object",
		})
	}
	return output, nil
}

func mayHideMesh(d egress.Diagnostic) bool {
	return d.Object.Kind == kindMesh || d.Code == egress.InvalidYAML || d.Code == code.UnreadableFile
}

func (in *input) invalid() error {
	egress.SortDiagnostics(in.diagnostics)
	return &egress.InvalidError{Diagnostics: in.diagnostics}
}

// readPath reads a file, a folder or standard input. What a user names must
// hold something.
func (in *input) readPath(path string) error {
	in.isEmpty = true
	var err error
	if path == "-" {
		err = in.readStdin()
	} else {
		err = in.walk(path)
	}
	if err == nil && in.isEmpty && !in.allowEmpty {
		in.add(code.NoBundle, path, fmt.Sprintf("must hold an EgressBundle (apiVersion: %s), and holds none", egress.APIVersion)+in.remedy)
	}
	return err
}

func (in *input) add(rule egress.Code, file, message string) {
	in.isEmpty = false
	d := egress.Diagnostic{Code: rule, Severity: egress.SeverityError, Message: message}
	if file != "" {
		d.Position = egress.Position{File: file, Line: 1, Column: 1}
	}
	in.diagnostics = append(in.diagnostics, d)
}

// walk reads a file, or the files of a folder. A folder may be a link.
func (in *input) walk(path string) error {
	root := path
	if isDir(path) {
		root += string(filepath.Separator)
	}
	return yamlfile.Walk(root, in.visit(root))
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func (in *input) readStdin() error {
	src, err := io.ReadAll(in.stdin)
	if err != nil {
		return fmt.Errorf("standard input: %w", err)
	}
	return in.parse("-", src)
}

// visit reads the YAML files of a folder, but for hidden ones, and the path that
// the user named whatever its name.
func (in *input) visit(root string) fs.WalkDirFunc {
	return func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			in.add(code.UnreadableFile, path, "must be readable: "+reason(err))
			return nil
		}
		if entry.Type()&fs.ModeSymlink != 0 && isDir(path) {
			in.links = append(in.links, path)
			return nil
		}
		if entry.IsDir() || path != root && !yamlfile.IsYAML(path) {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			in.add(code.UnreadableFile, path, "must be readable: "+reason(err))
			return nil
		}
		in.noteRead(path)
		return in.parse(path, src)
	}
}

// reason leaves out the path, which stands in front of the message.
func reason(err error) string {
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		return pathError.Err.Error()
	}
	return err.Error()
}

func (in *input) parse(path string, src []byte) error {
	found, err := egress.Parse(path, src)
	in.isEmpty = in.isEmpty && err == nil && found.IsEmpty()
	in.found.Add(found)
	return in.collect(err)
}

// collect keeps the diagnostics of an error, and returns every other error.
func (in *input) collect(err error) error {
	if invalid, ok := errors.AsType[*egress.InvalidError](err); ok {
		in.diagnostics = append(in.diagnostics, invalid.Diagnostics...)
		return nil
	}
	return err
}
