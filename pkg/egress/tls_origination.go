// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"cmp"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/schema"
)

// TLSOrigination is the pattern of an application that speaks plain HTTP to a
// host that wants TLS. The mesh opens the TLS: at the gateway, or at the
// sidecar with ViaSidecar.
type TLSOrigination struct {
	// Protocol is what the application speaks: HTTP, HTTP2 or GRPC.
	// Default: HTTP, which is HTTP/1.1.
	Protocol string `json:"protocol,omitempty"`
	// UpstreamPort is the port of the host that speaks TLS. Default: 443.
	UpstreamPort int `json:"upstreamPort,omitempty"`
	// SNI is the server name that is sent. Default: the host.
	SNI string `json:"sni,omitempty"`
	// SubjectAltNames are the names of which the certificate of the host must
	// carry one. Default: the host.
	SubjectAltNames []string `json:"subjectAltNames,omitempty"`
	// CACertificates are what the certificate of the host is verified with.
	// Default: those of the Secret of ClientCertificate, if there is one, and
	// else the certificate authorities of the system.
	CACertificates *CACertificates `json:"caCertificates,omitempty"`
	// ClientCertificate is what the mesh identifies itself with, which makes it
	// mutual TLS. Default: nothing.
	ClientCertificate *ClientCertificate `json:"clientCertificate,omitempty"`
	// Timeout limits a request, with its retries. Default: no limit.
	Timeout Duration `json:"timeout,omitempty"`
	// Retries says how failed requests are repeated. Default: as the mesh
	// does it.
	Retries *Retries `json:"retries,omitempty"`
}

var tlsOriginationInfo = PatternInfo{
	Name:        "TLSOrigination",
	Application: "speaks plain HTTP",
	Mesh:        "opens TLS to the host",
	empty:       func() Pattern { return &TLSOrigination{} },
}

func (o *TLSOrigination) route(p *portPlanner) route {
	p.checkPlainHTTP(o.Retries)
	p.refuseWildcard()
	o.checkName(p)
	o.checkCertificates(p)
	tls := &upstreamTLS{sni: o.SNI, subjectAltNames: slices.Sorted(slices.Values(o.SubjectAltNames))}
	tls.caCertificates = *cmp.Or(o.CACertificates, &CACertificates{})
	tls.clientCertificate = *cmp.Or(o.ClientCertificate, &ClientCertificate{})
	return route{
		protocol: cmp.Or(o.Protocol, "HTTP"),
		exit: exit{
			port:    cmp.Or(o.UpstreamPort, 443),
			tls:     tls,
			timeout: o.Timeout,
			retries: o.Retries.sorted(),
		},
	}
}

// checkName asks for the name that the certificate of the host is verified with.
func (o *TLSOrigination) checkName(p *portPlanner) {
	if s := p.way.service; s.hasAddresses() && s.ExternalName == "" {
		p.planner.reportf(MissingField, schema.Child(parent(parent(p.path)), "service")+".externalName", "is missing; it must be the name of the host, such as \"api.example.com\": TLSOrigination sends it, and verifies the certificate with it")
	}
}

