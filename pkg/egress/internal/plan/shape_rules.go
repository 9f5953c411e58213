// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"maps"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

// mostPaths is how many paths a port may tell apart: all of them are routes of one object.
const mostPaths = 64

// checkShapes judges what is said of requests: by the port, and by each path.
func (p port) checkShapes(own api.PathOptions, paths map[string]api.PathOptions, allow []api.AllowedRequest) {
	at := p.fieldPath("paths")
	if len(paths) > mostPaths {
		p.Report(at, tooManyPaths(len(paths)))
	}
	p.checkShape(p.path, ir.EveryPath, own)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		p.checkPath(at.Child(path), path)
		switch of := at.Child(path); {
		case path == ir.EveryPath:
			p.Report(of, everyPath())
		case !allowsSome(allow, path):
			p.Report(of, pathNotAllowed())
		default:
			p.checkShape(of, path, paths[path])
		}
	}
}

// checkPath refuses a path that proxies never see.
func (p port) checkPath(at field.Path, path string) {
	if read := ir.NormalizedPath(path); read != path {
		p.Report(at, pathNotNormalized(path, read))
	}
}

// allowsSome reports whether any request of a path may pass.
func allowsSome(allow []api.AllowedRequest, path string) bool {
	return len(allow) == 0 || slices.ContainsFunc(allow, func(r api.AllowedRequest) bool {
		meets := func(allowed string) bool { _, ok := ir.CommonPath(allowed, path); return ok }
		return len(r.Paths) == 0 || slices.ContainsFunc(r.Paths, meets)
	})
}

// checkShape judges what is said of the requests of a path.
func (p port) checkShape(at field.Path, path string, o api.PathOptions) {
	if r := o.Retries; r != nil && r.Attempts == 0 && (r.PerTryTimeout != 0 || len(r.RetryOn) > 0) {
		p.Report(at.Child("retries"), retriesOff())
	}
	if o.Rewrite != nil {
		p.checkRewrite(at.Child("rewrite"), path, *o.Rewrite)
	}
	if o.Headers != nil {
		p.checkOperations(at.Child("headers").Child("request"), o.Headers.Request)
		p.checkOperations(at.Child("headers").Child("response"), o.Headers.Response, ofResponses...)
	}
	if fault := plainFault(o.Fault); fault != nil {
		p.checkFault(at.Child("fault"), *fault)
	}
}

func (p port) checkFault(at field.Path, f api.Fault) {
	p.Report(at, faultForTests(f))
	switch a := f.Abort; {
	case a == nil:
	case (a.HTTPStatus == 0) == (a.GRPCStatus == ""):
		p.Report(at.Child("abort"), oneStatus())
	case a.GRPCStatus != "" && p.protocol != ir.GRPC:
		p.Report(at.Child("abort").Child("grpcStatus"), statusOfGRPC())
	}
}

// checkRewrite refuses to put /v2users in the place of /users. One that says nothing has a meaning
// for a path alone: the rewrite of the port is not for it.
func (p port) checkRewrite(at field.Path, path string, r api.Rewrite) {
	if r == (api.Rewrite{}) && path == ir.EveryPath {
		p.Report(at, emptyRewrite())
	}
	if r.URI != "" && strings.HasSuffix(path, "/*") && !strings.HasSuffix(r.URI, "/") {
		p.Report(at.Child("uri"), rewriteWithoutSlash(path, r.URI))
	}
	host, _, _ := strings.Cut(r.Authority, ":")
	p.checkHost(at.Child("authority"), host)
}

// framing are headers that say where a request or its connection ends: to change them is to
// send another request.
var framing = []string{
	"connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
}

// ofProxies begin the headers by which proxies of the mesh talk to each other.
var ofProxies = []string{"x-envoy-", "x-istio-"}

// ofResponses are headers of responses that every proxy on the way sets.
var ofResponses = []string{"date", "server"}

func (p port) checkOperations(at field.Path, o *api.HeaderOperations, setAgain ...string) {
	if o == nil {
		return
	}
	if len(o.Set)+len(o.Add)+len(o.Remove) == 0 {
		p.Report(at, emptyOperations())
	}
	for _, name := range slices.Sorted(maps.Keys(o.Set)) {
		p.checkHeader(at.Child("set").Child(name), name, setAgain)
	}
	for _, name := range slices.Sorted(maps.Keys(o.Add)) {
		p.checkHeader(at.Child("add").Child(name), name, setAgain)
	}
	for i, name := range o.Remove {
		p.checkHeader(at.Child("remove").Item(i), name, setAgain)
	}
}

func (p port) checkHeader(at field.Path, name string, setAgain []string) {
	isOfProxies := func(prefix string) bool { return strings.HasPrefix(name, prefix) }
	switch {
	case name == "host":
		p.Report(at, hostHeader())
	case slices.Contains(framing, name):
		p.Report(at, framingHeader(name))
	case slices.Contains(setAgain, name):
		p.Report(at, headerSetAgain(name))
	case slices.ContainsFunc(ofProxies, isOfProxies):
		p.Report(at, headerOfProxies(name))
	}
}
