// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

// checkCertificates judges which sources of certificates go together. Sidecars
// do not fetch Secrets and ConfigMaps for a whole namespace, and Istio takes all
// certificates of one TLS from files, or all from one Secret.
// https://istio.io/latest/docs/reference/config/networking/destination-rule/#ClientTLSSettings
func (p port) checkCertificates(ca api.CACertificates, client api.ClientCertificate) {
	p.checkMounts(ca, client)
	_, fromSidecar := p.way.(ir.FromSidecar)
	switch {
	case fromSidecar && ca.Secret+ca.ConfigMap+client.Secret != "":
		p.refuseSecrets(ca, client)
	case client.Secret != "" && ca == (api.CACertificates{}):
		p.reportField("clientCertificate", authoritiesOfSecret(client.Secret))
	case client.Secret != "" && ca.Secret != client.Secret && ca.Secret != client.Secret+"-cacert":
		p.reportField("caCertificates", authoritiesElsewhere(client.Secret))
	case client.Files != nil && ca.Secret+ca.ConfigMap != "":
		p.reportField("caCertificates", authoritiesBesideFiles())
	}
}

// refuseSecrets refuses what a sidecar does not fetch.
func (p port) refuseSecrets(ca api.CACertificates, client api.ClientCertificate) {
	if ca.Secret+ca.ConfigMap != "" {
		p.reportField("caCertificates", authoritiesFromSidecar())
	}
	if client.Secret != "" {
		p.reportField("clientCertificate", clientSecretFromSidecar())
	}
}

// checkMounts judges the folders of files. The files of a client certificate are
// no part of any image: each folder is one Secret, mounted under its own name.
func (p port) checkMounts(ca api.CACertificates, client api.ClientCertificate) {
	authorities := p.path.Child("caCertificates").Child("file")
	files := map[field.Path]string{}
	if ca.File != "" {
		files[authorities] = ca.File
	}
	if client.Files != nil {
		at := p.path.Child("clientCertificate").Child("files")
		files[at.Child("certificate")] = client.Files.Certificate
		files[at.Child("privateKey")] = client.Files.PrivateKey
	}
	for _, at := range slices.Sorted(maps.Keys(files)) {
		file := files[at]
		switch folder := path.Dir(file); {
		case isUnder(folder, "/etc/certs"):
			p.Report(at, fileInEtcCerts(file))
		case path.Clean(file) != file, at != authorities && !isMountable(folder):
			p.Report(at, fileInNoFolderOfItsOwn(file))
		}
	}
}

// mounts returns where Secrets must be mounted for the files of a TLS.
func mounts(ca api.CACertificates, client api.ClientCertificate) []string {
	var folders []string
	if client.Files != nil {
		folders = append(folders, path.Dir(client.Files.Certificate), path.Dir(client.Files.PrivateKey))
	}
	if ca.File != "" && isMountable(path.Dir(ca.File)) {
		folders = append(folders, path.Dir(ca.File))
	}
	return folders
}

// mountFolder is a folder whose last part is the name of a Secret.
var mountFolder = regexp.MustCompile(`^(/[a-z0-9]([-a-z0-9]*[a-z0-9])?){2,8}$`)

// imageFolders are those that the proxy needs as its image or Istio has them. No
// Secret can be mounted over them.
var imageFolders = []string{
	"/bin", "/dev", "/etc/ssl", "/lib", "/proc", "/sys", "/usr", "/var/lib/istio", "/var/run/secrets",
	"/etc/istio/config", "/etc/istio/pod", "/etc/istio/proxy",
}

func isMountable(folder string) bool {
	isOfImage := slices.ContainsFunc(imageFolders, func(image string) bool { return isUnder(folder, image) })
	return folder != "/etc/istio" && !isOfImage && mountFolder.MatchString(folder)
}

func isUnder(folder, top string) bool { return folder == top || strings.HasPrefix(folder, top+"/") }
