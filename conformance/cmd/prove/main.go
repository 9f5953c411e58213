// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// The command prove shows what Istio makes of the calls that EgressBundles
// promise. It takes files and folders: bundles, an EgressMesh, and other objects of
// the cluster, which are applied beside what the bundles are rendered to. What render
// says of them stands on standard error.
package main

import (
	"errors"
	"fmt"
	"os"

	"istio.io/istio/pkg/test"

	"github.com/egressbundle/egressbundle/conformance/prove"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(paths []string) error {
	if len(paths) == 0 {
		return errors.New("name the files or folders of the bundles to prove")
	}
	prove.Quiet()
	c, err := prove.Read(paths)
	if err != nil {
		return err
	}
	for _, d := range c.Diagnostics {
		fmt.Fprintln(os.Stderr, d)
	}
	var proof *prove.Proof
	var proveErr error
	if err := test.Wrap(func(t test.Failer) { proof, proveErr = c.Prove(t) }); err != nil {
		return err
	}
	if proveErr != nil {
		return proveErr
	}
	if _, err := proof.WriteTo(os.Stdout); err != nil {
		return err
	}
	if n := proof.Failures(); n > 0 {
		return fmt.Errorf("%d failures", n)
	}
	return nil
}
