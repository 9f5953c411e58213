// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	bundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	common "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	envelope "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
)

const (
	payloadType = "application/vnd.in-toto+json"
	bundleType  = "application/vnd.dev.sigstore.bundle.v0.3+json"
)

// A signer signs as cosign does with a key, so that cosign verifies it. Without a key it is empty.
type signer struct{ key signature.Signer }

// loadSigner reads the key that cosign generate-key-pair made. There need not be one.
func loadSigner(from stamp) (*signer, error) {
	text := os.Getenv("COSIGN_PRIVATE_KEY")
	if text == "" {
		return &signer{}, nil
	}
	dirty, err := from.isDirty()
	if err != nil {
		return nil, err
	}
	if dirty {
		return nil, errors.New("there are changes that are not committed: a release that names a commit must be made of it")
	}
	private, err := cryptoutils.UnmarshalPEMToPrivateKey([]byte(text), cryptoutils.StaticPasswordFunc([]byte(os.Getenv("COSIGN_PASSWORD"))))
	if err != nil {
		return nil, err
	}
	key, err := signature.LoadSigner(private, crypto.SHA256)
	return &signer{key: key}, err
}

// signFile writes the signature of a file beside it.
func (s *signer) signFile(path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	signed, err := s.key.SignMessage(bytes.NewReader(content))
	if err != nil {
		return err
	}
	return os.WriteFile(path+".sig", []byte(base64.StdEncoding.EncodeToString(signed)+"\n"), 0o644)
}

func (s *signer) signStatement(statement []byte, to string) error {
	signed, err := s.bundle(statement)
	if err != nil {
		return err
	}
	return os.WriteFile(to, signed, 0o644)
}

// attach signs a statement and lets it refer to an image, where cosign finds it.
func (s *signer) attach(l imageLayout, subject v1.Descriptor, statement []byte, kind string) error {
	signed, err := s.bundle(statement)
	if err != nil {
		return err
	}
	return l.attach(subject, signed, bundleType, map[string]string{
		"dev.sigstore.bundle.content":       "dsse-envelope",
		"dev.sigstore.bundle.predicateType": kind,
	})
}

// bundle returns a statement and its signature as sigstore's tools read them.
func (s *signer) bundle(statement []byte) ([]byte, error) {
	signed, err := s.key.SignMessage(bytes.NewReader(dsse.PAE(payloadType, statement)))
	if err != nil {
		return nil, err
	}
	public, err := s.key.PublicKey()
	if err != nil {
		return nil, err
	}
	der, err := cryptoutils.MarshalPublicKeyToDER(public)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(der)
	hint := &common.PublicKeyIdentifier{Hint: base64.StdEncoding.EncodeToString(digest[:])}
	return toJSON(&bundle.Bundle{
		MediaType:            bundleType,
		VerificationMaterial: &bundle.VerificationMaterial{Content: &bundle.VerificationMaterial_PublicKey{PublicKey: hint}},
		Content: &bundle.Bundle_DsseEnvelope{DsseEnvelope: &envelope.Envelope{
			PayloadType: payloadType, Payload: statement, Signatures: []*envelope.Signature{{Sig: signed}},
		}},
	})
}
