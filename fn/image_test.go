// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package fn

import (
	"debug/elf"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/fn/internal/fntest"
)

const testImage = "example.test/egressbundle:test"

// hasEngine reports whether there is a container engine. Where there is none the
// test log says so; with REQUIRE_CONTAINERS set, as in CI, that is a failure.
func hasEngine(t *testing.T) bool {
	t.Helper()
	out, err := exec.Command("docker", "version").CombinedOutput()
	if err == nil {
		return true
	}
	if os.Getenv("REQUIRE_CONTAINERS") != "" {
		t.Fatalf("no container engine: %v\n%s", err, out)
	}
	t.Logf("WARNING: NO CONTAINER ENGINE, THE CONTAINER FORM IS NOT TESTED (docker version: %v)", err)
	return false
}

// requireEngine skips a test that nothing else stands for.
func requireEngine(t *testing.T) {
	t.Helper()
	if !hasEngine(t) {
		t.Skip("NO CONTAINER ENGINE")
	}
}

// image builds the image that is shipped, once, and returns its digest.
var image = sync.OnceValues(func() (string, error) { return makeImage(testImage, filepath.Dir(fntest.Program)) })

// makeImage runs make image, which writes its files into a folder.
func makeImage(name, dir string) (string, error) {
	cmd := exec.Command("make", "--silent", "--no-print-directory", "image", "IMAGE="+name, "BIN="+dir)
	cmd.Dir = ".."
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return stderr.String(), err
	}
	return strings.TrimSpace(string(out)), nil
}

// buildImage builds the image that is shipped and returns its name.
func buildImage(t *testing.T) string {
	t.Helper()
	if out, err := image(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return testImage
}

// TestImageIsReproducible: what is built again, in another folder, has the same digest.
func TestImageIsReproducible(t *testing.T) {
	requireEngine(t)
	buildImage(t)
	first, err := image()
	if err != nil {
		t.Fatal(err)
	}
	second, err := makeImage("example.test/egressbundle:again", t.TempDir())
	if err != nil {
		t.Fatalf("%v\n%s", err, second)
	}
	if !strings.HasPrefix(first, "sha256:") || first != second {
		t.Errorf("got %q and %q", first, second)
	}
}

// TestImage: the image is small, runs as nobody, says what it is, and holds nothing
// but a static program and the name of its user.
func TestImage(t *testing.T) {
	requireEngine(t)
	name := buildImage(t)
	var got []struct {
		Size   int64 `json:"Size"`
		Config struct {
			User       string            `json:"User"`
			Entrypoint []string          `json:"Entrypoint"`
			Labels     map[string]string `json:"Labels"`
		} `json:"Config"`
	}
	if err := json.Unmarshal([]byte(fntest.Succeed(t, "", "", "docker", "image", "inspect", name)), &got); err != nil {
		t.Fatal(err)
	}
	// In bytes, unpacked, of which 1,300,000 are the library of kustomize, 230,000 the Job of Kubernetes, and 250,000 the
	// templates of runbooks.
	const limit = 32_750_000
	if got[0].Size > limit {
		t.Errorf("size %d", got[0].Size)
	}
	if c := got[0].Config; c.User != "65534:65534" || !slices.Equal(c.Entrypoint, []string{"/egressbundle"}) {
		t.Errorf("user %q, entrypoint %q", c.User, c.Entrypoint)
	}
	for _, label := range []string{"title", "description", "url", "source", "vendor", "licenses", "version", "revision"} {
		if got[0].Config.Labels["org.opencontainers.image."+label] == "" {
			t.Errorf("label %s is empty", label)
		}
	}

	container := strings.TrimSpace(fntest.Succeed(t, "", "", "docker", "create", name))
	defer fntest.Succeed(t, "", "", "docker", "rm", container)
	dir := t.TempDir()
	fntest.Succeed(t, dir, "", "docker", "export", "--output", "files.tar", container)
	listed := strings.Fields(fntest.Succeed(t, dir, "", "tar", "--list", "--file", "files.tar"))
	// The engine adds folders and files of its own to a container.
	if !slices.Contains(listed, "egressbundle") || !slices.Contains(listed, "etc/passwd") ||
		slices.Contains(listed, "bin/") || slices.Contains(listed, "tmp/") {
		t.Errorf("files %q", listed)
	}
	fntest.Succeed(t, dir, "", "tar", "--extract", "--file", "files.tar", "egressbundle", "etc/passwd")
	if diff := cmp.Diff(fntest.ReadText(t, "passwd"), fntest.ReadText(t, filepath.Join(dir, "etc/passwd"))); diff != "" {
		t.Errorf("etc/passwd (-want +got):\n%s", diff)
	}
	checkStatic(t, filepath.Join(dir, "egressbundle"))
}

// checkStatic: the program needs no loader and no library.
func checkStatic(t *testing.T, path string) {
	t.Helper()
	program, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := program.Close(); err != nil {
			t.Error(err)
		}
	}()
	libraries, err := program.ImportedLibraries()
	if err != nil || len(libraries) > 0 {
		t.Errorf("libraries %q, %v", libraries, err)
	}
	if slices.ContainsFunc(program.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
		t.Error("the program needs a loader")
	}
}

// TestImageIsHermetic: the image needs no network, no user, no writable file
// and no shell.
func TestImageIsHermetic(t *testing.T) {
	requireEngine(t)
	run := []string{"run", "--rm", "-i", "--network", "none", "--user", "nobody", "--read-only", "--cap-drop", "ALL", buildImage(t)}
	items, _ := readList(t, fntest.Succeed(t, "", resourceList(fntest.Smallest), "docker", run...))
	if len(items) == 0 {
		t.Error("no objects")
	}
	if help := fntest.Succeed(t, "", "", "docker", append(run, "--help")...); !strings.Contains(help, "Usage:") {
		t.Errorf("help:\n%s", help)
	}
}

// TestImageAnswersAsTheProgram: whatever is asked, wrong or hostile as it may be, the image
// answers as the program does, in little memory.
func TestImageAnswersAsTheProgram(t *testing.T) {
	requireEngine(t)
	run := []string{"run", "--rm", "-i", "--network", "none", "--memory", "256m", buildImage(t)}
	lists := map[string]string{
		"good":           resourceList(fntest.Smallest),
		"no list":        fntest.Smallest,
		"aliases":        resourceList(fntest.BypassBundle, deployment+threeLevels+"spec: {template: {}}\n"),
		"two of a name":  resourceList(fntest.Smallest, fntest.Smallest),
		"many of a host": resourceList(ofOneHost(2_000)),
	}
	for name, c := range wrongLists() {
		lists[name] = c.list
	}
	for name, list := range lists {
		t.Run(name, func(t *testing.T) {
			want := fntest.Execute(t, "", list, fntest.Program)
			got := fntest.Execute(t, "", list, "docker", run...)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-program +image):\n%s", diff)
			}
		})
	}
}

// ofOneHost returns a bundle with many destinations of one host.
func ofOneHost(n int) string {
	head, _, _ := strings.Cut(fntest.Smallest, "  destinations:")
	var text strings.Builder
	text.WriteString(head + "  destinations:\n")
	for i := range n {
		fmt.Fprintf(&text, "    d%d: {hosts: [edition.cnn.com]}\n", i)
	}
	return text.String()
}
