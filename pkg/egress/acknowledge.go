// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"maps"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/diagnose"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/source"
)

// acknowledgements are the reasons to accept the warnings of one code about one object.
type acknowledgements map[acknowledgement]string

type acknowledgement struct {
	object diag.ObjectRef
	code   diag.Code
}

// sortOut tells the warnings that the input acknowledges from the others, and says which
// acknowledgements are for none. Where dates were not judged, that of what has expired may be for
// one.
func sortOut(
	found []diag.Diagnostic, mesh *source.Document[api.Mesh], bundles []source.Document[api.Bundle], datesJudged bool,
) (warnings, acknowledged []diag.Diagnostic) {
	occurs := map[acknowledgement]bool{}
	for _, w := range found {
		occurs[acknowledgement{w.Object, w.Code}] = true
	}
	if !datesJudged {
		for _, b := range bundles {
			occurs[acknowledgement{b.Object, diag.Expired}] = true
		}
	}
	reasons := acknowledgements{}
	if mesh != nil {
		warnings = append(warnings, reasons.add(mesh.Subject, mesh.Value.Annotations, occurs)...)
	}
	for _, b := range bundles {
		warnings = append(warnings, reasons.add(b.Subject, b.Value.Annotations, occurs)...)
	}
	for _, w := range found {
		if w.Reason = reasons[acknowledgement{w.Object, w.Code}]; w.Reason != "" {
			acknowledged = append(acknowledged, w)
		} else {
			warnings = append(warnings, w)
		}
	}
	diag.Sort(warnings)
	diag.Sort(acknowledged)
	return unite(warnings), acknowledged
}

// add adds the acknowledgements of one object, and returns what is wrong with them.
func (a acknowledgements) add(
	subject source.Subject, annotations map[string]string, occurs map[acknowledgement]bool,
) []diag.Diagnostic {
	r := diagnose.New(subject)
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		code, ok := strings.CutPrefix(key, api.AcknowledgePrefix)
		reason := strings.TrimSpace(annotations[key])
		of := acknowledgement{subject.Object, diag.Code(code)}
		switch {
		case !ok:
		case !occurs[of]:
			r.Report(field.Annotations.Child(key), acknowledgesNothing(code))
		case reason == "":
			r.Report(field.Annotations.Child(key), acknowledgesWithoutReason())
		default:
			a[of] = reason
		}
	}
	return r.Diagnostics()
}

// unite makes one of the warnings that say the same of several places: they have one cause. The
// first, in the order of what is sorted, stands for all.
func unite(warnings []diag.Diagnostic) []diag.Diagnostic {
	type cause struct {
		code    diag.Code
		message string
	}
	places := map[cause][]diag.Diagnostic{}
	var causes []cause
	for _, w := range warnings {
		c := cause{w.Code, w.Message}
		if places[c] == nil {
			causes = append(causes, c)
		}
		places[c] = append(places[c], w)
	}
	var united []diag.Diagnostic
	for _, c := range causes {
		first, others := places[c][0], places[c][1:]
		if len(others) > 0 {
			first.Message += andOthers(others)
		}
		united = append(united, first)
	}
	return united
}
