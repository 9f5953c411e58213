// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// checkCertificates judges which sources of certificates go together. Sidecars
// do not fetch Secrets and ConfigMaps for a whole namespace, and Istio takes all
// certificates of one TLS from files, or all from one Secret.
// https://istio.io/latest/docs/reference/config/networking/destination-rule/#ClientTLSSettings
func (p *portPlanner) checkCertificates(ca CACertificates, client ClientCertificate) {
	p.checkMounts(ca, client)
	if p.way.gateway == nil && ca.Secret+ca.ConfigMap+client.Secret != "" {
		p.refuseSecrets(ca, client)
		return
	}
	switch {
	case client.Secret != "" && ca == (CACertificates{}):
		p.warnf(CertificateSource, "clientCertificate", "takes the CA certificates from the key ca.crt of the Secret %q, and not from the system: Istio cannot join the two; say so with `caCertificates: {secret: %s}`", client.Secret, client.Secret)
	case client.Secret != "" && ca.Secret != client.Secret && ca.Secret != client.Secret+"-cacert":
		p.reportf(CertificateSource, "caCertificates", "must be {secret: %s} or {secret: %s-cacert} beside `clientCertificate: {secret: %s}`: Istio looks nowhere else for them; put the CA certificates there under the key ca.crt, or use files for both", client.Secret, client.Secret, client.Secret)
	case client.Files != nil && ca.Secret+ca.ConfigMap != "":
		p.reportf(CertificateSource, "caCertificates", "must be a file beside the files of clientCertificate: Istio takes all certificates from files, or all from one Secret; use {file: PATH}, or leave it out for those of the system")
	}
}

// refuseSecrets refuses what a sidecar does not fetch.
func (p *portPlanner) refuseSecrets(ca CACertificates, client ClientCertificate) {
	if ca.Secret+ca.ConfigMap != "" {
		p.reportf(NeedsGateway, "caCertificates", "must be a file with `via: Sidecar`: sidecars do not fetch Secrets and ConfigMaps by themselves; use {file: PATH}, or `via: Gateway`")
	}
	if client.Secret != "" {
		p.reportf(NeedsGateway, "clientCertificate", "must be files with `via: Sidecar`: a sidecar fetches a Secret only for workloads that a selector names, with a Role that lets them read it; use {files: ...}, or `via: Gateway`, where the gateway alone holds the key")
	}
}

// checkMounts judges the folders of files. The files of a client certificate are
// no part of any image: each folder is one Secret, mounted under its own name.
func (p *portPlanner) checkMounts(ca CACertificates, client ClientCertificate) {
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