// checkCertificates judges which sources of certificates go together. Sidecars
// do not fetch Secrets and ConfigMaps for a whole namespace, and Istio takes all
// certificates of one TLS from files, or all from one Secret.
// https://istio.io/latest/docs/reference/config/networking/destination-rule/#ClientTLSSettings
func (o *TLSOrigination) checkCertificates(p *portPlanner) {
	ca := *cmp.Or(o.CACertificates, &CACertificates{})
	client := *cmp.Or(o.ClientCertificate, &ClientCertificate{})
	o.checkMounts(p, ca, client)
	if p.way.gateway == nil && ca.Secret+ca.ConfigMap+client.Secret != "" {
		o.refuseSecrets(p, ca, client)
		return
	}
	switch {
	case client.Secret != "" && o.CACertificates == nil:
		p.planner.warnf(CertificateSource, schema.Child(p.path, "clientCertificate"), "takes the CA certificates from the key ca.crt of the Secret %q, and not from the system: Istio cannot join the two; say so with `caCertificates: {secret: %s}`", client.Secret, client.Secret)
	case client.Secret != "" && ca.Secret != client.Secret && ca.Secret != client.Secret+"-cacert":
		p.reportf(CertificateSource, "caCertificates", "must be {secret: %s} or {secret: %s-cacert} beside `clientCertificate: {secret: %s}`: Istio looks nowhere else for them; put the CA certificates there under the key ca.crt, or use files for both", client.Secret, client.Secret, client.Secret)
	case client.Files != nil && ca.Secret+ca.ConfigMap != "":
		p.reportf(CertificateSource, "caCertificates", "must be a file beside the files of clientCertificate: Istio takes all certificates from files, or all from one Secret; use {file: PATH}, or leave it out for those of the system")
	}
}

// refuseSecrets refuses what a sidecar does not fetch.
func (o *TLSOrigination) refuseSecrets(p *portPlanner, ca CACertificates, client ClientCertificate) {
	if ca.Secret+ca.ConfigMap != "" {
		p.reportf(NeedsGateway, "caCertificates", "must be a file with `via: Sidecar`: sidecars do not fetch Secrets and ConfigMaps by themselves; use {file: PATH}, or `via: Gateway`")
	}
	if client.Secret != "" {
		p.reportf(NeedsGateway, "clientCertificate", "must be files with `via: Sidecar`: a sidecar fetches a Secret only for workloads that a selector names, with a Role that lets them read it; use {files: ...}, or `via: Gateway`, where the gateway alone holds the key")
	}
}

// checkMounts judges the folders of files. The files of a client certificate are
// no part of any image: each folder is one Secret, mounted under its own name.
func (o *TLSOrigination) checkMounts(p *portPlanner, ca CACertificates, client ClientCertificate) {
	files := map[string]string{}
	if ca.File != "" {
		files["caCertificates.file"] = ca.File
	}
	if client.Files != nil {
		files["clientCertificate.files.certificate"] = client.Files.Certificate
		files["clientCertificate.files.privateKey"] = client.Files.PrivateKey
	}
	for _, field := range slices.Sorted(maps.Keys(files)) {
		file := files[field]
		switch folder := path.Dir(file); {
		case under(folder, "/etc/certs"):
			p.planner.reportf(CertificateFolder, p.path+"."+field, "must not be in /etc/certs, got %q: nothing is mounted there since Istio 1.5; use the folder of a Secret of your own, such as /etc/istio/partner-certs", file)
		case path.Clean(file) != file, field != "caCertificates.file" && !isMountable(folder):
			p.planner.reportf(CertificateFolder, p.path+"."+field, "must be in a folder of its own that is named as the Secret to mount there, such as /etc/istio/partner-certs/tls.crt, got %q", file)
		}
	}
}

// mountFolder is a folder whose last part is the name of a Secret.
var mountFolder = regexp.MustCompile(`^(/[a-z0-9]([-a-z0-9]*[a-z0-9])?){2,8}$`)

// imageFolders are those that the proxy needs as its image or Istio has them. No
// Secret can be mounted over them.
var imageFolders = []string{"/bin", "/dev", "/etc/ssl", "/lib", "/proc", "/sys", "/usr", "/var/lib/istio", "/var/run/secrets", "/etc/istio/config", "/etc/istio/pod", "/etc/istio/proxy"}

func isMountable(folder string) bool {
	ofImage := folder == "/etc/istio" || slices.ContainsFunc(imageFolders, func(f string) bool { return under(folder, f) })
	return !ofImage && mountFolder.MatchString(folder)
}

func under(folder, top string) bool { return folder == top || strings.HasPrefix(folder, top+"/") }
