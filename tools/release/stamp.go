// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os/exec"
	"strings"
)

const source = "https://github.com/egressbundle/egressbundle"

// A stamp is what a release is made from: a clone of the repository, and the version it gets.
type stamp struct{ root, version string }

func (s stamp) git(args ...string) (string, error) {
	out, err := exec.Command("git", append([]string{"-C", s.root}, args...)...).Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out)), nil
}

// revision returns the commit that is checked out.
func (s stamp) revision() (string, error) { return s.git("rev-parse", "HEAD") }

// isDirty reports whether there is more than is committed.
func (s stamp) isDirty() (bool, error) {
	changed, err := s.git("status", "--porcelain")
	return changed != "", err
}

// notes lists the commits since the last release, newest first.
func (s stamp) notes() (string, error) {
	commits, title := "HEAD", "All commits"
	if last, err := s.git("describe", "--tags", "--abbrev=0", "--exclude", s.version); err == nil {
		commits, title = last+"..HEAD", "Commits since "+last
	}
	list, err := s.git("log", "--no-merges", "--format=- %s (%h)", commits)
	if err != nil {
		return "", err
	}
	return "## " + title + "\n\n" + list + "\n", nil
}
