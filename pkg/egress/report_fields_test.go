// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// notReported are the fields that change neither where traffic goes, nor who may send it, nor how
// it is protected, and so change no report, and why.
var notReported = map[string]string{
	"Bundle.Annotations":                  notOfTraffic,
	"Bundle.Labels":                       notOfTraffic,
	"Mesh.Name":                           notOfTraffic,
	"Mesh.Annotations":                    notOfTraffic,
	"HTTP.Timeout":                        whileTrying,
	"HTTP.Retries":                        whileTrying,
	"TLSOrigination.Timeout":              whileTrying,
	"TLSOrigination.Retries":              whileTrying,
	"PathOptions.Timeout":                 whileTrying,
	"PathOptions.Retries":                 whileTrying,
	"Retries.Attempts":                    whileTrying,
	"Retries.PerTryTimeout":               whileTrying,
	"Retries.RetryOn":                     whileTrying,
	"TrafficPolicy.ConnectTimeout":        whileTrying,
	"TrafficPolicy.ConnectionPool":        asMuch,
	"ConnectionPool.TCP":                  asMuch,
	"ConnectionPool.HTTP":                 asMuch,
	"ConnectionPoolTCP.MaxConnections":    asMuch,
	"ConnectionPoolTCP.TCPKeepalive":      asMuch,
	"TCPKeepalive.Probes":                 asMuch,
	"TCPKeepalive.Time":                   asMuch,
	"TCPKeepalive.Interval":               asMuch,
	"ConnectionPoolHTTP.MaxRetries":       asMuch,
	"ConnectionPoolHTTP.IdleTimeout":      asMuch,
	"TrafficPolicy.OutlierDetection":      amongTargets,
	"OutlierDetection.Interval":           amongTargets,
	"OutlierDetection.BaseEjectionTime":   amongTargets,
	"OutlierDetection.MaxEjectionPercent": amongTargets,
	"Deploy.Installer":                    howItRuns,
	"Deploy.Replicas":                     howItRuns,
	"Deploy.Resources":                    howItRuns,
	"Deploy.Tolerations":                  howItRuns,
	"Replicas.Min":                        howItRuns,
	"Replicas.Max":                        howItRuns,
	"Resources.Requests":                  howItRuns,
	"Resources.Limits":                    howItRuns,
	"ResourceList.CPU":                    howItRuns,
	"ResourceList.Memory":                 howItRuns,
	"Toleration.Key":                      howItRuns,
	"Toleration.Operator":                 howItRuns,
	"Toleration.Value":                    howItRuns,
	"Toleration.Effect":                   howItRuns,

	"ConnectionPoolTCP.MaxConnectionDuration":     asMuch,
	"ConnectionPoolHTTP.HTTP1MaxPendingRequests":  asMuch,
	"ConnectionPoolHTTP.HTTP2MaxRequests":         asMuch,
	"ConnectionPoolHTTP.MaxRequestsPerConnection": asMuch,
	"OutlierDetection.Consecutive5xxErrors":       amongTargets,
	"OutlierDetection.ConsecutiveGatewayErrors":   amongTargets,
}

const (
	notOfTraffic = "is for people, or is a name that nothing refers to"
	whileTrying  = "says how long and how often a call is tried, and not where it goes"
	asMuch       = "limits how much goes where it goes anyway"
	amongTargets = "chooses among the endpoints that are reported"
	howItRuns    = "says how the Pods of a gateway run"
)

// partlyReported are fields of which something changes no report, and why.
var partlyReported = map[string]string{
	"Destination.TrafficPolicy": "holds limits",
	"Gateway.Deploy":            "holds how the Pods run",
	"Endpoint.Ports":            "may say what is so without it",
	"HTTP.Paths":                "may hold timeouts and retries",
}

// moreInputs set what no golden does, or what can become something else only where more is said.
var moreInputs = []string{
	`
  mesh:
    rootNamespace: mesh
    dnsCapture: true
    clusterDomain: example.internal
    trustDomain: example.internal
    dns: {addresses: [169.254.20.10]}
    apiServer: [192.0.2.1]
    gateways: {one: {namespace: egress, deploy: {installer: Helm}}, two: {namespace: egress}}
  destinations: {cnn: {hosts: [edition.cnn.com], gateway: one}}
  enforce: {networkPolicy: true, registryOnly: true}
`, `
  mesh: {mutualTLS: false, gateways: {one: {ports: {tcp: [9001, 9002]}}}}
  destinations: {db: {hosts: [db.example.com], addresses: [203.0.113.7], ports: [{port: 5432, pattern: TCP, gatewayPort: 9001}]}}
`, `
  destinations:
    bank:
      hosts: [bank.example.com]
      endpoints:
      - {address: eu.example.com, locality: eu}
      - {address: us.example.com, locality: us}
      - {address: asia.example.com, locality: asia}
      trafficPolicy: {outlierDetection: {}, failover: [{from: eu, to: us}]}
`, `
  destinations:
    stocks:
      hosts: [stocks.example.com]
      ports: [{port: 80, pattern: HTTP, protocol: GRPC, fault: {abort: {grpcStatus: INTERNAL, percentage: 10}}}]
`,
}

