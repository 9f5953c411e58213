// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// The command wire makes every call that EgressBundles promise through real Envoys, whose
// configuration a real istiod makes of what a real API server holds. It takes files as
// the command prove does, and needs root on Linux. What it makes is in namespaces of its
// own and ends with it.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/conformance/prove"
	"github.com/egressbundle/egressbundle/wire/parts"
	"github.com/egressbundle/egressbundle/wire/rig"
	"github.com/egressbundle/egressbundle/wire/world"
)

func main() {
	status, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(status)
}

func run(paths []string) (status int, err error) {
	if len(paths) == 0 {
		return 0, errors.New("name the files of the bundles to prove")
	}
	if world.Entered() {
		return 0, within(paths)
	}
	if missing := parts.Missing(); len(missing) > 0 {
		return 0, fmt.Errorf("this machine lacks:\n- %s", strings.Join(missing, "\n- "))
	}
	programs, err := parts.Build(os.Getenv("ISTIO"))
	if err != nil {
		return 0, err
	}
	if err := programs.Export(); err != nil {
		return 0, err
	}
	return world.Run()
}

// within proves the promises of bundles in a world of its own.
func within(paths []string) error {
	prove.Quiet()
	c, err := prove.Read(paths)
	if err != nil {
		return err
	}
	if err := world.Enter(); err != nil {
		return err
	}
	programs, err := parts.Imported()
	if err != nil {
		return err
	}
	ctx := context.Background()
	mesh, err := rig.Start(ctx, programs)
	if err != nil {
		return err
	}
	for _, d := range c.Diagnostics {
		fmt.Fprintln(os.Stderr, d)
	}
	err = mesh.Set(ctx, rig.Setting{
		Manifests: c.Stream(), Gateways: c.Gateways, OutboundTrafficPolicy: c.OutboundTrafficPolicy,
		QuietProxies: c.QuietProxies, DNSCapture: c.DNSCapture, DNS: c.DNS, Calls: c.Promised,
	})
	if err != nil {
		return err
	}
	return makeCalls(ctx, mesh, c.Promised)
}

func makeCalls(ctx context.Context, mesh *rig.Mesh, promised []calls.Outcome) error {
	broken := 0
	for _, o := range promised {
		result, diff, err := mesh.Settle(ctx, o)
		if err != nil {
			return err
		}
		verdict := "kept"
		if diff != "" {
			verdict = "BROKEN"
			broken++
		}
		fmt.Printf("%s from %s: %s\n", o.Call, o.From, verdict)
		for _, step := range result.Steps {
			fmt.Printf("  %s\n", step)
		}
		if diff != "" {
			fmt.Printf("  (-promised +happens):\n%s\n", diff)
		}
	}
	if broken > 0 {
		return fmt.Errorf("%d promises are not kept", broken)
	}
	return nil
}
