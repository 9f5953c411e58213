// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package api

// The options that several patterns take.

// Retries says how failed requests are repeated.
type Retries struct {
	// Attempts is how often a failed request is repeated, from 0 to 100.
	// 0 turns retries off; then the other fields must be empty.
	Attempts int `json:"attempts"`
	// PerTryTimeout limits each attempt. Default: the timeout of the port.
	PerTryTimeout Duration `json:"perTryTimeout,omitempty"`
	// RetryOn are conditions that Envoy knows, such as 5xx, reset and
	// connect-failure, or HTTP status codes. Default: as the mesh does it.
	RetryOn []string `json:"retryOn,omitempty"`
}

// An AllowedRequest describes requests: those that have one of the methods and
// one of the paths.
type AllowedRequest struct {
	// Methods are those of HTTP, in upper case. Default: every method.
	Methods []string `json:"methods,omitempty"`
	// Paths are as requests have them, without a query. One with a * at its end
	// is for every path that starts so. A slash that is escaped, as %2F, is none
	// unless the mesh configuration decodes it (pathNormalization): a host that
	// does may see another path. Default: every path.
	Paths []string `json:"paths,omitempty"`
}

// ClientTLS is the TLS that the mesh opens to a host, or to a forward proxy.
type ClientTLS struct {
	// SNI is the server name that is sent. Default: the host, or the address of the
	// proxy, which must be a name then.
	SNI string `json:"sni,omitempty"`
	// SubjectAltNames are the names of which the certificate of the host must
	// carry one. Default: the host, or the SNI of the proxy.
	SubjectAltNames []string `json:"subjectAltNames,omitempty"`
	// CACertificates are what the certificate of the host is verified with.
	// Default: those of the Secret of ClientCertificate, if there is one, and
	// else the certificate authorities of the system.
	CACertificates *CACertificates `json:"caCertificates,omitempty"`
	// CACRL is which certificates are revoked. It goes with files: Secrets and
	// ConfigMaps have it under the key ca.crl. Default: none.
	CACRL *CACRL `json:"caCrl,omitempty"`
	// ClientCertificate is what the mesh identifies itself with, which makes it
	// mutual TLS. Default: nothing.
	ClientCertificate *ClientCertificate `json:"clientCertificate,omitempty"`
	// InsecureSkipVerify lets anybody answer in place of the host. Default: the
	// certificate of the host is verified.
	InsecureSkipVerify *InsecureSkipVerify `json:"insecureSkipVerify,omitempty"`
}

// CACRL names a list of certificates that their authorities have revoked.
type CACRL struct {
	// File is the absolute path of a file like that of CACertificates. It must have
	// a list of each authority of the chain, and is read when a proxy starts.
	File string `json:"file"`
}

// InsecureSkipVerify says why the certificate of a host is not verified.
type InsecureSkipVerify struct {
	// Reason is for people. The report shows it in capitals.
	Reason string `json:"reason"`
}

// CACertificates names one source of certificates. Exactly one field is set.
type CACertificates struct {
	// Secret is a Secret in the namespace of the gateway, with the
	// certificates under the key ca.crt or cacert.
	Secret string `json:"secret,omitempty"`
	// ConfigMap is a ConfigMap like Secret.
	ConfigMap string `json:"configMap,omitempty"`
	// File is the absolute path of a file in the container of the proxy that
	// opens the TLS. If its folder has the name of a Secret, as CertificateFiles
	// describes, egress.Output.Patches mounts it.
	File string `json:"file,omitempty"`
}

// ClientCertificate names one source of a certificate and its private key.
// Exactly one field is set.
type ClientCertificate struct {
	// Secret is a Secret in the namespace of the gateway, with the keys tls.crt,
	// tls.key and ca.crt. Istio takes the certificate authorities of the host
	// from this Secret too, or from one of the same name and "-cacert".
	Secret string `json:"secret,omitempty"`
	// Files are in the container of the proxy that opens the TLS.
	Files *CertificateFiles `json:"files,omitempty"`
}

// CertificateFiles are the absolute paths of a certificate and its private key.
// The folder of each has the name of the Secret that egress.Output.Patches mounts there:
// /etc/istio/partner-certs is for the Secret partner-certs.
type CertificateFiles struct {
	Certificate string `json:"certificate"`
	PrivateKey  string `json:"privateKey"`
}
