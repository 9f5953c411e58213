// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"syscall"
	"time"
)

// patience is how long a program may take for all of its calls together, until it is called no
// more.
const patience = 20 * time.Second

// A call is a program with its arguments, and what the best call of it took.
type call struct {
	name    string
	command []string

	total           time.Duration
	elapsed, worked time.Duration
	kilobytes       int64
	objects         int
}

// run calls the program. What it writes goes to memory, as it would to a pipe.
func (c *call) run() error {
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(c.command[0], c.command[1:]...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%v: %w\n%s", c.command, err, stderr.Bytes())
	}
	elapsed := time.Since(start)
	c.total += elapsed
	c.objects = bytes.Count(stdout.Bytes(), []byte("\nkind: "))
	if c.elapsed != 0 && c.elapsed < elapsed {
		return nil
	}
	c.elapsed = elapsed
	c.worked = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		c.kilobytes = usage.Maxrss
	}
	return nil
}

// row returns what the best call took, as a row of a table.
func (c *call) row(hosts int) string {
	if c.total == 0 {
		return fmt.Sprintf("| %d | %s | | too long | | |", hosts, c.name)
	}
	elapsed, worked := c.elapsed.Seconds(), c.worked.Seconds()
	return fmt.Sprintf("| %d | %s | %d | %.3f s | %.3f s | %d MB |", hosts, c.name, c.objects, elapsed, worked, c.kilobytes>>10)
}
