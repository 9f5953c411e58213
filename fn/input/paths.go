// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package input

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/egressbundle/egressbundle/fn/code"
	"github.com/egressbundle/egressbundle/fn/yamlfile"
	"github.com/egressbundle/egressbundle/pkg/egress"
)

// Stdin is the PATH that stands for standard input.
const Stdin = "-"

// ReadPaths reads files, the YAML files of folders and of their subfolders, JSON among them, but
// for hidden ones, and standard input where a path is "-". Each path must hold an EgressBundle or
// objects that stand beside bundles, unless AllowEmpty is set. What is wrong with a path is
// kept for Render. It fails if standard input cannot be read; every other error is a defect.
func (in *Input) ReadPaths(stdin io.Reader, paths []string) error {
	for _, path := range paths {
		if err := in.readPath(stdin, path); err != nil {
			return err
		}
	}
	in.checkLinks()
	return nil
}

// readPath reads a file, a folder or standard input. What a user names must
// hold something.
func (in *Input) readPath(stdin io.Reader, path string) error {
	in.isEmpty = true
	var err error
	if path == Stdin {
		err = in.readStdin(stdin)
	} else {
		err = in.walk(path)
	}
	if err == nil && in.isEmpty && !in.AllowEmpty {
		in.add(code.NoBundle, path, holdsNoBundle+in.Remedy)
	}
	return err
}

// walk reads a file, or the files of a folder. A folder may be a link.
func (in *Input) walk(path string) error {
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

func (in *Input) readStdin(stdin io.Reader) error {
	src, err := io.ReadAll(stdin)
	if err != nil {
		return fmt.Errorf("standard input: %w", err)
	}
	return in.parse(Stdin, src)
}

// visit reads the YAML files of a folder, and the path that the user named whatever its
// name.
func (in *Input) visit(root string) fs.WalkDirFunc {
	return func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			in.add(code.UnreadableFile, path, unreadable(err))
			return nil
		}
		if entry.Type()&fs.ModeSymlink != 0 && isDir(path) {
			in.links = append(in.links, path)
			return nil
		}
		if entry.IsDir() || path != root && !yamlfile.IsYAML(path) {
			return nil
		}
		return in.readFile(path, path == root)
	}
}

// readFile reads a file. The user may name a pipe, as shells do for <(PROGRAM).
func (in *Input) readFile(path string, isNamed bool) error {
	info, err := os.Stat(path)
	isPipe := err == nil && isNamed && info.Mode()&fs.ModeNamedPipe != 0
	if err == nil && !info.Mode().IsRegular() && !isPipe {
		in.add(code.UnreadableFile, path, notAFile(info.Mode(), isNamed))
		return nil
	}
	src, err := os.ReadFile(path)
	if err != nil {
		in.add(code.UnreadableFile, path, unreadable(err))
		return nil
	}
	if wasAdded := in.noteRead(path); wasAdded {
		in.isEmpty = false
		in.keep(path, src)
		return nil
	}
	if !isNamed && yamlfile.IsOther(path, src) {
		return nil
	}
	return in.parse(path, src)
}

// reason leaves out the path, which stands in front of the message.
func reason(err error) string {
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		return pathError.Err.Error()
	}
	return err.Error()
}

func (in *Input) parse(path string, src []byte) error {
	in.keep(path, src)
	found, err := egress.Parse(path, src)
	in.isEmpty = in.isEmpty && err == nil && found.IsEmpty()
	in.found.Add(found)
	return withoutInvalid(err)
}

// keep keeps a text of which Others are wanted.
func (in *Input) keep(path string, src []byte) {
	if in.KeepOthers || path == Stdin {
		in.texts = append(in.texts, text{file: path, src: src})
	}
}
