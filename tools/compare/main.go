// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// The command compare measures egressbundle beside other programs that write the same objects
// for the same hosts, and prints a table. It takes the folder of the programs, and how many
// hosts there are:
//
//	go run . ../../bin 10 1000 10000
//
// Of several calls the fastest counts, and each program has its turn before one has the next.
package main

import (
	"fmt"
	"os"
	"strconv"
)

func main() {
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(programs string, sizes []string) error {
	dir, err := os.MkdirTemp("", "compare-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	slow := map[string]bool{}
	fmt.Printf("| hosts | program | objects | time | processor time | memory |\n|---:|---|---:|---:|---:|---:|\n")
	for _, size := range sizes {
		hosts, err := strconv.Atoi(size)
		if err != nil {
			return err
		}
		calls, err := prepare(programs, dir, hosts)
		if err != nil {
			return err
		}
		if err := measure(calls, hosts, slow); err != nil {
			return err
		}
	}
	return nil
}

// measure calls each program several times, in turn, and prints a line for each. Who takes long
// is called less often, and not at all for more hosts.
func measure(calls []*call, hosts int, slow map[string]bool) error {
	for range 10 {
		for _, c := range calls {
			if c.total > patience || slow[c.name] {
				continue
			}
			if err := c.run(); err != nil {
				return err
			}
		}
	}
	for _, c := range calls {
		fmt.Println(c.row(hosts))
		slow[c.name] = slow[c.name] || c.elapsed > patience
	}
	return nil
}
