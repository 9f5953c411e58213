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
