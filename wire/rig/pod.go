// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package rig

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/wire/world"
)

// quitPort is where agents listen for who wants them to end.
const quitPort = 15020

// endTime is how long a sidecar may take to end.
const endTime = 20 * time.Second

// RunPod runs the first container of a Pod beside the sidecar of its service account, with
// files where its first volume is, and returns what it prints. Programs are those of the
// machine. If the sidecar is to stay, it hears of nobody who wants it to end.
func (m *Mesh) RunPod(ctx context.Context, namespace string, pod corev1.PodSpec, files map[string]string, stays bool) (string, error) {
	w, err := m.client(ctx, calls.Outcome{From: namespace + "/" + pod.ServiceAccountName})
	if err != nil {
		return "", err
	}
	c, user := pod.Containers[0], uint32(*pod.SecurityContext.RunAsUser)
	if stays {
		if err := w.Bar(user, quitPort); err != nil {
			return "", err
		}
	}
	args, err := mount(c, files)
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir, cmd.Env = world.Folder, []string{"PATH=" + os.Getenv("PATH")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user, Gid: user}}
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := w.Start(cmd); err != nil {
		return "", err
	}
	err = cmd.Wait()
	return out.String(), err
}

// mount writes the files of a volume, and returns the command of its container, as it finds them.
func mount(c corev1.Container, files map[string]string) ([]string, error) {
	path := c.VolumeMounts[0].MountPath
	folder, err := newFolder(path)
	if err != nil {
		return nil, err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644); err != nil {
			return nil, err
		}
	}
	var args []string
	for _, arg := range c.Command {
		args = append(args, strings.Replace(arg, path, folder, 1))
	}
	return args, nil
}

// AwaitEnd waits until the sidecar of a service account has ended by itself, and takes its Pod
// away.
func (m *Mesh) AwaitEnd(ctx context.Context, namespace, account string) error {
	w, err := m.client(ctx, calls.Outcome{From: namespace + "/" + account})
	if err != nil {
		return err
	}
	select {
	case <-w.proxy.Done():
	case <-time.After(endTime):
		return fmt.Errorf("the sidecar of %s runs on after %s", w, endTime)
	}
	return m.Stop(ctx, namespace)
}
