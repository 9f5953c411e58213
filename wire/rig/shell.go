// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package rig

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/wire/world"
)

// A Shell runs commands as somebody does who has kubectl and istioctl.
type Shell struct {
	mesh   *Mesh
	folder string
	pods   map[string]*Workload
}

// kubectlShim is kubectl, of which exec and logs find Pods that have no kubelet, and istioctlShim is istioctl, which gets at
// the Envoys of Pods without one.
const (
	kubectlShim = `#!/bin/sh
action=$1
case $action in
exec|logs) shift; [ "$1" = -i ] && shift ;;
*) exec %[1]s "$@" ;;
esac
folder="%[2]s/$2/$3"
[ "$3" = -l ] && folder="$folder $4"
[ -d "$folder" ] || { echo "no Pod $2 $pod" >&2; exit 1; }
[ $action = logs ] && exec tail -n 20 "$folder/log"
user=0; [ "$5" = istio-proxy ] && user=1337
shift 6
exec nsenter --net="$(cat "$folder/net")" setpriv --reuid=$user --clear-groups env PATH="%[3]s:$PATH" "$@"
`
	istioctlShim = `#!/bin/sh
pod=${3%%.*}
exec nsenter --net="$(cat "%[2]s/${3##*.}/$pod/net")" env TARGET_OUT=/tmp LOCAL_OUT=/tmp %[1]s "$@"
`
)

// Shell returns a shell that knows Pods by NAMESPACE/NAME, as kubectl and istioctl name them. istioctl is a program that
// asks the Envoy of its host.
func (m *Mesh) Shell(pods map[string]*Workload, istioctl string) (*Shell, error) {
	s := &Shell{mesh: m, folder: filepath.Join(world.Folder, "shell"), pods: pods}
	if err := os.RemoveAll(s.folder); err != nil {
		return nil, err
	}
	for name, w := range pods {
		folder := filepath.Join(s.folder, name)
		if err := errors.Join(os.MkdirAll(folder, 0o755), os.WriteFile(folder+"/net", []byte(w.Path()), 0o644)); err != nil {
			return nil, err
		}
	}
	return s, errors.Join(
		os.WriteFile(s.folder+"/kubectl", fmt.Appendf(nil, kubectlShim, m.programs.Kubectl, s.folder, filepath.Dir(m.programs.Agent)), 0o755),
		os.WriteFile(s.folder+"/istioctl", fmt.Appendf(nil, istioctlShim, istioctl, s.folder), 0o755),
	)
}

// Run runs a script, and returns what it prints to standard output, and its exit status.
func (s *Shell) Run(ctx context.Context, script string) (output string, exit int, err error) {
	if err := s.writeLogs(); err != nil {
		return "", 0, err
	}
	cmd := exec.CommandContext(ctx, "sh", "-c", script)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+s.mesh.API.Kubeconfig, "PATH="+s.folder+":"+os.Getenv("PATH"))
	out, err := cmd.Output()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		return string(out), failed.ExitCode(), nil
	}
	return string(out), 0, err
}

// writeLogs writes what proxies have logged to where kubectl finds it, in the format that Istio has by default.
func (s *Shell) writeLogs() error {
	for name, w := range s.pods {
		lines, err := w.Lines()
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(s.folder, name, "log"), []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Client returns the workload that a call comes from.
func (m *Mesh) Client(ctx context.Context, o calls.Outcome) (*Workload, error) {
	return m.client(ctx, o)
}

// Gateway returns the workload of a gateway, named as NAMESPACE/SERVICE.
func (m *Mesh) Gateway(name string) *Workload { return m.gateways[name].Workload }

// Ask asks the Envoy of a workload.
func (w *Workload) Ask(ctx context.Context, path string) ([]byte, error) { return w.ask(ctx, path) }

// Lines returns what the proxy of a workload has logged, in the format that Istio has by default. Without a proxy there is
// nothing.
func (w *Workload) Lines() ([]string, error) {
	if w.log == nil {
		return nil, nil
	}
	entries, err := w.log.read()
	var lines []string
	for _, e := range entries {
		lines = append(lines, e.Line)
	}
	return lines, err
}
