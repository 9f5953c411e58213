// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package parts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// A Process is a program that runs until it is stopped, and writes to a log.
type Process struct {
	// Log is the file that the program writes to.
	Log string

	name string
	cmd  *exec.Cmd
	done chan struct{}
}

// Start starts a program by start, or by itself where start is nil. It writes to a
// log in its working folder.
func Start(name string, cmd *exec.Cmd, start func(*exec.Cmd) error) (*Process, error) {
	if start == nil {
		start = (*exec.Cmd).Start
	}
	p := &Process{Log: filepath.Join(cmd.Dir, name+".log"), name: name, cmd: cmd, done: make(chan struct{})}
	log, err := os.Create(p.Log)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	// Envoy opens its standard output once more, and has another user.
	if err := log.Chmod(0o666); err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = log, log
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true // so that Kill finds what it starts
	if err := start(cmd); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	go func() {
		defer close(p.done)
		cmd.Wait()
	}()
	return p, nil
}

// Kill ends the program, with what it has started, and waits for that.
func (p *Process) Kill() {
	syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.done
}

// Done is closed when the program has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Await asks until there is no error, the program ends, or time is up.
func (p *Process) Await(ctx context.Context, ask func(context.Context) error) error {
	for {
		err := ask(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-p.done:
			return fmt.Errorf("%s has ended:\n%s", p.name, p.end())
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w\n%s", p.name, errors.Join(err, ctx.Err()), p.end())
		}
	}
}

// end returns the last lines of the log.
func (p *Process) end() []byte {
	const most = 20
	text, _ := os.ReadFile(p.Log)
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	return bytes.Join(lines[max(0, len(lines)-most):], []byte("\n"))
}
