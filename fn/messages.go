// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package fn

import (
	"fmt"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/egressbundle/egressbundle/fn/code"
	"github.com/egressbundle/egressbundle/fn/identity"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
)

// What to do where there is no bundle.
const (
	listBundle  = "; in kustomize, list one under resources, or no " + api.KindMesh + " under transformers"
	givePackage = "; give the function the whole package, with its Kptfile"
)

// partialPackage is the error that kpt gives a part of a package.
func partialPackage() error {
	return invalid(code.PartialPackage, "the items must be those of a whole package: "+
		"kpt would write objects twice that it does not give, "+
		"and remove what is made from bundles that it does not give; "+
		"remove selectors and exclude from this step")
}

// wrongConfig is the error that this function knows nothing of its functionConfig.
func wrongConfig(config *yaml.RNode) error {
	return invalid(code.NoBundle, fmt.Sprintf(
		"functionConfig must be an %s or an %s (apiVersion: %s), got %q of %q",
		api.KindBundle, api.KindMesh, api.APIVersion, config.GetKind(), config.GetApiVersion()))
}

// invalid returns an error of the input as a whole.
func invalid(rule diag.Code, message string) error {
	return &diag.InvalidError{Diagnostics: []diag.Diagnostic{{
		Code:     rule,
		Severity: diag.SeverityError,
		Message:  message,
	}}}
}

const differsFromConfig = "differs from the functionConfig of the same name; " +
	"give the file of the package itself, or rename one of the two"

// renderBelow is what to do about objects that an inner kustomization made.
const renderBelow = "; list the bundle under resources there, and render it with an " +
	api.KindMesh + " under transformers"

func moved(from, to string) string {
	return fmt.Sprintf("must be %q, and a namespace in a kustomization made it %q, so traffic would be cut",
		from, to) + renderBelow
}

func renamed(from, to string) string {
	return fmt.Sprintf("must be %q, and a prefix or suffix in a kustomization made it %q, "+
		"so nothing would find it by its DNS name", from, to) + renderBelow
}

func secondSidecar(name string) string {
	return fmt.Sprintf("must be %q, as long as bundles are rendered that make it too: "+
		"Istio takes one Sidecar of a namespace, the older", name) + renderBelow
}

func renderedAgain(bundle string) string {
	return fmt.Sprintf("is there already, from %s %s, which another function rendered; list every bundle once",
		api.KindBundle, bundle)
}

const renderedApart = "differs from what these bundles need, and other bundles may need it as it is; " +
	"render all of them in one call: in kustomize, all under resources and an " + api.KindMesh +
	" under transformers, and in kpt, all in the package; or remove it, if there are no others"

// lost is the error that an item would not come back.
func lost(item identity.Key) error {
	return fmt.Errorf("%s %s/%s would be lost, which is a defect of egressbundle; nothing was changed",
		item.Kind, item.Namespace, item.Name)
}

// misnoted is the error that nobody can read what an addition was.
func misnoted(err error) error {
	return fmt.Errorf("the annotation %s must be as egressbundle wrote it, or be removed: %w", annotationAdded, err)
}

// What the shape of an object has.
const (
	mustBeList       = "a list of objects"
	mustBeMap        = "a map"
	mustBeObject     = "an object, which is a map with apiVersion, kind and metadata"
	mustBeText       = "text"
	mustBeTexts      = "a map of text to text"
	mustBeWrittenOut = "written out, for hosts do not follow it there"
)

// mustNotBeListed is about what a List holds.
const mustNotBeListed = "must be an item by itself, and stands in a List, where this function neither takes it out nor " +
	"replaces it; let whatever made the List give its objects one by one"

// longestQuote is how much of a text a message repeats, in characters.
const longestQuote = 80

// shown shows what stands somewhere.
func shown(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "a map"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	default:
		text := []rune(node.Value)
		if len(text) > longestQuote {
			return fmt.Sprintf("%q...", string(text[:longestQuote]))
		}
		return fmt.Sprintf("%q", node.Value)
	}
}

// aliasesTooMany is about aliases that the YAML library does not follow.
func aliasesTooMany(err error) string {
	text, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), "yaml: "), "\n")
	return fmt.Sprintf("must be YAML: %s; write the values out", text)
}

// defect is the error that this program failed where nothing in the input lets it.
func defect(at string, cause any) string {
	return fmt.Sprintf("egressbundle %s failed%s, which is a defect of it; nothing was changed; please report it: %v",
		version(), at, cause)
}