// together are fields that change with others only: how a destination is before and after.
var together = map[string][2]string{
	"ClientCertificate.Secret": {
		"{hosts: [a.example.com], ports: [{port: 80, pattern: TLSOrigination, clientCertificate: {secret: one}, caCertificates: {secret: one}}]}",
		"{hosts: [a.example.com], ports: [{port: 80, pattern: TLSOrigination, clientCertificate: {secret: two}, caCertificates: {secret: two}}]}",
	},
	"Service.Type": {
		"{via: Sidecar, service: {type: ExternalName, externalName: a.example.com}}",
		"{via: Sidecar, service: {type: Endpoints, externalName: a.example.com, addresses: [203.0.113.7]}}",
	},
}

// TestEveryFieldIsReported changes each field of each golden, and takes it away. The report
// changes with what comes out: no reviewer has to read the YAML.
// What changes with each field is in the reference.
func TestEveryFieldIsReported(t *testing.T) {
	var inputs []string
	for _, spec := range moreInputs {
		inputs = append(inputs, inBundle(spec))
	}
	for _, in := range glob(t, "../../testdata/render/*/*/in.yaml") {
		inputs = append(inputs, readText(t, in))
	}
	reported, changes := map[string]bool{}, changedKinds{}
	for _, in := range inputs {
		checkReported(t, parse(t, in), reported, changes)
	}
	for field, destination := range together {
		before := said(t, parse(t, inBundle("  destinations: {a: "+destination[0]+"}\n")), &changer{target: -1})
		after := said(t, parse(t, inBundle("  destinations: {a: "+destination[1]+"}\n")), &changer{target: -1})
		reported[field] = !before.isRefused() && !after.isRefused() && before.report != after.report
		changes.note(field, before, after)
	}
	known := map[string]bool{}
	listFields(known, reflect.TypeFor[api.Bundle]())
	for _, info := range api.Patterns() {
		listFields(known, reflect.TypeOf(info.New()))
	}
	for _, field := range slices.Sorted(maps.Keys(known)) {
		if reported[field] == (notReported[field] != "") {
			t.Errorf("%s is reported: %v; the reason not to: %q", field, reported[field], notReported[field])
		}
	}
	compareGolden(t, "../../docs/reference.md", changes.reference(t))
}

// checkReported changes what documents say, one place at a time, and notes what is reported.
func checkReported(t *testing.T, found egress.Documents, reported map[string]bool, changes changedKinds) {
	t.Helper()
	before := said(t, found, &changer{target: -1})
	for place := 0; ; place++ {
		c := changer{target: place}
		if c.visitAll(t, found); len(c.fields) == 0 {
			return
		}
		changed := false
		for c.choice = 0; c.choice < c.choices && !changed; c.choice++ {
			after := said(t, found, &c)
			changes.note(c.field(), before, after)
			switch {
			case after.isRefused():
			case after.report != before.report:
				changed = c.choice > 0 // The first is that the field is taken away.
				for _, field := range c.fields {
					reported[field] = true
				}
			case !maps.Equal(after.objects, before.objects) && notReported[c.field()] == "" && partlyReported[c.field()] == "":
				t.Errorf("%v: the report does not tell when %s becomes %v", found.Refs(), c.field(), c.became)
			}
		}
	}
}

// A result is what comes out, by kind, and what is reported of it. It is empty if the input is
// refused.
type result struct {
	objects map[string]string
	report  string
}

func (r result) isRefused() bool { return r.objects == nil }

func said(t *testing.T, found egress.Documents, c *changer) result {
	t.Helper()
	mesh, bundles := c.visitAll(t, found)
	output, err := egress.Render(mesh, bundles...)
	if err != nil {
		return result{}
	}
	objects := map[string]string{}
	for o := range output.Objects() {
		data, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		objects[o.Kind] += string(data)
	}
	var patches, text bytes.Buffer
	if err := errors.Join(object.EncodeComponent(&patches, output.Patches), output.Report().Encode(&text)); err != nil {
		t.Fatal(err)
	}
	objects[patchesOfWorkloads] = patches.String()
	objects[helmValues] = fmt.Sprint(output.Releases)
	return result{objects: objects, report: text.String()}
}

// What comes out beside objects.
const (
	patchesOfWorkloads = "patches of workloads"
	helmValues         = "Helm values"
)

