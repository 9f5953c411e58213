// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"cmp"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/address"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/diagnose"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

// A clientTLS is the TLS to a host, or to a forward proxy, that is being planned.
type clientTLS struct {
	destination

	path   field.Path // of what its fields stand in
	from   api.ClientTLS
	ca     api.CACertificates
	client api.ClientCertificate
	crl    string
}

// planTLS plans the TLS that stands in some field.
func (d destination) planTLS(path field.Path, from api.ClientTLS) *ir.UpstreamTLS {
	t := clientTLS{
		destination: d,
		path:        path,
		from:        from,
		ca:          *cmp.Or(from.CACertificates, &api.CACertificates{}),
		client:      *cmp.Or(from.ClientCertificate, &api.ClientCertificate{}),
		crl:         cmp.Or(from.CACRL, &api.CACRL{}).File,
	}
	t.checkFiles()
	t.checkSources()
	t.checkUnverified()
	return &ir.UpstreamTLS{
		SNI:               from.SNI,
		SubjectAltNames:   setOf(from.SubjectAltNames),
		CACertificates:    t.ca,
		CRL:               t.crl,
		ClientCertificate: t.client,
		Unverified:        cmp.Or(from.InsecureSkipVerify, &api.InsecureSkipVerify{}).Reason,
		Mounts:            t.mounts(),
	}
}

func (t clientTLS) reportField(name string, f diagnose.Finding) { t.Report(t.path.Child(name), f) }

// checkSources judges which sources of certificates go together. Sidecars
// do not fetch Secrets and ConfigMaps for a whole namespace, and Istio takes all
// certificates of one TLS from files, or all from one Secret.
// https://istio.io/latest/docs/reference/config/networking/destination-rule/#ClientTLSSettings
func (t clientTLS) checkSources() {
	ca, secret := t.ca, t.client.Secret
	_, fromSidecar := t.way.(ir.FromSidecar)
	switch {
	case fromSidecar && ca.Secret+ca.ConfigMap+secret != "":
		t.refuseSecrets()
	case secret != "" && ca == (api.CACertificates{}) && t.from.InsecureSkipVerify == nil:
		t.reportField("clientCertificate", authoritiesOfSecret(secret))
	case secret != "" && ca != (api.CACertificates{}) && ca.Secret != secret && ca.Secret != secret+"-cacert":
		t.reportField("caCertificates", authoritiesElsewhere(secret))
	case t.client.Files != nil && ca.Secret+ca.ConfigMap != "":
		t.reportField("caCertificates", authoritiesBesideFiles())
	case t.crl != "" && ca.Secret+ca.ConfigMap+secret != "":
		t.reportField("caCrl", revokedBesideObject())
	}
}

// refuseSecrets refuses what a sidecar does not fetch.
func (t clientTLS) refuseSecrets() {
	if t.ca.Secret+t.ca.ConfigMap != "" {
		t.reportField("caCertificates", authoritiesFromSidecar())
	}
	if t.client.Secret != "" {
		t.reportField("clientCertificate", clientSecretFromSidecar())
	}
}

// checkUnverified refuses what would verify the certificate where nothing does.
func (t clientTLS) checkUnverified() {
	if t.from.InsecureSkipVerify == nil {
		return
	}
	if t.from.CACertificates != nil {
		t.reportField("caCertificates", besideSkipVerify())
	}
	if t.from.CACRL != nil {
		t.reportField("caCrl", besideSkipVerify())
	}
	if len(t.from.SubjectAltNames) > 0 {
		t.reportField("subjectAltNames", besideSkipVerify())
	}
}

// checkFiles judges the folders of files. The files of a client certificate are
// no part of any image: each folder is one Secret, mounted under its own name.
func (t clientTLS) checkFiles() {
	own := t.path.Child("clientCertificate")
	files := map[field.Path]string{}
	if t.ca.File != "" {
		files[t.path.Child("caCertificates").Child("file")] = t.ca.File
	}
	if t.crl != "" {
		files[t.path.Child("caCrl").Child("file")] = t.crl
	}
	if t.client.Files != nil {
		files[own.Child("files").Child("certificate")] = t.client.Files.Certificate
		files[own.Child("files").Child("privateKey")] = t.client.Files.PrivateKey
	}
	for _, at := range slices.Sorted(maps.Keys(files)) {
		file := files[at]
		isOwn := strings.HasPrefix(string(at), string(own))
		switch folder := path.Dir(file); {
		case isUnder(folder, "/etc/certs"):
			t.Report(at, fileInEtcCerts(file))
		case path.Clean(file) != file, isOwn && !isMountable(folder):
			t.Report(at, fileInNoFolderOfItsOwn(file))
		}
	}
}

// mounts returns where Secrets must be mounted for the files.
func (t clientTLS) mounts() []string {
	var folders []string
	if t.client.Files != nil {
		folders = append(folders, path.Dir(t.client.Files.Certificate), path.Dir(t.client.Files.PrivateKey))
	}
	for _, file := range []string{t.ca.File, t.crl} {
		if file != "" && isMountable(path.Dir(file)) {
			folders = append(folders, path.Dir(file))
		}
	}
	return folders
}

// planProxyTLS plans the TLS to the forward proxy, and returns nil if there is none. The names
// in it are those of the proxy.
func (d destination) planProxyTLS() *ir.UpstreamTLS {
	proxy := d.from.ForwardProxy
	if proxy == nil || proxy.TLS == nil {
		return nil
	}
	path := d.path.Child("forwardProxy").Child("tls")
	tls := d.planTLS(path, *proxy.TLS)
	if tls.SNI == "" && address.IsIP(address.Normalize(proxy.Address)) {
		d.Report(path.Child("sni"), missingNameOfProxy())
	}
	tls.SNI = cmp.Or(tls.SNI, proxy.Address)
	if len(tls.SubjectAltNames) == 0 && tls.Unverified == "" {
		tls.SubjectAltNames = []string{tls.SNI}
	}
	return tls
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
