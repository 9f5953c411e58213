// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// The command egressbundle turns EgressBundles into the Istio objects that
// carry their traffic: on the command line, and as a KRM function.
package main

import (
	"os"
	"runtime"

	"github.com/egressbundle/egressbundle/fn/command"
)

func main() {
	// Garbage is collected whenever the heap has doubled. Where it is small, that is often: most
	// calls end before they have used 16 MB. What is never written to takes no memory.
	headroom := make([]byte, 8<<20)
	status := command.Run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	runtime.KeepAlive(headroom)
	os.Exit(status)
}
