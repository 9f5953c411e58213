// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package folder

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/fn/internal/fntest"
	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// warningsOf returns the warnings of a call that are about the folder.
func warningsOf(t *testing.T, dir string, args ...string) string {
	t.Helper()
	got := fntest.Execute(t, dir, "", "sh", "-c", fmt.Sprintf("egressbundle render %s 2>warnings", strings.Join(args, " ")))
	if got.Status != 0 && !slices.Contains(args, "--check") {
		t.Errorf("%q: %+v", args, got)
	}
	text := fntest.ReadText(t, filepath.Join(dir, "warnings"))
	fntest.Remove(t, filepath.Join(dir, "warnings"))
	isOther := func(line string) bool {
		return !strings.Contains(line, "[RemovedObjects]") && !strings.Contains(line, "[Interrupted]")
	}
	return strings.Join(slices.DeleteFunc(strings.SplitAfter(text, "\n"), isOther), "")
}

// TestRenderDirSaysWhatGoes: nothing is said as long as a bundle is there, and the name of each
// whose objects go, as many as one can read.
func TestRenderDirSaysWhatGoes(t *testing.T) {
	dir := t.TempDir()
	write := func(names ...string) {
		var documents []string
		for _, name := range names {
			documents = append(documents, strings.Replace(fntest.Smallest, "name: news", "name: "+name, 1))
		}
		fntest.WriteText(t, filepath.Join(dir, "in.yaml"), strings.Join(documents, "---\n"))
	}
	many := []string{"news", "web"}
	for i := range 20 {
		many = append(many, fmt.Sprintf("x%02d", i))
	}
	const gone = "warning: the objects of EgressBundle %s go, for none are made from there any more; " +
		"give every one whose objects are to stay [RemovedObjects]\n"
	for _, step := range []struct {
		bundles []string
		want    string
	}{
		{many, ""},
		{many[:3], fmt.Sprintf(gone, "payments/x01, payments/x02, payments/x03, payments/x04, payments/x05, payments/x06, "+
			"payments/x07, payments/x08, payments/x09, payments/x10 and 9 more")},
		{many[:1], fmt.Sprintf(gone, "payments/web, payments/x00")},
		{many[:1], ""},
	} {
		write(step.bundles...)
		for _, args := range [][]string{{"--check", "-o", "out", "in.yaml"}, {"-o", "out", "in.yaml"}} {
			if diff := cmp.Diff(step.want, warningsOf(t, dir, args...)); diff != "" {
				t.Errorf("%q (-want +got):\n%s", args, diff)
			}
		}
	}
}

// TestRenderDirNotRegular: what is neither a file nor a folder is not touched, and not waited for.
func TestRenderDirNotRegular(t *testing.T) {
	const file = ": must be a regular file, and is none, and so will not be overwritten; move or remove it, or write to another folder\n"
	const folder = ": must be a folder, for objects go there, and is none; move or remove it, or write to another folder\n"
	for name, c := range map[string]struct{ make, want string }{
		"a pipe for a file":           {"mkdir -p out/payments; mkfifo " + newsEntry, newsEntry + file},
		"a device for a file":         {"mkdir -p out/payments; ln -s /dev/zero " + newsEntry, newsEntry + file},
		"a link to nothing":           {"mkdir -p out/payments; ln -s none " + newsEntry, newsEntry + file},
		"a folder for a file":         {"mkdir -p " + newsEntry, newsEntry + file},
		"a pipe for a folder":         {"mkdir out; mkfifo out/payments", "out/payments" + folder},
		"a pipe for the folder":       {"mkfifo out", "out" + folder},
		"a device for the folder":     {"ln -s /dev/zero out", "out" + folder},
		"a link to no folder":         {"ln -s none out", "out" + folder},
		"a pipe named as YAML":        {"mkdir out; mkfifo out/other.yaml", ""},
		"a device that is named YAML": {"mkdir out; ln -s /dev/zero out/zero.yaml", ""},
	} {
		dir := t.TempDir()
		fntest.WriteText(t, filepath.Join(dir, "in.yaml"), fntest.Smallest)
		fntest.Succeed(t, dir, "", "sh", "-c", c.make)
		got := fntest.Execute(t, dir, "", fntest.Program, "render", "-o", "out", "in.yaml")
		if diff := cmp.Diff(c.want, got.Stderr); diff != "" || (got.Status != 0) != (c.want != "") {
			t.Errorf("%s: status %d (-want +got):\n%s", name, got.Status, diff)
		}
	}
}