// A changer visits the places of documents where something can be changed, in an order of its
// own, and changes one of them.
type changer struct {
	target int // the place that is changed
	choice int // what it becomes

	visited int
	fields  []string // that lead to the place
	choices int      // how many there are
	became  any
}

// field is that of the place itself.
func (c *changer) field() string { return c.fields[len(c.fields)-1] }

// visitAll returns copies of what documents say, with the change.
func (c *changer) visitAll(t *testing.T, found egress.Documents) (*api.Mesh, []api.Bundle) {
	t.Helper()
	mesh, err := found.Mesh()
	if err != nil {
		t.Fatal(err)
	}
	bundles := found.Bundles()
	c.visited = 0
	c.visit(reflect.ValueOf(mesh))
	c.visit(reflect.ValueOf(bundles))
	return mesh, bundles
}

// visit visits a value, and what it holds. The fields lead to it.
func (c *changer) visit(v reflect.Value, fields ...string) {
	if others := othersThan(v); len(fields) > 0 && v.CanSet() && len(others) > 0 {
		if c.visited++; c.visited-1 == c.target {
			c.fields, c.choices, c.became = slices.Clone(fields), len(others), others[c.choice]
			v.Set(others[c.choice])
			return
		}
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			c.visit(v.Elem(), fields...)
		}
	case reflect.Slice:
		for i := range v.Len() {
			c.visit(v.Index(i), fields...)
		}
	case reflect.Map:
		for _, key := range sortedKeys(v) {
			item := reflect.New(v.Type().Elem()).Elem()
			item.Set(v.MapIndex(key))
			c.visit(item, fields...)
			v.SetMapIndex(key, item)
		}
	case reflect.Struct:
		for _, of := range apiFields(v.Type()) {
			if value := v.FieldByIndex(of.Index); !value.IsZero() {
				c.visit(value, append(slices.Clone(fields), v.Type().Name()+"."+of.Name)...)
			}
		}
	default: // holds nothing
	}
}

// othersThan returns what a value may become instead: nothing, less, or something else.
func othersThan(v reflect.Value) []reflect.Value {
	others := []reflect.Value{reflect.Zero(v.Type())}
	switch v.Kind() {
	case reflect.Struct, reflect.Interface:
		return nil // Its fields are changed.
	case reflect.Slice:
		for i := range v.Len() {
			less := reflect.AppendSlice(reflect.MakeSlice(v.Type(), 0, v.Len()), v.Slice(0, i))
			others = append(others, reflect.AppendSlice(less, v.Slice(i+1, v.Len())))
		}
	case reflect.Map:
		for _, key := range sortedKeys(v) {
			less := reflect.MakeMap(v.Type())
			for _, other := range sortedKeys(v) {
				if other.Interface() != key.Interface() {
					less.SetMapIndex(other, v.MapIndex(other))
				}
			}
			others = append(others, less)
		}
	case reflect.Bool:
		return []reflect.Value{reflect.ValueOf(!v.Bool())}
	case reflect.Int:
		others = append(others, reflect.ValueOf(int(v.Int())+1))
	case reflect.Int64:
		others = append(others, reflect.ValueOf(api.Duration(v.Int())+api.Duration(time.Second)))
	case reflect.String:
		for _, text := range append(otherWords[v.String()], v.String()+"x", "other.example.org", "203.0.113.99") {
			others = append(others, reflect.ValueOf(text).Convert(v.Type()))
		}
	default: // A pointer has no others.
	}
	return others
}

// otherWords are what words of the API may become.
var otherWords = map[string][]string{
	"INTERNAL": {"UNAVAILABLE"},
	"asia":     {"eu"}, "eu": {"asia"}, "us": {"asia"}, "one": {"two"},
	"1.29": {"1.30"}, "1.30": {"1.29"}, "1.31": {"1.29"},
	"ALLOW_ANY": {"REGISTRY_ONLY"}, "REGISTRY_ONLY": {"ALLOW_ANY"},
	"Allow": {"Deny"}, "Deny": {"Allow"},
	"Default": {"Disabled"}, "Disabled": {"Default"},
	"Gateway": {"Sidecar"}, "Sidecar": {"Gateway"},
	"Helm": {"Manifests"}, "Manifests": {"Helm"},
	"HTTP": {"HTTP2"}, "HTTP2": {"GRPC"}, "GRPC": {"HTTP"},
	"GET": {"PUT"}, "POST": {"PUT"},
	"NoSchedule": {"NoExecute"}, "Exists": {"Equal"}, "Equal": {"Exists"},
	"5xx": {"reset"}, "reset": {"5xx"},
}

func sortedKeys(m reflect.Value) []reflect.Value {
	return slices.SortedFunc(slices.Values(m.MapKeys()), func(a, b reflect.Value) int {
		return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b))
	})
}
