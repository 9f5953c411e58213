// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// The command egressbundle turns EgressBundles into the Istio objects that
// carry their traffic: on the command line, and as a KRM function.
package main

import (
	"os"

	"github.com/egressbundle/egressbundle/fn/command"
)

func main() {
	os.Exit(command.Run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
