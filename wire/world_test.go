// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/egressbundle/egressbundle/wire/parts"
	"github.com/egressbundle/egressbundle/wire/world"
)

// TestWorldEnds: whatever ends a program, its world goes with it, and that of another program stays. Where both were started,
// nothing is seen of their networks. This is tried in the world of the tests, in which everything is known.
func TestWorldEnds(t *testing.T) {
	before := links(t)
	other := startWorld(t)
	for _, signal := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGINT} {
		t.Run(signal.String(), func(t *testing.T) {
			w := startWorld(t)
			if w.network == other.network {
				t.Errorf("two worlds have one network, %s", w.network)
			}
			if diff := cmp.Diff(before, links(t)); diff != "" {
				t.Errorf("links (-before +beside two worlds):\n%s", diff)
			}
			if n := w.population(t); n != 2 {
				t.Fatalf("the world has %d processes", n)
			}
			if err := w.program.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			w.awaitEnd(t)
			if other.population(t) != 2 {
				t.Error("the other world has ended as well")
			}
		})
	}
}

// inhabitant is set in the environment of this program where it lives in a world and does nothing else.
const inhabitant = "EGRESSBUNDLE_INHABITANT"

// atHome is the line that an inhabitant prints when its world is as it stays.
const atHome = "ready"

// inhabit makes a world with a host and a program on it, and stays.
func inhabit() (status int, err error) {
	if !world.Entered() {
		return world.Run()
	}
	if err := world.Enter(); err != nil {
		return 0, err
	}
	network, err := world.NewNetwork()
	if err != nil {
		return 0, err
	}
	host, err := network.NewHost()
	if err != nil {
		return 0, err
	}
	sleep := exec.Command("sleep", "infinity")
	sleep.Dir = world.Folder
	p, err := parts.Start("sleep", sleep, host.Start)
	if err != nil {
		return 0, err
	}
	fmt.Println(atHome)
	<-p.Done()
	return 0, nil
}

// A startedWorld is that of an inhabitant.
type startedWorld struct {
	namespaces

	program *exec.Cmd // which has made it
}

// namespaces are those of a process, as /proc names them.
type namespaces struct{ processes, network string }

// startWorld starts an inhabitant, and waits until it is at home.
func startWorld(t *testing.T) startedWorld {
	t.Helper()
	program := exec.Command(os.Args[0])
	program.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, world.Within+"=") })
	program.Env = append(program.Env, inhabitant+"=1")
	program.Stderr = os.Stderr
	stdout, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	known := living(t)
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		program.Process.Kill()
		program.Wait()
	})
	// Istio's packages may print warnings before.
	said := bufio.NewScanner(stdout)
	for said.Scan() && said.Text() != atHome {
	}
	if said.Text() != atHome {
		t.Fatalf("the world is not ready: %v", said.Err())
	}
	for _, n := range living(t) {
		isIn := func(other namespaces) bool { return other.processes == n.processes }
		if !slices.ContainsFunc(known, isIn) {
			return startedWorld{n, program}
		}
	}
	t.Fatal("the program has made no world")
	return startedWorld{}
}

// population is how many processes live in the world.
func (w startedWorld) population(t *testing.T) int {
	t.Helper()
	n := 0
	for _, other := range living(t) {
		if other.processes == w.processes {
			n++
		}
	}
	return n
}

// awaitEnd waits until nobody lives in the world. Then the kernel has no reason to keep it.
func (w startedWorld) awaitEnd(t *testing.T) {
	t.Helper()
	w.program.Wait()
	for end := time.Now().Add(patience); w.population(t) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the program has ended, and processes of its world live on")
		}
	}
}

// living returns the namespaces of each process. One that has ended has none, also if nobody has asked yet how it ended.
func living(t *testing.T) []namespaces {
	t.Helper()
	paths, err := filepath.Glob("/proc/[0-9]*/ns")
	if err != nil {
		t.Fatal(err)
	}
	var all []namespaces
	for _, path := range paths {
		processes, err := os.Readlink(filepath.Join(path, "pid"))
		network, ended := os.Readlink(filepath.Join(path, "net"))
		if err == nil && ended == nil {
			all = append(all, namespaces{processes, network})
		}
	}
	return all
}

// links are the network interfaces here.
func links(t *testing.T) []string {
	t.Helper()
	all, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, link := range all {
		names = append(names, link.Name)
	}
	return names
}
