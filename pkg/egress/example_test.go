// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"errors"
	"fmt"
	"log"
	"os"
	"time"

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
					{Number: 80, Pattern: &api.TLSOrigination{Timeout: api.Duration(5 * time.Second)}},
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
