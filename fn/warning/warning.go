// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package warning says what the user should know although the objects are right.
package warning

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/fn/code"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// NeedsPatch returns the warning that objects alone do not do it: workloads need a patch.
func NeedsPatch(p object.Patch) diag.Diagnostic {
	workloads, need := "the workloads", "need"
	if p.Deployment != "" {
		workloads, need = "the Deployment "+p.Deployment, "needs"
	}
	return needsPatch("%s in namespace %s %s a patch, which no object is; see egressbundle patch --help",
		workloads, p.Namespace, need)
}

// NeedsHelm returns a warning for each gateway that somebody else has to install, and none
// if there is no release.
func NeedsHelm(releases []object.Release) []diag.Diagnostic {
	var warnings []diag.Diagnostic
	for _, r := range releases {
		warnings = append(warnings, needsPatch(
			"the gateway %s in namespace %s is left to Helm; egressbundle patch --helm prints its values",
			r.Name, r.Namespace))
	}
	return warnings
}

// mostNames is how many names a warning has. Who removes more knows that.
const mostNames = 10

// Gone returns a warning of bundles, as NAMESPACE/NAME, that were removed, with all that they
// made, and none if there is none. A name may stand there several times, and what belongs to no
// single bundle has none.
func Gone(bundles []string) []diag.Diagnostic {
	names := slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(bundles))), func(n string) bool { return n == "" })
	if len(names) == 0 {
		return nil
	}
	all := strings.Join(names[:min(len(names), mostNames)], ", ")
	if more := len(names) - mostNames; more > 0 {
		all += fmt.Sprintf(" and %d more", more)
	}
	return []diag.Diagnostic{{
		Code:     code.RemovedObjects,
		Severity: diag.SeverityWarning,
		Message: "the objects of " + api.KindBundle + " " + all + " go, for none are made from there any more; " +
			"give every one whose objects are to stay",
	}}
}

func needsPatch(format string, args ...any) diag.Diagnostic {
	return diag.Diagnostic{
		Code:     code.NeedsPatch,
		Severity: diag.SeverityWarning,
		Message:  fmt.Sprintf(format, args...),
	}
}

// Print writes warnings to standard error, one a line. If that fails, there is nobody to
// tell.
func Print(stderr io.Writer, warnings ...diag.Diagnostic) {
	for _, w := range warnings {
		fmt.Fprintln(stderr, w)
	}
}