// TestRenderDirStandardOutputFails: if the report cannot be printed, nothing is written.
func TestRenderDirStandardOutputFails(t *testing.T) {
	dir := t.TempDir()
	fntest.WriteText(t, filepath.Join(dir, "in.yaml"), fntest.Smallest)
	got := fntest.Execute(t, dir, "", "sh", "-c", "egressbundle render --report -o a/out in.yaml >/dev/full")
	if got.Status != 1 || !strings.Contains(got.Stderr, "no space left") {
		t.Errorf("%+v", got)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("there is %v (%v)", entries, err)
	}
}

// TestRenderDirAfterKill: what a killed call left is told, and goes with the next one. What a
// call inside the folder is about to write stays, and so does what only looks like it.
func TestRenderDirAfterKill(t *testing.T) {
	dir := t.TempDir()
	fntest.WriteText(t, filepath.Join(dir, "in.yaml"), fntest.Smallest)
	fntest.Succeed(t, dir, "", fntest.Program, "render", "-o", "out", "in.yaml")
	const inside, alike = "out/other/payments/.egressbundle-1/a.yaml.tmp", "out/payments/.egressbundle-cache/a.yaml"
	fntest.WriteText(t, filepath.Join(dir, inside), "at work")
	fntest.WriteText(t, filepath.Join(dir, alike), "of somebody else")
	before := fntest.Contents(t, dir)
	fntest.WriteText(t, filepath.Join(dir, "out/payments/.egressbundle-1/a.yaml.tmp"), "half of")
	fntest.WriteText(t, filepath.Join(dir, "out/.egressbundle-2/a.yaml.tmp"), "")
	if err := os.MkdirAll(filepath.Join(dir, "out/istio-system/.egressbundle-3"), 0o755); err != nil {
		t.Fatal(err)
	}
	const want = "warning: out: an earlier call with -o was killed before its end, and may have left files of before it; " +
		"one that succeeds makes all of them what the bundles say [Interrupted]\n"
	for _, step := range []struct {
		args []string
		want string
	}{
		{[]string{"--check", "-o", "out", "in.yaml"}, want},
		{[]string{"-o", "out", "in.yaml"}, want},
		{[]string{"-o", "out", "in.yaml"}, ""},
	} {
		if diff := cmp.Diff(step.want, warningsOf(t, dir, step.args...)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", step.args, diff)
		}
	}
	if diff := cmp.Diff(before, fntest.Contents(t, dir)); diff != "" {
		t.Errorf("files (-before +after):\n%s", diff)
	}
	if left := stages(t, filepath.Join(dir, "out")); len(left) != 1 {
		t.Errorf("there is %q", left)
	}
}

