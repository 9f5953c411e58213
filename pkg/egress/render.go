// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"cmp"
	"io"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/explain"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/audit"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/conflict"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/diagnose"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/draft"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/facts"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/follow"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/guide"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/istio"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kube"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/neighbor"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/parse"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/plan"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/source"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
	"github.com/egressbundle/egressbundle/pkg/egress/report"
	"github.com/egressbundle/egressbundle/pkg/egress/runbook"
)

// Output is the objects, patches, releases and warnings of one rendering.
type Output struct {
	// Patches are what no object of its own can do: changes to the Pods of
	// workloads that exist already. They are sorted.
	Patches []object.Patch
	// Releases are the gateways that Helm installs. They are sorted.
	Releases []object.Release
	// Warnings did not prevent the objects. They are sorted, and one stands for all that say
	// the same.
	Warnings []diag.Diagnostic
	// Acknowledged are the warnings that the input acknowledges, each with the reason. They
	// are sorted.
	Acknowledged []diag.Diagnostic

	asOf      time.Time
	plans     []*ir.Plan
	drafts    []draft.Draft    // sorted
	heads     []*object.Object // of the objects, in the order in which they were drafted
	neighbors []neighbor.Object
	follower  func() *follow.Follower // the same at each call
}

// Render returns the objects that carry the traffic of all bundles together. A
// nil mesh stands for a standard Istio installation, and leaves room for the
// Mesh of each bundle.
//
// If a bundle breaks a rule, or two contradict each other, Render returns a
// *diag.InvalidError with everything that is wrong, and no objects. Bundles that a
// Go program built are judged like those of a file.
//
// The objects of several bundles are those of each, put together. Those that serve
// no single bundle come out alike whichever are rendered: the Sidecar of a
// namespace, and what belongs to a gateway.
//
// Without a bundle there are no objects, and that is no error.
//
// Render is pure, and safe for concurrent use.
func Render(mesh *api.Mesh, bundles ...api.Bundle) (*Output, error) {
	return RenderAsOf(time.Time{}, mesh, bundles...)
}

// RenderAsOf renders as Render does, and judges as of a day which destinations have expired. Each
// may be used through its last day; where that is over it is a warning, or an error if the mesh
// says so. With the zero time no date is judged.
func RenderAsOf(asOf time.Time, mesh *api.Mesh, bundles ...api.Bundle) (*Output, error) {
	shared, problems, err := checkMesh(mesh)
	if err != nil {
		return nil, err
	}
	documents, found, err := checkAll(bundles)
	if err != nil {
		return nil, err
	}
	if len(problems) > 0 { // Without the facts of the cluster bundles would be misjudged.
		return nil, diag.ErrorOf(slices.Concat(problems, found))
	}
	isPatched := func(string, string) bool { return false }
	return render(asOf, shared, documents, nil, found, isPatched)
}

func checkMesh(mesh *api.Mesh) (checked *source.Document[api.Mesh], problems []diag.Diagnostic, err error) {
	if mesh == nil {
		return nil, nil, nil
	}
	document, problems, err := parse.Mesh(*mesh)
	return &document, problems, err
}

// checkAll returns the bundles that break no rule by themselves, and what is wrong with the
// others.
func checkAll(bundles []api.Bundle) (checked []source.Document[api.Bundle], problems []diag.Diagnostic, err error) {
	for _, b := range bundles {
		document, found, err := parse.Bundle(b)
		if err != nil {
			return nil, nil, err
		}
		problems = append(problems, found...)
		if len(found) == 0 {
			checked = append(checked, document)
		}
	}
	return checked, problems, nil
}

// render plans, judges and builds documents that were checked. Problems of other documents
// prevent objects, and not the search for more.
func render(
	asOf time.Time, mesh *source.Document[api.Mesh], bundles []source.Document[api.Bundle], neighbors []neighbor.Object,
	problems []diag.Diagnostic, isPatched func(namespace, deployment string) bool,
) (*Output, error) {
	plans, found := planAll(api.DateOf(asOf), mesh, bundles)
	found = slices.Concat(problems, found, conflict.Check(mesh, plans), kube.CheckHeaders(plans, isPatched))
	backend := istio.New(plans)
	drafts := draft.Unique(slices.Concat(backend.Drafts(), kube.Drafts(plans)))
	found = slices.Concat(found, backend.Check(neighbors), draft.CheckNames(plans, drafts, neighbors))
	if err := diag.ErrorOf(found); err != nil {
		return nil, err
	}
	if err := diag.ErrorOf(draft.CheckUnique(plans, drafts)); err != nil {
		return nil, err
	}
	warnings, acknowledged := sortOut(found, mesh, bundles, !asOf.IsZero())
	heads := draft.Heads(drafts)
	draft.Sort(drafts)
	return &Output{
		Patches:      kube.Patches(plans),
		Releases:     kube.Releases(plans),
		Warnings:     warnings,
		Acknowledged: acknowledged,
		asOf:         asOf,
		plans:        plans,
		drafts:       drafts,
		heads:        heads,
		neighbors:    neighbors,
		follower: sync.OnceValue(func() *follow.Follower {
			return follow.New(follow.Input{
				Plans: plans, Backend: backend, Heads: heads, Neighbors: neighbors, Warnings: warnings, Bundles: valuesOf(bundles),
				Judge: func(changed api.Bundle) error { return judge(asOf, mesh, bundles, neighbors, changed) },
			})
		}),
	}, nil
}

