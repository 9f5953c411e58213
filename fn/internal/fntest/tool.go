// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package fntest

import (
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// Kustomize returns the path of the real kustomize.
func Kustomize(t testing.TB) string {
	t.Helper()
	return Tool(t, "kustomize")
}

// tools are the paths of programs that were asked for, by their names.
var tools = struct {
	sync.Mutex

	paths map[string]string
}{paths: map[string]string{}}

// Tool returns the path of a program that tests drive, in the version that is pinned in the module
// of its name in tools.
func Tool(t testing.TB, name string) string {
	t.Helper()
	tools.Lock()
	defer tools.Unlock()
	if path, ok := tools.paths[name]; ok {
		return path
	}
	cmd := exec.Command("go", "tool", "-n", "-modfile=tools/"+name+".mod", name)
	cmd.Dir = root()
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	tools.paths[name] = strings.TrimSpace(string(out))
	return tools.paths[name]
}

// KustomizeBuild runs kustomize build in a folder, with functions allowed; flags say which.
func KustomizeBuild(t testing.TB, dir string, flags ...string) Outcome {
	t.Helper()
	args := append([]string{"build", "--enable-alpha-plugins"}, flags...)
	return Execute(t, dir, "", Kustomize(t), append(args, ".")...)
}
