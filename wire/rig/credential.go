// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package rig

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/conformance/cluster"
	"github.com/egressbundle/egressbundle/wire/outside"
)

// Keys of Secrets and ConfigMaps that hold certificates, as Istio has them.
const (
	keyAuthority   = "ca.crt"
	keyRevoked     = "ca.crl"
	keyCertificate = "tls.crt"
	keyPrivate     = "tls.key"
)

// prepare lets there be what calls need: hosts of the cluster, and the authorities and
// certificates that the mesh uses.
func (m *Mesh) prepare(ctx context.Context, outcomes []calls.Outcome) error {
	held := map[string]map[string][]byte{} // by KIND NAMESPACE/NAME
	for _, o := range outcomes {
		if err := m.nameExits(ctx, o); err != nil {
			return err
		}
		if o.TLS == nil {
			continue
		}
		namespace, _, _ := strings.Cut(o.Through, "/")
		if err := m.hold(held, o.TLS, namespace); err != nil {
			return err
		}
	}
	if len(held) == 0 {
		return nil
	}
	var objects []runtime.Object
	var namespaces []string
	for _, name := range slices.Sorted(maps.Keys(held)) {
		object := holder(name, held[name])
		namespaces = append(namespaces, object.(metav1.Object).GetNamespace())
		objects = append(objects, object)
	}
	stream, err := cluster.YAML(objects)
	if err != nil {
		return err
	}
	if err := m.addNamespace(ctx, namespaces...); err != nil {
		return err
	}
	return m.API.Apply(ctx, stream)
}

// nameExits lets DNS know the hosts that a call may leave to, also those of the cluster.
// These are Pods for NetworkPolicies.
func (m *Mesh) nameExits(ctx context.Context, o calls.Outcome) error {
	for exit := range strings.FieldsSeq(o.Leaves) {
		host, _, err := net.SplitHostPort(exit)
		if err != nil || net.ParseIP(host) != nil {
			continue
		}
		address := m.Names.Address(host)
		name, service, _ := strings.Cut(host, ".")
		namespace, ok := strings.CutSuffix(strings.TrimSuffix(service, "."+domain), ".svc")
		if !ok {
			continue
		}
		s := spec{namespace: namespace, name: name, account: name}
		if err := m.addObjects(ctx, s, s.pod(address.String())); err != nil {
			return err
		}
	}
	return nil
}

// hold makes what a session needs: files, or what Secrets and ConfigMaps hold.
func (m *Mesh) hold(held map[string]map[string][]byte, tls *calls.TLS, namespace string) error {
	authority, err := m.Authority(tls.CA)
	if err != nil {
		return err
	}
	revoked, err := authority.CRL()
	if err != nil {
		return err
	}
	if tls.CRL != "" {
		if err := writeFile(tls.CRL, revoked); err != nil {
			return err
		}
	}
	if err := keep(held, tls.CA, namespace, map[string][]byte{keyAuthority: authority.PEM(), keyRevoked: revoked}); err != nil {
		return err
	}
	if tls.Certificate == "" {
		return nil
	}
	certificate, key, err := authority.Issue(tls.Certificate)
	if err != nil {
		return err
	}
	return keep(held, tls.Certificate, namespace, map[string][]byte{keyCertificate: certificate, keyPrivate: key})
}

// keep writes files, or notes what an object holds. A place is named as in a promise.
func keep(held map[string]map[string][]byte, place, namespace string, content map[string][]byte) error {
	kind, name, isObject := strings.Cut(place, " ")
	switch {
	case place == "", place == "system":
		return nil
	case !isObject:
		return writeFile(place, content[keyAuthority])
	case strings.HasPrefix(place, "/"):
		if err := writeFile(kind, content[keyCertificate]); err != nil {
			return err
		}
		return writeFile(name, content[keyPrivate])
	}
	if !strings.Contains(name, "/") {
		name = namespace + "/" + name
	}
	key := kind + " " + name
	if held[key] == nil {
		held[key] = map[string][]byte{}
	}
	maps.Copy(held[key], content)
	return nil
}

// writeFile writes a file where only the world sees it.
func writeFile(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o644)
}

func holder(place string, content map[string][]byte) runtime.Object {
	kind, name, _ := strings.Cut(place, " ")
	namespace, name, _ := strings.Cut(name, "/")
	meta := metav1.ObjectMeta{Namespace: namespace, Name: name}
	if kind == "ConfigMap" {
		data := map[string]string{}
		for key, value := range content {
			data[key] = string(value)
		}
		return &corev1.ConfigMap{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: kind}, ObjectMeta: meta, Data: data}
	}
	return &corev1.Secret{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: kind}, ObjectMeta: meta, Data: content}
}

// show lets the server outside use the authority that a call has to trust.
func (m *Mesh) show(o calls.Outcome, extra Request) error {
	if o.TLS == nil {
		return nil
	}
	name := cmp.Or(extra.Signer, o.TLS.CA)
	authority, err := m.Authority(name)
	if err != nil {
		return fmt.Errorf("authority %s: %w", name, err)
	}
	m.Outside.Show(o.TLS.SNI, outside.Shown{Authority: authority, Name: extra.Carries, Revoked: extra.Revoked})
	return nil
}
