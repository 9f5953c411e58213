// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"bytes"
	"errors"
	"fmt"
	"log"
	"os"
	"reflect"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// A bundle that a program builds renders like one that is read from YAML.
func ExampleRender() {
	bundle := api.Bundle{
		Name:      "cards",
		Namespace: "payments",
		Destinations: map[string]api.Destination{
			"stripe": {
				Via:   api.ViaSidecar,
				Hosts: []string{"api.stripe.com"},
				Ports: []api.Port{
					{Number: 80, Pattern: &api.TLSOrigination{PathOptions: api.PathOptions{Timeout: api.Duration(5 * time.Second)}}},
				},
			},
		},
	}
	output, err := egress.Render(nil, bundle)
	if err != nil {
		log.Fatal(err)
	}
	for o := range output.Objects() {
		fmt.Println(o.Kind, o.Namespace, o.Name)
	}
	// Output:
	// ServiceEntry payments payments--cards--stripe
	// DestinationRule payments payments--cards--stripe--api.stripe.com
	// VirtualService payments payments--cards--stripe--api.stripe.com
}

// Everything that is wrong is reported at once.
func ExampleInvalidError() {
	_, err := egress.Parse("team.yaml", []byte(`apiVersion: egressbundle.io/v1alpha1
kind: EgressBundle
metadata: {name: news, namespace: payments}
spec:
  destinations:
    cnn: {hosts: [edition.cnn.com], port: 443}
    bbc: {hosts: [10.0.0.1]}
`))
	if invalid, ok := errors.AsType[*diag.InvalidError](err); ok {
		for _, d := range invalid.Diagnostics {
			fmt.Println(d.Position.Line, d.Path, d.Code)
		}
	}
	// Output:
	// 6 spec.destinations.cnn.port UnknownField
	// 7 spec.destinations.bbc.hosts[0] InvalidValue
}

// An object becomes what client-go takes, and can be copied.
func ExampleOutput_Objects() {
	bundle := api.Bundle{
		Name:         "news",
		Namespace:    "payments",
		Destinations: map[string]api.Destination{"cnn": {Via: api.ViaSidecar, Hosts: []string{"edition.cnn.com"}}},
	}
	output, err := egress.Render(nil, bundle)
	if err != nil {
		log.Fatal(err)
	}
	for o := range output.Objects() {
		tree, err := o.Map()
		if err != nil {
			log.Fatal(err)
		}
		applied := &unstructured.Unstructured{Object: tree}
		fmt.Println(applied.GroupVersionKind(), applied.GetNamespace(), applied.GetName())
	}
	// Output:
	// networking.istio.io/v1, Kind=ServiceEntry payments payments--news--cnn
}

// A bundle that a program builds is a file that people can read and change.
func ExampleParse() {
	bundle := api.Bundle{
		Name:      "cards",
		Namespace: "payments",
		Destinations: map[string]api.Destination{
			"stripe": {
				Hosts: []string{"api.stripe.com"},
				Ports: []api.Port{{Number: 80, Pattern: &api.TLSOrigination{PathOptions: api.PathOptions{Timeout: api.Duration(time.Minute)}}}},
			},
		},
	}
	var file bytes.Buffer
	if err := bundle.EncodeYAML(&file); err != nil {
		log.Fatal(err)
	}
	fmt.Print(file.String())
	found, err := egress.Parse("cards.yaml", file.Bytes())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(reflect.DeepEqual(found.Bundles()[0], bundle))
	// Output:
	// apiVersion: egressbundle.io/v1alpha1
	// kind: EgressBundle
	// metadata:
	//   name: cards
	//   namespace: payments
	// spec:
	//   destinations:
	//     stripe:
	//       hosts: [api.stripe.com]
	//       ports:
	//       - port: 80
	//         pattern: TLSOrigination
	//         timeout: 1m
	// true
}

// What stands in a file are bundles that a program can look at.
func ExampleDocuments_Bundles() {
	data := []byte(`apiVersion: egressbundle.io/v1alpha1
kind: EgressBundle
metadata: {name: news, namespace: payments}
spec:
  destinations:
    cnn: {hosts: [edition.cnn.com]}
`)
	found, err := egress.Parse("bundle.yaml", data)
	if err != nil {
		log.Fatal(err)
	}
	for _, bundle := range found.Bundles() {
		fmt.Println(bundle.Namespace, bundle.Name, bundle.Destinations["cnn"].Hosts)
	}
	// Output:
	// payments news [edition.cnn.com]
}

// Programs read what is wrong as JSON.
func ExampleInvalidError_json() {
	_, err := egress.Parse("team.yaml", []byte(`apiVersion: egressbundle.io/v1alpha1
kind: EgressBundle
metadata: {name: news, namespace: payments}
spec:
  destinations:
    bbc: {hosts: [bbc.com], via: Sidecars}
`))
	if invalid, ok := errors.AsType[*diag.InvalidError](err); ok {
		found := diag.Diagnostics{Diagnostics: invalid.Diagnostics}
		if err := found.EncodeJSON(os.Stdout); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// {
	//   "apiVersion": "egressbundle.io/v1alpha1",
	//   "kind": "EgressDiagnostics",
	//   "diagnostics": [
	//     {
	//       "code": "InvalidValue",
	//       "severity": "error",
	//       "position": {
	//         "file": "team.yaml",
	//         "line": 6,
	//         "column": 34
	//       },
	//       "object": {
	//         "kind": "EgressBundle",
	//         "namespace": "payments",
	//         "name": "news"
	//       },
	//       "field": "spec.destinations.bbc.via",
	//       "message": "must be \"Gateway\" or \"Sidecar\", got \"Sidecars\""
	//     }
	//   ]
	// }
}

func ExampleEncode() {
	found, err := egress.Parse("team.yaml", []byte(`apiVersion: egressbundle.io/v1alpha1
kind: EgressBundle
metadata: {name: news, namespace: payments}
spec:
  destinations:
    cnn: {via: Sidecar, hosts: [edition.cnn.com]}
`))
	if err != nil {
		log.Fatal(err)
	}
	output, err := found.Render()
	if err != nil {
		log.Fatal(err)
	}
	if err := object.Encode(os.Stdout, output.Objects()); err != nil {
		log.Fatal(err)
	}
	// Output:
	// apiVersion: networking.istio.io/v1
	// kind: ServiceEntry
	// metadata:
	//   annotations:
	//     egressbundle.io/bundle: payments/news
	//     egressbundle.io/destination: cnn
	//   labels:
	//     app.kubernetes.io/managed-by: egressbundle
	//     networking.istio.io/enable-autoallocate-ip: "false"
	//   name: payments--news--cnn
	//   namespace: payments
	// spec:
	//   exportTo:
	//   - .
	//   hosts:
	//   - edition.cnn.com
	//   location: MESH_EXTERNAL
	//   ports:
	//   - name: tls-443
	//     number: 443
	//     protocol: TLS
	//   resolution: DNS
}
