// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	provenance "github.com/in-toto/attestation/go/predicates/provenance/v1"
	intoto "github.com/in-toto/attestation/go/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
)

const (
	provenanceType = "https://slsa.dev/provenance/v1"
	signatureType  = "https://sigstore.dev/cosign/sign/v1" // what cosign verify looks for
)

// attest writes where the release comes from. With a key it signs that and the checksums, and
// attaches the signatures to the image; without one it says loudly that nothing is signed.
func attest(dir string, l imageLayout, index v1.Descriptor, sums []sum, from stamp, s *signer) error {
	predicate, err := newPredicate(from)
	if err != nil {
		return err
	}
	image := subject("image", index.Digest.Hex)
	subjects := []*intoto.ResourceDescriptor{image}
	for _, s := range sums {
		subjects = append(subjects, subject(s.file, s.hex))
	}
	origin, err := newStatement(provenanceType, predicate, subjects...)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "provenance.json"), origin, 0o644); err != nil {
		return err
	}
	if s.key == nil {
		_, err := fmt.Fprintln(os.Stderr, "WARNING: THIS RELEASE IS UNSIGNED: COSIGN_PRIVATE_KEY is not set")
		return err
	}
	signature, err := newStatement(signatureType, &structpb.Struct{}, image)
	if err != nil {
		return err
	}
	return errors.Join(
		s.signFile(filepath.Join(dir, "checksums.txt")),
		s.signStatement(origin, filepath.Join(dir, "provenance.sigstore.json")),
		s.attach(l, index, origin, provenanceType),
		s.attach(l, index, signature, signatureType),
	)
}

func subject(name, hex string) *intoto.ResourceDescriptor {
	return &intoto.ResourceDescriptor{Name: name, Digest: map[string]string{"sha256": hex}}
}

// newPredicate says from which commit a release was built, and by what.
func newPredicate(from stamp) (*structpb.Struct, error) {
	revision, err := from.revision()
	if err != nil {
		return nil, err
	}
	parameters, err := structpb.NewStruct(map[string]any{"version": from.version})
	if err != nil {
		return nil, err
	}
	builder := os.Getenv("BUILDER_ID")
	if builder == "" {
		builder = source + "/blob/main/docs/release.md#by-hand"
	}
	text, err := protojson.Marshal(&provenance.Provenance{
		BuildDefinition: &provenance.BuildDefinition{
			BuildType:          source + "/blob/main/docs/release.md",
			ExternalParameters: parameters,
			ResolvedDependencies: []*intoto.ResourceDescriptor{
				{Uri: "git+" + source, Digest: map[string]string{"gitCommit": revision}},
			},
		},
		RunDetails: &provenance.RunDetails{Builder: &provenance.Builder{Id: builder}},
	})
	if err != nil {
		return nil, err
	}
	predicate := &structpb.Struct{}
	return predicate, protojson.Unmarshal(text, predicate)
}

func newStatement(kind string, predicate *structpb.Struct, subjects ...*intoto.ResourceDescriptor) ([]byte, error) {
	statement := &intoto.Statement{Type: intoto.StatementTypeUri, Subject: subjects, PredicateType: kind, Predicate: predicate}
	if err := statement.Validate(); err != nil {
		return nil, err
	}
	return toJSON(statement)
}

// toJSON writes a message in one way; protojson puts spaces where it likes.
func toJSON(m proto.Message) ([]byte, error) {
	text, err := protojson.Marshal(m)
	if err != nil {
		return nil, err
	}
	var compact bytes.Buffer
	err = json.Compact(&compact, text)
	return compact.Bytes(), err
}
