// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	bundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
	"google.golang.org/protobuf/encoding/protojson"
)

// newStamp returns a repository with a release and one commit after it.
func newStamp(t *testing.T) stamp {
	t.Helper()
	s := stamp{root: t.TempDir(), version: "v0.2.0"}
	write(t, filepath.Join(s.root, "LICENSE"), "license")
	write(t, filepath.Join(s.root, "fn/passwd"), "nobody")
	for _, args := range [][]string{
		{"init", "-q"}, {"add", "-A"}, {"commit", "-qm", "Begin"}, {"tag", "v0.1.0"}, {"commit", "-q", "--allow-empty", "-m", "Go on"}, {"tag", "v0.2.0"},
	} {
		all := append([]string{"-c", "user.name=n", "-c", "user.email=e", "-c", "tag.gpgSign=false", "-c", "commit.gpgSign=false"}, args...)
		if _, err := s.git(all...); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// release packs programs that stand for those of some platforms.
func release(t *testing.T, from stamp) string {
	t.Helper()
	dir := t.TempDir()
	for _, platform := range []string{"darwin_arm64", "linux_amd64", "linux_arm64", "windows_amd64"} {
		write(t, programOf(dir, platform), "program of "+platform)
	}
	write(t, filepath.Join(dir, sbomFile), "{}")
	if err := run([]string{"pack", dir, from.root, from.version}); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestReleaseIsReproducible: the same commit gives the same bytes in each file.
func TestReleaseIsReproducible(t *testing.T) {
	from := newStamp(t)
	files := func() map[string]string {
		dir, all := release(t, from), map[string]string{}
		if err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				all[strings.TrimPrefix(path, dir)] = read(t, path)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return all
	}
	if diff := cmp.Diff(files(), files()); diff != "" {
		t.Errorf("(-first +second):\n%s", diff)
	}
}

// TestArchives: each platform gets its program as people of it unpack it, and sha256sum finds
// every file as it was listed.
func TestArchives(t *testing.T) {
	from := newStamp(t)
	dir := release(t, from)
	for name, want := range map[string]map[string]string{
		"egressbundle_v0.2.0_darwin_arm64.tar.gz": {"LICENSE": "license", "egressbundle": "program of darwin_arm64"},
		"egressbundle_v0.2.0_linux_amd64.tar.gz":  {"LICENSE": "license", "egressbundle": "program of linux_amd64"},
		"egressbundle_v0.2.0_linux_arm64.tar.gz":  {"LICENSE": "license", "egressbundle": "program of linux_arm64"},
		"egressbundle_v0.2.0_windows_amd64.zip":   {"LICENSE": "license", "egressbundle.exe": "program of windows_amd64"},
	} {
		if diff := cmp.Diff(want, unpack(t, filepath.Join(dir, name))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	check := exec.Command("sha256sum", "--check", "--strict", "checksums.txt")
	check.Dir = dir
	out, err := check.CombinedOutput()
	if err != nil || strings.Count(string(out), ": OK\n") != 5 {
		t.Errorf("%v\n%s", err, out)
	}
}

// unpack returns the files of an archive, all of which but the license can be executed, and none
// of which has a time of today.
func unpack(t *testing.T, path string) map[string]string {
	t.Helper()
	files := map[string]string{}
	add := func(info os.FileInfo, content io.Reader) {
		text, err := io.ReadAll(content)
		if err != nil || (info.Mode()&0o111 == 0) != (info.Name() == "LICENSE") || info.ModTime().Year() > 1980 {
			t.Errorf("%s of %s: mode %s, time %s, %v", info.Name(), path, info.Mode(), info.ModTime(), err)
		}
		files[info.Name()] = string(text)
	}
	if strings.HasSuffix(path, ".zip") {
		archive, err := zip.OpenReader(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.File {
			content, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			add(f.FileInfo(), content)
		}
		return files
	}
	uncompressed, err := gzip.NewReader(strings.NewReader(read(t, path)))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(uncompressed); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		add(header.FileInfo(), r)
	}
}

// TestImageIndex: one index has the image of each architecture, by the version, and the bill of
// materials refers to it.
func TestImageIndex(t *testing.T) {
	from := newStamp(t)
	index, referrers := readLayout(t, release(t, from))
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var platforms []string
	for _, m := range manifest.Manifests {
		image, err := index.Image(m.Digest)
		if err != nil {
			t.Fatal(err)
		}
		config, err := image.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		platforms = append(platforms, m.Platform.String())
		checkFiles(t, image, "program of linux_"+config.Architecture)
		revision, err := from.revision()
		if labels := config.Config.Labels; err != nil || config.Architecture != m.Platform.Architecture ||
			labels["org.opencontainers.image.revision"] != revision || labels["org.opencontainers.image.version"] != "v0.2.0" {
			t.Errorf("got %s %v, %v", config.Architecture, labels, err)
		}
	}
	if diff := cmp.Diff([]string{"linux/amd64", "linux/arm64"}, platforms); diff != "" {
		t.Errorf("platforms (-want +got):\n%s", diff)
	}
	if len(referrers) != 1 || string(referrers["application/vnd.cyclonedx+json"]) != "{}" {
		t.Errorf("referrers %q", referrers)
	}
}

// checkFiles: an image has the program and the name of its user, and nothing else, at no time.
func checkFiles(t *testing.T, image v1.Image, program string) {
	t.Helper()
	got := map[string]string{}
	for r := tar.NewReader(mutate.Extract(image)); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil || header.ModTime.Unix() != 0 {
			t.Errorf("%s: time %s, %v", header.Name, header.ModTime, err)
		}
		got[header.Name] = string(text)
	}
	if diff := cmp.Diff(map[string]string{"etc": "", "etc/passwd": "nobody", "egressbundle": program}, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// readLayout returns the one index of a release, and what refers to it: by its type or, if it
// is signed, by that of its predicate.
func readLayout(t *testing.T, dir string) (v1.ImageIndex, map[string][]byte) {
	t.Helper()
	l, err := layout.FromPath(filepath.Join(dir, "image"))
	if err != nil {
		t.Fatal(err)
	}
	var all v1.IndexManifest
	if err := json.Unmarshal([]byte(read(t, dir, "image/index.json")), &all); err != nil {
		t.Fatal(err)
	}
	tagged := all.Manifests[0]
	if tag := tagged.Annotations["org.opencontainers.image.ref.name"]; tag != "v0.2.0" || !strings.Contains(read(t, dir, "notes.md"), tagged.Digest.String()) {
		t.Errorf("the tag is %q, or the notes do not name %s", tag, tagged.Digest)
	}
	top, err := l.ImageIndex()
	if err != nil {
		t.Fatal(err)
	}
	index, err := top.ImageIndex(tagged.Digest)
	if err != nil {
		t.Fatal(err)
	}
	referrers := map[string][]byte{}
	for _, d := range all.Manifests[1:] {
		var m v1.Manifest
		if err := json.Unmarshal(blob(t, l, d.Digest), &m); err != nil {
			t.Fatal(err)
		}
		if m.Subject.Digest != tagged.Digest || m.ArtifactType != d.ArtifactType {
			t.Errorf("%s refers to %s", m.ArtifactType, m.Subject.Digest)
		}
		kind := m.Annotations["dev.sigstore.bundle.predicateType"]
		if kind == "" {
			kind = m.ArtifactType
		}
		referrers[kind] = blob(t, l, m.Layers[0].Digest)
	}
	return index, referrers
}

func blob(t *testing.T, l layout.Path, digest v1.Hash) []byte {
	t.Helper()
	content, err := l.Bytes(digest)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// TestNotes: the notes have the commits since the last release, or all if there is none.
func TestNotes(t *testing.T) {
	from := newStamp(t)
	for _, c := range []struct{ version, has, lacks string }{
		{"v0.2.0", "## Commits since v0.1.0\n\n- Go on (", "Begin"},
		{"v0.1.0", "## Commits since v0.2.0\n", "Begin"},
	} {
		from.version = c.version
		if notes, err := from.notes(); err != nil || !strings.Contains(notes, c.has) || strings.Contains(notes, c.lacks) {
			t.Errorf("%s: %s, %v", c.version, notes, err)
		}
	}
	for _, tag := range []string{"v0.1.0", "v0.2.0"} {
		if _, err := from.git("tag", "-d", tag); err != nil {
			t.Fatal(err)
		}
	}
	if notes, err := from.notes(); err != nil || !strings.HasPrefix(notes, "## All commits\n\n- Go on (") || !strings.Contains(notes, "\n- Begin (") {
		t.Errorf("without a release: %s, %v", notes, err)
	}
}

// TestSigned: with a key, the checksums, the image and where all of it comes from are signed,
// for the commit that is checked out and for nothing else.
func TestSigned(t *testing.T) {
	from := newStamp(t)
	private, public, err := cryptoutils.GeneratePEMEncodedECDSAKeyPair(elliptic.P256(), cryptoutils.StaticPasswordFunc([]byte("secret")))
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("COSIGN_PRIVATE_KEY", string(private))
	t.Setenv("COSIGN_PASSWORD", "secret")
	dir := release(t, from)
	key, err := cryptoutils.UnmarshalPEMToPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := signature.LoadVerifier(key, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := base64.StdEncoding.DecodeString(strings.TrimSpace(read(t, dir, "checksums.txt.sig")))
	if err != nil {
		t.Fatal(err)
	}
	if err := verifier.VerifySignature(bytes.NewReader(signed), strings.NewReader(read(t, dir, "checksums.txt"))); err != nil {
		t.Error(err)
	}
	_, referrers := readLayout(t, dir)
	origin := read(t, dir, "provenance.json")
	if got := statement(t, verifier, referrers[provenanceType]); got != origin {
		t.Errorf("attached %s", got)
	}
	if got := statement(t, verifier, []byte(read(t, dir, "provenance.sigstore.json"))); got != origin {
		t.Errorf("signed %s", got)
	}
	if got := statement(t, verifier, referrers[signatureType]); !strings.Contains(got, `"name":"image"`) {
		t.Errorf("signed %s", got)
	}
	checkProvenance(t, dir, origin, from)

	write(t, filepath.Join(from.root, "more"), "changed")
	if err := run([]string{"pack", dir, from.root, from.version}); err == nil || !strings.Contains(err.Error(), "not committed") {
		t.Errorf("with changes: %v", err)
	}
}

// checkProvenance: each file that has a checksum, and the image, come from the commit.
func checkProvenance(t *testing.T, dir, text string, from stamp) {
	t.Helper()
	var origin struct {
		Subject []struct {
			Name   string `json:"name"`
			Digest struct {
				SHA256 string `json:"sha256"`
			} `json:"digest"`
		} `json:"subject"`
	}
	if err := json.Unmarshal([]byte(text), &origin); err != nil {
		t.Fatal(err)
	}
	revision, err := from.revision()
	if err != nil || !strings.Contains(text, `"gitCommit":"`+revision+`"`) {
		t.Errorf("%v, %s", err, text)
	}
	var sums []string
	for _, s := range origin.Subject[1:] {
		sums = append(sums, s.Digest.SHA256+"  "+s.Name)
	}
	want := strings.Split(strings.TrimSpace(read(t, dir, "checksums.txt")), "\n")
	if !slices.Equal(want, sums) || !strings.Contains(read(t, dir, "notes.md"), origin.Subject[0].Digest.SHA256) {
		t.Errorf("subjects %v", origin.Subject)
	}
}

// statement returns what is signed in a bundle of sigstore.
func statement(t *testing.T, verifier signature.Verifier, text []byte) string {
	t.Helper()
	var b bundle.Bundle
	if err := protojson.Unmarshal(text, &b); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	e := b.GetDsseEnvelope()
	pae := dsse.PAE(e.GetPayloadType(), e.GetPayload())
	if err := verifier.VerifySignature(bytes.NewReader(e.GetSignatures()[0].GetSig()), bytes.NewReader(pae)); err != nil {
		t.Error(err)
	}
	return string(e.GetPayload())
}
