// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package input

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/egressbundle/egressbundle/fn/code"
	"github.com/egressbundle/egressbundle/fn/yamlfile"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
)

// noteRead notes where a file really is, and reports whether it was added from elsewhere.
func (in *Input) noteRead(path string) (wasAdded bool) {
	if in.read == nil {
		in.read = map[string]bool{}
	}
	target, err := realPath(path)
	if err != nil {
		return false
	}
	in.read[target] = true
	return in.elsewhere[target]
}

// realPath returns the one path of a file, whatever leads to it.
func realPath(path string) (string, error) {
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", err
	}
	return filepath.Abs(target)
}

// checkLinks looks behind links to folders, which are not followed: what is of this API
// there must have been read under another path, or it would be taken for gone.
func (in *Input) checkLinks() {
	for _, link := range in.links {
		if file := in.unreadBehind(link); file != "" {
			in.add(code.UnreadableFile, link, unreadLink(file))
		}
	}
}

// unreadBehind returns a file of this API behind a link that was not read. What cannot be
// opened holds nothing.
func (in *Input) unreadBehind(link string) string {
	var unread string
	root := link + string(filepath.Separator)
	_ = yamlfile.Walk(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && yamlfile.IsYAML(path) && in.isUnread(path) {
			unread = path
			return fs.SkipAll
		}
		return nil
	})
	return unread
}

// isUnread reports whether a file is of this API, in whatever version, and was not read.
func (in *Input) isUnread(path string) bool {
	target, err := realPath(path)
	if err != nil || in.read[target] {
		return false
	}
	if info, err := os.Stat(target); err != nil || !info.Mode().IsRegular() {
		return false
	}
	src, err := os.ReadFile(target)
	return err == nil && bytes.Contains(src, []byte(api.Group+"/v"))
}
