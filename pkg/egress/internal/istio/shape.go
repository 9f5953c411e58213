// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package istio

import (
	"regexp"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

// rewrite returns by what path and authority requests leave; an empty authority is that with
// which they came. It replaces the beginning of the path by a pattern of its own: uri would
// replace all that the match of the route is for, which allow may narrow.
func rewrite(s ir.Shape, authority string) *networking.HTTPRewrite {
	if authority == "" && !s.RewritesURI() {
		return nil
	}
	rewrite := &networking.HTTPRewrite{Authority: authority}
	if s.RewritesURI() {
		rewrite.UriRegexRewrite = &networking.RegexRewrite{
			Match:   "^" + regexp.QuoteMeta(s.Replaces),
			Rewrite: s.Rewrite.URI,
		}
	}
	return rewrite
}

// headers changes headers as a shape says, after those are gone that proxies add.
func headers(d *ir.Destination, s ir.Shape, added ...string) *networking.Headers {
	if !d.OwnRequestIDs {
		added = append(added, requestID)
	}
	changed := &networking.Headers{Request: &networking.Headers_HeaderOperations{}}
	if s.Headers != nil {
		changed.Request = operations(s.Headers.Request)
		if s.Headers.Response != nil {
			changed.Response = operations(s.Headers.Response)
		}
	}
	changed.Request.Remove = slices.Compact(slices.Sorted(slices.Values(append(added, changed.Request.Remove...))))
	return changed
}

func operations(from *api.HeaderOperations) *networking.Headers_HeaderOperations {
	if from == nil {
		return &networking.Headers_HeaderOperations{}
	}
	return &networking.Headers_HeaderOperations{Add: literals(from.Add), Remove: slices.Clone(from.Remove), Set: literals(from.Set)}
}

// literals returns values in which nothing is a command of Envoy: those begin with a %.
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#custom-request-response-headers
func literals(values map[string]string) map[string]string {
	if len(values) == 0 {
		return nil
	}
	literals := map[string]string{}
	for name, value := range values {
		literals[name] = strings.ReplaceAll(value, "%", "%%")
	}
	return literals
}

func fault(f *api.Fault) *networking.HTTPFaultInjection {
	if f == nil {
		return nil
	}
	fault := &networking.HTTPFaultInjection{}
	if d := f.Delay; d != nil {
		fault.Delay = &networking.HTTPFaultInjection_Delay{
			HttpDelayType: &networking.HTTPFaultInjection_Delay_FixedDelay{FixedDelay: duration(d.FixedDelay)},
			Percentage:    &networking.Percent{Value: float64(d.Percentage)},
		}
	}
	if a := f.Abort; a != nil {
		fault.Abort = &networking.HTTPFaultInjection_Abort{Percentage: &networking.Percent{Value: float64(a.Percentage)}}
		if a.GRPCStatus != "" {
			fault.Abort.ErrorType = &networking.HTTPFaultInjection_Abort_GrpcStatus{GrpcStatus: a.GRPCStatus}
		} else {
			fault.Abort.ErrorType = &networking.HTTPFaultInjection_Abort_HttpStatus{HttpStatus: int32(a.HTTPStatus)}
		}
	}
	return fault
}
