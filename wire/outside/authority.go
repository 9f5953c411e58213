// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package outside

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"strings"
	"time"
)

// An Authority signs certificates.
type Authority struct {
	Name string

	key         *ecdsa.PrivateKey
	certificate *x509.Certificate
}

// NewAuthority returns an authority that signs its own certificate.
func NewAuthority(name string) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: name},
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature,
	}
	a := &Authority{Name: name, key: key, certificate: template}
	der, err := a.sign(template, key)
	if err != nil {
		return nil, err
	}
	a.certificate, err = x509.ParseCertificate(der)
	return a, err
}

// PEM returns the certificate of the authority.
func (a *Authority) PEM() []byte { return encode("CERTIFICATE", a.certificate.Raw) }

// Pool returns a pool with the certificate of the authority alone.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	return pool
}

// revoked is the serial number of certificates that are revoked. No other is that short.
var revoked = big.NewInt(7)

// CRL returns the list of what the authority has revoked.
func (a *Authority) CRL() ([]byte, error) {
	der, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number:                    big.NewInt(1),
		ThisUpdate:                time.Now().Add(-time.Hour),
		NextUpdate:                time.Now().AddDate(1, 0, 0),
		RevokedCertificateEntries: []x509.RevocationListEntry{{SerialNumber: revoked, RevocationTime: time.Now().Add(-time.Hour)}},
	}, a.certificate, a.key)
	return encode("X509 CRL", der), err
}

// Issue returns a certificate for a common name and alternative names, which may be
// hosts, IP addresses and URIs, and its key.
func (a *Authority) Issue(commonName string, names ...string) (certificate, key []byte, err error) {
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return nil, nil, err
	}
	return a.issue(serial, commonName, names...)
}

func (a *Authority) issue(serial *big.Int, commonName string, names ...string) (certificate, key []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: commonName},
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, name := range names {
		if err := addName(template, name); err != nil {
			return nil, nil, err
		}
	}
	der, err := a.sign(template, private)
	if err != nil {
		return nil, nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	return encode("CERTIFICATE", der), encode("PRIVATE KEY", keyDER), err
}

func addName(template *x509.Certificate, name string) error {
	switch ip := net.ParseIP(name); {
	case ip != nil:
		template.IPAddresses = append(template.IPAddresses, ip)
	case strings.Contains(name, "://"):
		uri, err := url.Parse(name)
		if err != nil {
			return err
		}
		template.URIs = append(template.URIs, uri)
	default:
		template.DNSNames = append(template.DNSNames, name)
	}
	return nil
}

// server returns the certificate that a server shows for a name.
func (a *Authority) server(name string, isRevoked bool) (*tls.Certificate, error) {
	issue := a.Issue
	if isRevoked {
		issue = func(commonName string, names ...string) ([]byte, []byte, error) {
			return a.issue(revoked, commonName, names...)
		}
	}
	certificate, key, err := issue("server", name)
	if err != nil {
		return nil, fmt.Errorf("certificate for %q: %w", name, err)
	}
	pair, err := tls.X509KeyPair(certificate, key)
	return &pair, err
}

func (a *Authority) sign(template *x509.Certificate, key *ecdsa.PrivateKey) ([]byte, error) {
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().AddDate(1, 0, 0)
	return x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
