// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package kustomization

import (
	"regexp"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
)

// keepLocal is a transformer, the last of a build, by which kustomize does not leave out bundles
// that are annotated as local. kpt does that to them, and nothing applies them anyway.
const keepLocal = `apiVersion: builtin
kind: AnnotationsTransformer
metadata: {name: ` + nameOfKeepLocal + `}
annotations: {config.kubernetes.io/local-config: "false"}
fieldSpecs: [{group: ` + api.Group + `, path: metadata/annotations, create: true}]
`

const nameOfKeepLocal = "egressbundle-keeps-local"

// annotationTransformations is where kustomize notes the transformers of an object, if it is
// asked to.
const annotationTransformations = "alpha.config.kubernetes.io/transformations"

// noteOfKeepLocal is what it notes of that one.
var noteOfKeepLocal = regexp.MustCompile(
	`- configuredIn: .*\n  configuredBy:\n    apiVersion: builtin\n    kind: AnnotationsTransformer\n    name: ` + nameOfKeepLocal + `\n`)

// forgetKeepLocal takes that note out of an object.
func forgetKeepLocal(object *yaml.RNode) error {
	noted := object.GetAnnotations()[annotationTransformations]
	if noted == "" {
		return nil
	}
	if rest := noteOfKeepLocal.ReplaceAllString(noted, ""); rest != "" {
		return object.PipeE(yaml.SetAnnotation(annotationTransformations, rest))
	}
	if err := object.PipeE(yaml.ClearAnnotation(annotationTransformations)); err != nil {
		return err
	}
	return yaml.ClearEmptyAnnotations(object)
}
