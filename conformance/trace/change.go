// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package trace

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	fault "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/fault/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/proto"

	"istio.io/istio/pkg/wellknown"
)

// What routes change of requests: their headers, and whether they go on at all.

// A Fault is what a route does to some requests for tests.
type Fault struct {
	Delay      time.Duration
	Delayed    float64 // percent
	Status     int     // of the answer; 0 for none
	Answered   float64 // percent
	GRPCStatus uint32  // 0 for none
}

// changeHeaders returns headers as a route changes them: it removes before it adds.
func changeHeaders(from map[string]string, remove []string, add []*core.HeaderValueOption) (map[string]string, error) {
	headers := maps.Clone(from)
	if headers == nil {
		headers = map[string]string{}
	}
	for _, name := range remove {
		delete(headers, strings.ToLower(name))
	}
	for _, option := range add {
		name := strings.ToLower(option.GetHeader().GetKey())
		value, err := literal(option.GetHeader().GetValue())
		if err != nil {
			return nil, fmt.Errorf("header %s: %w", name, err)
		}
		switch option.GetAppendAction() {
		case core.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD:
			headers[name] = value
		case core.HeaderValueOption_APPEND_IF_EXISTS_OR_ADD:
			if before, ok := headers[name]; ok {
				value = before + ", " + value
			}
			headers[name] = value
		default:
			return nil, fmt.Errorf("header %s: %s is not supported", name, option.GetAppendAction())
		}
	}
	return headers, nil
}

// literal returns the value that a format of Envoy gives, in which %% is a %. Anything else that a % begins is a command,
// which may tell what is inside the mesh.
func literal(format string) (string, error) {
	if strings.Contains(strings.ReplaceAll(format, "%%", ""), "%") {
		return "", fmt.Errorf("the format %q has commands", format)
	}
	return strings.ReplaceAll(format, "%%", "%"), nil
}

// faultOf returns the fault of a route; a zero one does nothing.
func faultOf(rt *route.Route) (f Fault, err error) {
	for name := range rt.GetTypedPerFilterConfig() {
		if name != wellknown.Fault {
			return f, fmt.Errorf("route %s: configuration of the filter %s is not supported", rt.GetName(), name)
		}
	}
	packed := rt.GetTypedPerFilterConfig()[wellknown.Fault]
	if packed == nil {
		return f, nil
	}
	config := &fault.HTTPFault{}
	if err := packed.UnmarshalTo(config); err != nil {
		return f, err
	}
	known := &fault.HTTPFault{Delay: config.GetDelay(), Abort: config.GetAbort()}
	if !proto.Equal(config, known) || config.GetDelay().GetHeaderDelay() != nil || config.GetAbort().GetHeaderAbort() != nil {
		return f, fmt.Errorf("fault %v is not supported", config)
	}
	f = Fault{
		Delay: config.GetDelay().GetFixedDelay().AsDuration(), Delayed: percent(config.GetDelay().GetPercentage()),
		Status: int(config.GetAbort().GetHttpStatus()), Answered: percent(config.GetAbort().GetPercentage()),
		GRPCStatus: config.GetAbort().GetGrpcStatus(),
	}
	if f.GRPCStatus != 0 {
		f.Status = http.StatusOK // The status of gRPC says more.
	}
	return f, nil
}

func percent(p *typev3.FractionalPercent) float64 {
	of := map[typev3.FractionalPercent_DenominatorType]float64{
		typev3.FractionalPercent_HUNDRED: 1, typev3.FractionalPercent_TEN_THOUSAND: 100, typev3.FractionalPercent_MILLION: 10_000,
	}
	return float64(p.GetNumerator()) / of[p.GetDenominator()]
}
