// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package world gives a program a small network of its own: hosts in network
// namespaces around one router, which nothing outside of the program sees.
//
// The program runs again as the first process of new network, mount and process
// namespaces. The routes, rules and processes of the machine stay as they are, two
// programs do not meet, and when the process ends, however it ends, the kernel
// takes everything else with it.
package world

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// Within is set in the environment of a program that runs in its own world.
const Within = "EGRESSBUNDLE_WORLD"

// Entered reports whether the program runs in a world of its own.
func Entered() bool { return os.Getenv(Within) != "" }

// Run runs the program again, with the same arguments, in a world that it has to
// Enter, and returns its exit status.
func Run() (status int, err error) {
	// The kernel kills the world when the thread that made it ends.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	program, err := os.Executable()
	if err != nil {
		return 0, err
	}
	cmd := exec.Command(program, os.Args[1:]...)
	cmd.Env = append(os.Environ(), Within+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNET | unix.CLONE_NEWNS | unix.CLONE_NEWPID,
		Pdeathsig:  unix.SIGKILL,
	}
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return exit.ExitCode(), nil
	case err != nil:
		return 0, fmt.Errorf("make namespaces: %w", err)
	}
	return 0, nil
}

// Folder is for files that end with the world.
const Folder = "/run"

// Enter gives the world a /proc that shows its processes, an empty Folder, and an
// /etc in which it may write. The machine sees nothing of it.
func Enter() error {
	layers := "lowerdir=/etc,upperdir=" + Folder + "/etc/upper,workdir=" + Folder + "/etc/work"
	return errors.Join(
		mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
		mount("proc", "/proc", "proc", 0, ""),
		mount("tmpfs", Folder, "tmpfs", 0, "mode=0755"),
		os.MkdirAll(Folder+"/etc/upper", 0o755),
		os.MkdirAll(Folder+"/etc/work", 0o755),
		mount("overlay", "/etc", "overlay", 0, layers),
	)
}

// Share shows a file of the machine in Folder, for users who may not enter the folder
// where it is, and returns its path there.
func Share(path string) (string, error) {
	shared := filepath.Join(Folder, "shared", filepath.Base(path))
	return shared, errors.Join(
		os.MkdirAll(filepath.Dir(shared), 0o755),
		os.WriteFile(shared, nil, 0o644),
		mount(path, shared, "", unix.MS_BIND, ""),
	)
}

func mount(source, target, kind string, flags uintptr, data string) error {
	if err := unix.Mount(source, target, kind, flags, data); err != nil {
		return fmt.Errorf("mount %s: %w", target, err)
	}
	return nil
}
