// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package follow

import (
	"fmt"
	"slices"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/explain"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/istio"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
)

// shapeOf is what becomes of the request where it leaves.
func (w *walk) shapeOf(c istio.Course) ir.Shape { return c.Route.ShapeAt(w.path) }

// shape notes how the last proxy changes a request.
func (w *walk) shape(hop *explain.Hop, c istio.Course) {
	s := w.shapeOf(c).Clone()
	if path := s.Rewritten(w.path); path != w.path {
		hop.Path = w.withQuery(path)
		if !slices.Contains(c.Destination.Originals(c.Route, w.mesh().ProxyHeaders), ir.OriginalPath) {
			hop.Log.Path = hop.Path // The log has the other where the header is that tells it.
		}
	}
	if s.Rewrite != nil && s.Rewrite.Authority != "" {
		hop.Authority = s.Rewrite.Authority
		hop.Log.Authority = hop.Authority
	}
	switch f := s.Fault; {
	case f == nil:
	case f.Abort != nil: // Of some such requests: who stops all is not asked.
		hop.Log.Flags, hop.Log.Details = explain.Any, explain.Any
	case f.Delay != nil:
		hop.Log.Flags = flagOfDelay(*f.Delay)
	}
	hop.Headers = s.Headers
}

// flagOfDelay is what a proxy logs of a request that waits. Of some requests it does not.
func flagOfDelay(d api.Delay) string {
	if d.Percentage < api.Always {
		return explain.Any
	}
	return delayInjected
}

// flagsOfFault is what a proxy logs of a request that it answers, which may wait before.
func flagsOfFault(f api.Fault) string {
	switch {
	case f.Delay == nil:
		return faultInjected
	case f.Delay.Percentage < api.Always:
		return explain.Any
	default:
		return delayInjected + "," + faultInjected
	}
}

// isAborted reports whether a fault answers every such request.
func (w *walk) isAborted(c istio.Course) bool {
	return w.isRequest() && c.Route.IsHTTP() && abortsAll(w.shapeOf(c).Fault)
}

func abortsAll(f *api.Fault) bool {
	return f != nil && f.Abort != nil && f.Abort.Percentage == api.Always
}

// noteFault notes what a fault does with some requests.
func (w *walk) noteFault(c istio.Course) {
	if fault := w.shapeOf(c).Fault; w.isRequest() && c.Route.IsHTTP() && fault != nil {
		w.notef("A fault for tests is on: of such requests %s.", fault)
	}
}

// stopFault stops a request that a fault answers.
func (w *walk) stopFault(c istio.Course, leg istio.Leg) {
	fault := w.shapeOf(c).Fault
	by, hop, status := w.endAt(kind.VirtualService, "answers it"), w.lastHop(), statusOf(*fault.Abort)
	hop.Path, hop.Headers = "", nil
	hop.Log = w.logOfAnswer(status, faultAbort, w.arriving())
	hop.Log.Flags, hop.Log.SNI, hop.Log.Cluster, hop.Log.Route = flagsOfFault(*fault), leg.Arrives, leg.Cluster, explain.Any
	for i := range w.Hops[:len(w.Hops)-1] {
		w.Hops[i].Log.Code = hop.Log.Code
	}
	w.stopAnswered(by, status, "A fault for tests is on: "+fault.String()+".", faultAbortBody)
	if grpc := fault.Abort.GRPCStatus; grpc != "" {
		w.Stop.Looks, w.Stop.Curl = fmt.Sprintf("The answer is %d, with the status %s of gRPC.", status, grpc), 0
	}
}

const (
	faultAbort     = "fault_filter_abort"
	faultAbortBody = "fault filter abort"
	faultInjected  = "FI"
	delayInjected  = "DI"

	statusOK = 200
)

// statusOf is that of the answer: of gRPC it is that of success, and the status of gRPC says more.
func statusOf(a api.Abort) int {
	if a.GRPCStatus != "" {
		return statusOK
	}
	return a.HTTPStatus
}
