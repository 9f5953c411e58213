// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package parts

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/egressbundle/egressbundle/wire/world"
)

// An APIServer is a Kubernetes API server whose only user is an administrator.
type APIServer struct {
	// Kubeconfig is the file with which the administrator connects.
	Kubeconfig string

	kubectl, folder string
}

const (
	apiServerPort = "6443"
	certificates  = "certificates" // the folder
	adminToken    = "admin"
	keyBits       = 2048
)

var apiServerHost = world.Control.String()

// kubeconfig does not check certificates: the server is in a world of its own.
var kubeconfig = `apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://` + apiServerHost + `:` + apiServerPort + `", insecure-skip-tls-verify: true}}]
users: [{name: u, user: {token: ` + adminToken + `}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
`

// StartAPIServer starts the API server with its files in a folder.
func StartAPIServer(ctx context.Context, programs Programs, folder string) (*APIServer, error) {
	a := &APIServer{Kubeconfig: filepath.Join(folder, "kubeconfig"), kubectl: programs.Kubectl, folder: folder}
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{
		"kubeconfig": []byte(kubeconfig),
		"tokens.csv": []byte(adminToken + ",admin,admin,system:masters\n"),
		"key.pem":    pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}),
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			return nil, err
		}
	}
	cmd := exec.Command(programs.APIServer, "etcd",
		"--bind-address="+apiServerHost, "--advertise-address="+apiServerHost, "--secure-port="+apiServerPort,
		"--endpoint-reconciler-type=none",
		"--cert-dir="+certificates,
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=key.pem", "--service-account-signing-key-file=key.pem",
		"--service-cluster-ip-range=10.96.0.0/16",
		"--token-auth-file=tokens.csv",
		"--authorization-mode=RBAC",
	)
	cmd.Dir = folder
	process, err := Start("apiserver", cmd, nil)
	if err != nil {
		return nil, err
	}
	return a, process.Await(ctx, func(ctx context.Context) error {
		_, err := a.Kubectl(ctx, "", "get", "--raw", "/readyz")
		return err
	})
}

// Kubectl runs kubectl with an input, and returns what it writes.
func (a *APIServer) Kubectl(ctx context.Context, input string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, a.kubectl, args...)
	cmd.Dir = a.folder
	cmd.Env = append(os.Environ(), "KUBECONFIG="+a.Kubeconfig, "KUBECACHEDIR="+filepath.Join(a.folder, "cache"))
	cmd.Stdin = strings.NewReader(input)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("kubectl %s: %w\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return stdout.String(), nil
}

// Apply applies manifests on the server's side, as kubectl and the tools of GitOps do.
func (a *APIServer) Apply(ctx context.Context, manifests string, args ...string) error {
	_, err := a.Kubectl(ctx, manifests, append([]string{"apply", "--server-side", "--force-conflicts", "-f", "-"}, args...)...)
	return err
}