// stages returns the folders that calls write to first, but for those that are further inside.
func stages(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*", ".egressbundle-*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestUpdateTakesBack: if a file cannot take its place after others have, those go back.
func TestUpdateTakesBack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	two := fntest.Smallest + "    bbc: {hosts: [www.bbc.com]}\n"
	if _, err := Update(dir, objectsOf(t, two), func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	before := fntest.Contents(t, dir)
	next := objectsOf(t, strings.Replace(fntest.Smallest, "[edition", "[www.cnn.com, edition", 1))
	last := filepath.Join(dir, "payments/serviceentry_payments--news--cnn.yaml")
	_, err := Update(dir, next, func() error { // Now everything is about to take its place.
		return errors.Join(os.Remove(last), os.MkdirAll(filepath.Join(last, "x"), 0o755))
	})
	if err == nil {
		t.Error("it succeeded")
	}
	delete(before, "payments/serviceentry_payments--news--cnn.yaml")
	if diff := cmp.Diff(before, fntest.Contents(t, dir)); diff != "" {
		t.Errorf("files (-before +after):\n%s", diff)
	}
	if left := stages(t, dir); len(left) > 0 {
		t.Errorf("there is %q", left)
	}
}

func objectsOf(t *testing.T, bundle string) iter.Seq[object.Object] {
	t.Helper()
	found, err := egress.Parse("in.yaml", []byte(bundle))
	if err != nil {
		t.Fatal(err)
	}
	output, err := found.Render()
	if err != nil {
		t.Fatal(err)
	}
	return output.Objects()
}

// renders returns the files that calls write for bundles of two names, by the name.
func renders(t *testing.T, dir string) map[string]map[string]string {
	t.Helper()
	all := map[string]map[string]string{}
	for _, name := range []string{"news", "web"} {
		bundle := strings.ReplaceAll(fntest.ManyDestinations(40), "name: news", "name: "+name)
		fntest.WriteText(t, filepath.Join(dir, name+".yaml"), bundle+"    shared: {hosts: ["+name+".example.com]}\n"+
			"  enforce: {registryOnly: true}\n")
		fntest.Succeed(t, dir, "", fntest.Program, "render", "-o", name, name+".yaml")
		all[name] = fntest.Contents(t, filepath.Join(dir, name))
	}
	return all
}

// TestRenderDirAtOnce: calls for one folder at once leave what one of them writes, as if they
// came one after the other.
func TestRenderDirAtOnce(t *testing.T) {
	dir := t.TempDir()
	want := renders(t, dir)
	for range 5 {
		var calls []*exec.Cmd
		for i := range 6 {
			cmd := exec.Command(fntest.Program, "render", "-o", "out", []string{"news", "web"}[i%2]+".yaml")
			cmd.Dir = dir
			calls = append(calls, cmd)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
		}
		for _, cmd := range calls {
			if err := cmd.Wait(); err != nil {
				t.Errorf("%s: %v", cmd, err)
			}
		}
		got := fntest.Contents(t, filepath.Join(dir, "out"))
		if !maps.Equal(got, want["news"]) && !maps.Equal(got, want["web"]) {
			t.Errorf("files are of no single call: %q", slices.Sorted(maps.Keys(got)))
		}
	}
}

// TestRenderDirKilled kills calls at any moment, every other one about when files take their
// places: each file is the one of before or the one of then, whole, all of one of the two are
// there, and the next call makes the folder what it wants.
func TestRenderDirKilled(t *testing.T) {
	dir := t.TempDir()
	want := renders(t, dir)
	out := filepath.Join(dir, "out")
	fntest.Succeed(t, dir, "", fntest.Program, "render", "-o", "out", "news.yaml")
	start := time.Now()
	fntest.Succeed(t, dir, "", fntest.Program, "render", "-o", "out", "web.yaml")
	whole := time.Since(start)
	mixed := 0
	for i := range 30 {
		from, to := "web", "news"
		if i%2 == 1 {
			from, to = to, from
		}
		killed(t, dir, to, whole, i%4 < 2)
		got := readable(t, out)
		for path, text := range got {
			if text != want[from][path] && text != want[to][path] {
				t.Errorf("%s is neither of before nor of then:\n%s", path, text)
			}
		}
		if !hasAll(got, want[from]) && !hasAll(got, want[to]) {
			t.Errorf("something is missing: %q", slices.Sorted(maps.Keys(got)))
		}
		says := warningsOf(t, dir, "-o", "out", to+".yaml")
		if !maps.Equal(got, want[from]) && !maps.Equal(got, want[to]) {
			mixed++
			if !strings.Contains(says, "[Interrupted]") {
				t.Errorf("nothing is said of a call that was killed: %q", says)
			}
		}
		if diff := cmp.Diff(want[to], fntest.Contents(t, out)); diff != "" {
			t.Errorf("after the next call (-want +got):\n%s", diff)
		}
	}
	t.Logf("%d of 30 were killed while files took their places", mixed)
}

// killed runs a call and kills it: at any moment, or soon after it printed its report, which it
// does when everything is written and nothing has taken its place.
func killed(t *testing.T, dir, name string, whole time.Duration, afterReport bool) {
	t.Helper()
	cmd := exec.Command(fntest.Program, "render", "--report", "-o", "out", name+".yaml")
	cmd.Dir = dir
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	wait := whole
	if afterReport {
		_, _ = stdout.Read(make([]byte, 1<<20))
		wait /= 20
	}
	time.Sleep(rand.N(wait))
	_ = cmd.Process.Kill() // It may be done.
	_ = cmd.Wait()
}

// hasAll reports whether files have all of some others.
func hasAll(files, others map[string]string) bool {
	for path, text := range others {
		if files[path] != text {
			return false
		}
	}
	return true
}

// readable returns the files of a folder that are not hidden.
func readable(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := fntest.Contents(t, dir)
	maps.DeleteFunc(all, func(path, _ string) bool { return strings.Contains(path, "/"+stagePrefix) })
	return all
}