func valuesOf(bundles []source.Document[api.Bundle]) []api.Bundle {
	values := make([]api.Bundle, len(bundles))
	for i, b := range bundles {
		values[i] = b.Value
	}
	return values
}

// judge returns what is wrong with a bundle in place of that of its name, or beside the others.
func judge(
	asOf time.Time, mesh *source.Document[api.Mesh], bundles []source.Document[api.Bundle], neighbors []neighbor.Object, changed api.Bundle,
) error {
	document, found, err := parse.Bundle(changed)
	if err != nil || len(found) > 0 {
		return cmp.Or(err, diag.ErrorOf(found))
	}
	others := slices.DeleteFunc(slices.Clone(bundles), func(b source.Document[api.Bundle]) bool {
		return b.Value.Namespace == changed.Namespace && b.Value.Name == changed.Name
	})
	plans, found := planAll(api.DateOf(asOf), mesh, append(others, document))
	return diag.ErrorOf(slices.Concat(found, conflict.Check(mesh, plans), istio.New(plans).Check(neighbors)))
}

// planAll plans the bundles in the order of their names.
func planAll(
	asOf api.Date, mesh *source.Document[api.Mesh], bundles []source.Document[api.Bundle],
) ([]*ir.Plan, []diag.Diagnostic) {
	var diagnostics []diag.Diagnostic
	if mesh != nil {
		r := diagnose.New(mesh.Subject)
		facts.Check(r, field.Spec, mesh.Value)
		diagnostics = r.Diagnostics()
	}
	var plans []*ir.Plan
	for _, b := range slices.SortedFunc(slices.Values(bundles), byIdentity) {
		p, found := plan.Make(mesh, b, asOf)
		plans = append(plans, p)
		diagnostics = append(diagnostics, found...)
	}
	return plans, diagnostics
}

// byIdentity orders bundles, and those with one name by where they stand, so
// that the order in which they are given does not matter.
func byIdentity(a, b source.Document[api.Bundle]) int {
	at, bt := a.Position(""), b.Position("")
	return cmp.Or(
		cmp.Compare(a.Value.Namespace, b.Value.Namespace),
		cmp.Compare(a.Value.Name, b.Value.Name),
		cmp.Compare(at.File, bt.File),
		cmp.Compare(at.Line, bt.Line),
	)
}

// ExpiringDays is how many days ahead a report lists what expires, if nobody says another number.
const ExpiringDays = 30

// Objects returns the objects, sorted in an order in which they can be applied. Each is made when
// its turn comes, and belongs to the caller: ranging again makes them again.
func (o *Output) Objects() iter.Seq[object.Object] { return draft.Build(o.drafts) }

// Report reports on the bundles that were rendered, in the order of their
// namespaces and names, and on the objects of others that stood among them.
func (o *Output) Report() report.Report { return o.ReportExpiring(ExpiringDays) }

// ReportExpiring reports as Report does, and lists what expires within some days from the day as
// of which it was rendered.
func (o *Output) ReportExpiring(withinDays int) report.Report {
	r := audit.Report(o.plans, o.heads, o.neighbors)
	if !o.asOf.IsZero() {
		r.Expiry = audit.Expiry(o.plans, o.asOf, withinDays)
	}
	for _, d := range o.Acknowledged {
		r.Acknowledged = append(r.Acknowledged, report.Acknowledged{
			Code: d.Code, Object: d.Object, Field: d.Path, Position: d.Position, Message: d.Message, Reason: d.Reason,
		})
	}
	return r
}

// Explain says what becomes of a call, by the bundles that were rendered and the objects of
// others that stood among them. An error is about the URL or the address of the call.
func (o *Output) Explain(call explain.Call) (explain.Explanation, error) {
	return o.follower().Explain(call)
}

// Calls returns what clients of the bundles may try: from each of them, a call to each port of
// each host that any bundle names, and one that a port does not allow, if it does not allow each.
// A wildcard and a range have one call that stands for all. Explain says what becomes of it.
func (o *Output) Calls() []explain.Call { return o.follower().Calls() }

// Runbook says how to check the bundles on a cluster, what to look at when a call fails, and how to remove them.
func (o *Output) Runbook() runbook.Runbook { return guide.Runbook(o.plans, o.heads, o.follower()) }

// EncodeHelmValues writes what workloads need as values for the Helm charts of Istio, as
// object.EncodeHelmValues does. A gateway whose Deployment is among the objects has none. An
// error is one of the writer.
func (o *Output) EncodeHelmValues(w io.Writer) error {
	made := map[diag.ObjectRef]bool{}
	for _, d := range o.drafts {
		made[d.Ref()] = true
	}
	patches := slices.DeleteFunc(slices.Clone(o.Patches), func(p object.Patch) bool {
		return made[diag.ObjectRef{Kind: kind.Deployment, Namespace: p.Namespace, Name: p.Deployment}]
	})
	return object.EncodeHelmValues(w, patches, o.Releases)
}

// WithDefaults returns a mesh with every fact filled in, as Render sees it. It judges nothing.
func WithDefaults(mesh api.Mesh) api.Mesh { return facts.WithDefaults(mesh) }
