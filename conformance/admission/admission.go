// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package admission checks manifests as strictly as everything that stands between a file and Istio's control plane:
// the API server with its own validation and Istio's CRDs, the decoding of the API messages, Istio's webhook, and istioctl analyze.
package admission

import (
	"fmt"
	"slices"

	"github.com/egressbundle/egressbundle/conformance/cluster"
)

// A Problem is what one check finds wrong with an object.
type Problem struct {
	Check   string // schema, decode, webhook, kubernetes or analyze
	Object  string // as in "VirtualService istio-system/news"
	Message string
}

func (p Problem) String() string {
	return fmt.Sprintf("%s: %s: %s", p.Check, p.Object, p.Message)
}

// Options say in which cluster the manifests are checked.
type Options struct {
	// Gateways are the gateway workloads. The default is cluster.DefaultGateway.
	Gateways []cluster.Gateway
}

// A check of one object returns what is wrong with it.
type check func(cluster.Manifest) []string

// Check runs every check on every object, and analyzes them all together if they can be decoded. It returns an error if
// it cannot do so.
func Check(manifests string, opts Options) ([]Problem, error) {
	if len(opts.Gateways) == 0 {
		opts.Gateways = []cluster.Gateway{cluster.DefaultGateway()}
	}
	objects, err := cluster.Read(manifests)
	if err != nil {
		return nil, err
	}
	problems, err := checkEach(objects)
	if err != nil || slices.ContainsFunc(problems, func(p Problem) bool { return p.Check == checkDecode }) {
		return problems, err
	}
	found, err := analyze(objects, opts)
	return append(problems, found...), err
}

// checkDecode is the check without which nothing can be analyzed.
const checkDecode = "decode"

// checkEach runs the checks of one object on every object.
func checkEach(objects []cluster.Manifest) ([]Problem, error) {
	crds, err := loadCRDs()
	if err != nil {
		return nil, err
	}
	var problems []Problem
	for _, m := range objects {
		for _, c := range []struct {
			name string
			run  check
		}{
			{"schema", crds.check},
			{checkDecode, decode},
			{"webhook", webhook},
			{"kubernetes", kubernetes},
		} {
			for _, message := range c.run(m) {
				problems = append(problems, Problem{Check: c.name, Object: m.String(), Message: message})
			}
		}
	}
	return problems, nil
}
