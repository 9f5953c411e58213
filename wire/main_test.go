// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package wire makes the calls that the goldens promise on real parts.
package wire

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/egressbundle/egressbundle/conformance/prove"
	"github.com/egressbundle/egressbundle/wire/parts"
	"github.com/egressbundle/egressbundle/wire/rig"
	"github.com/egressbundle/egressbundle/wire/world"
)

// mesh is the one mesh of all tests. It lives on while settings come and go.
var mesh *rig.Mesh

const startTime = 3 * time.Minute

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == istioctlName {
		if err := istioctl(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	live := func() (int, error) { return run(m) }
	if os.Getenv(inhabitant) != "" {
		live = inhabit
	}
	status, err := live()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(status)
}

// run runs the tests in a world of its own. The programs are built before, for nothing
// can be downloaded there.
func run(m *testing.M) (int, error) {
	if !world.Entered() {
		if missing := parts.Missing(); len(missing) > 0 {
			return skip(missing)
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
	prove.Quiet()
	if err := world.Enter(); err != nil {
		return 0, err
	}
	programs, err := parts.Imported()
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	mesh, err = rig.Start(ctx, programs)
	if err != nil {
		return 0, err
	}
	if status := m.Run(); status != 0 {
		return status, nil
	}
	return 0, checkTally()
}

// skip says loudly what is missing. Where REQUIRE_WIRE is set, that is a failure.
func skip(missing []string) (int, error) {
	text := "NOTHING IS TESTED ON THE WIRE. This machine lacks: " + strings.Join(missing, "; ")
	if os.Getenv("REQUIRE_WIRE") != "" {
		return 0, fmt.Errorf("%s", text)
	}
	fmt.Println(text)
	return 0, nil
}
