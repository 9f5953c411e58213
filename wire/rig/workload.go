// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package rig

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/egressbundle/egressbundle/conformance/cluster"
	"github.com/egressbundle/egressbundle/wire/parts"
	"github.com/egressbundle/egressbundle/wire/world"
)

// A Workload is a Pod: a host, and a proxy unless it has none.
type Workload struct {
	*world.Host

	Namespace, Name string

	proxy *parts.Process
	log   *accessLog
}

func (w *Workload) String() string { return w.Namespace + "/" + w.Name }

// proxyUser is the user whose connections Istio's rules leave alone.
const proxyUser = 1337

const readyTime = time.Minute

// A spec is what a workload is to be.
type spec struct {
	kind      string // of proxy: sidecar or router. A workload without a proxy has none.
	name      string
	namespace string
	account   string
	labels    map[string]string
	config    map[string]any // ProxyConfig of the Pod's annotation
	dns       bool           // capture of DNS
}

// addWorkload starts a workload, and its proxy. Nothing is left of one that does not start: the next
// of its name would find the socket of its agent, and take that for the one that certificates come from.
func (m *Mesh) addWorkload(ctx context.Context, s spec, objects func(ip string) []runtime.Object) (*Workload, error) {
	host, err := m.Network.NewHost()
	if err != nil {
		return nil, err
	}
	w := &Workload{Host: host, Namespace: s.namespace, Name: s.name}
	if err := m.start(ctx, w, s, objects(host.Address.String())); err != nil {
		return nil, errors.Join(err, m.closeWorkload(context.WithoutCancel(ctx), w))
	}
	return w, nil
}

func (m *Mesh) start(ctx context.Context, w *Workload, s spec, objects []runtime.Object) error {
	if err := m.addObjects(ctx, s, objects); err != nil || s.kind == "" {
		return err
	}
	if s.kind == "sidecar" {
		if err := m.intercept(w, s); err != nil {
			return err
		}
	}
	return m.startProxy(ctx, w, s)
}

// addObjects creates the objects of a workload, with the status of its Pod.
func (m *Mesh) addObjects(ctx context.Context, s spec, objects []runtime.Object) error {
	if err := m.addNamespace(ctx, s.namespace); err != nil {
		return err
	}
	objects = append([]runtime.Object{&corev1.ServiceAccount{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ServiceAccount"},
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: s.account},
	}}, objects...)
	stream, err := cluster.YAML(objects)
	if err != nil {
		return err
	}
	if err := m.API.Apply(ctx, stream, ownManager); err != nil {
		return err
	}
	isPod := func(o runtime.Object) bool { _, ok := o.(*corev1.Pod); return !ok }
	stream, err = cluster.YAML(slices.DeleteFunc(objects, isPod))
	if err != nil {
		return err
	}
	return m.API.Apply(ctx, stream, ownManager, "--subresource=status")
}

// ownManager leaves the fields of bundles to those who apply them.
const ownManager = "--field-manager=rig"

// pod is the Pod of a workload that needs nothing else.
func (s spec) pod(ip string) []runtime.Object {
	return []runtime.Object{&corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: s.name, Labels: s.labels},
		Spec: corev1.PodSpec{
			ServiceAccountName: s.account,
			Containers:         []corev1.Container{{Name: "application", Image: "application"}},
		},
		Status: corev1.PodStatus{
			Phase:      corev1.PodRunning,
			PodIP:      ip,
			PodIPs:     []corev1.PodIP{{IP: ip}},
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
		},
	}}
}

// intercept makes Istio's own rules on the host.
func (m *Mesh) intercept(w *Workload, s spec) error {
	args := []string{
		"istio-iptables", "-p", "15001", "-z", "15006", "-u", "1337", "-m", "REDIRECT",
		"-i", "*", "-x", "", "-b", "*", "-d", "15090,15020,15021",
	}
	if s.dns {
		args = append(args, "--redirect-dns")
	}
	cmd := exec.Command(m.programs.Agent, args...)
	cmd.Dir = world.Folder
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := w.Start(cmd); err != nil {
		return err
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("istio-iptables: %w\n%s", err, out.String())
	}
	return nil
}

// startProxy starts the agent, which starts Envoy, and waits until it is ready.
func (m *Mesh) startProxy(ctx context.Context, w *Workload, s spec) error {
	folder, err := m.proxyFolder(ctx, s)
	if err != nil {
		return err
	}
	env, err := m.proxyEnvironment(w, s)
	if err != nil {
		return err
	}
	cmd := exec.Command(m.programs.Agent, "proxy", s.kind, "--domain", s.namespace+".svc."+domain, "--concurrency=1")
	cmd.Dir, cmd.Env = folder, env
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: proxyUser, Gid: proxyUser}}
	unprivileged := func() error { return os.WriteFile("/proc/sys/net/ipv4/ip_unprivileged_port_start", []byte("0"), 0) }
	if err := w.Do(unprivileged); err != nil {
		return err
	}
	w.proxy, err = parts.Start("proxy", cmd, w.Start)
	if err != nil {
		return err
	}
	w.log = &accessLog{logFile: logFile{path: w.proxy.Log}}
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	return w.proxy.Await(ctx, func(ctx context.Context) error {
		return parts.Ready(ctx, "http://"+w.Address.String()+":15021/healthz/ready")
	})
}

// proxyFolder is where the agent finds its token, the certificate of istiod and the
// labels of its Pod.
func (m *Mesh) proxyFolder(ctx context.Context, s spec) (string, error) {
	folder, err := newFolder(filepath.Join("pods", s.namespace, s.name))
	if err != nil {
		return "", err
	}
	token, err := m.API.Kubectl(ctx, "", "create", "token", s.account, "-n", s.namespace, "--audience=istio-ca")
	if err != nil {
		return "", err
	}
	var labels strings.Builder
	for _, key := range slices.Sorted(maps.Keys(s.labels)) {
		fmt.Fprintf(&labels, "%s=%q\n", key, s.labels[key])
	}
	files := map[string]string{
		"var/run/secrets/tokens/istio-token":  token,
		"var/run/secrets/istio/root-cert.pem": m.root,
		"etc/istio/pod/labels":                labels.String(),
		"etc/istio/proxy/empty":               "",
	}
	for name, content := range files {
		path := filepath.Join(folder, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o644)); err != nil {
			return "", err
		}
	}
	return folder, filepath.Walk(folder, func(path string, _ os.FileInfo, err error) error {
		return errors.Join(err, os.Chown(path, proxyUser, proxyUser))
	})
}

// proxyEnvironment is what the injection of Istio gives to an agent.
func (m *Mesh) proxyEnvironment(w *Workload, s spec) ([]string, error) {
	config := map[string]any{
		"binaryPath":                 m.programs.Envoy,
		"proxyBootstrapTemplatePath": m.programs.Bootstrap,
		"discoveryAddress":           parts.DiscoveryHost + ":15012",
		"fileFlushInterval":          "0.01s",
		"terminationDrainDuration":   "1s",
	}
	maps.Copy(config, s.config)
	text, err := json.Marshal(config)
	if err != nil {
		return nil, err
	}
	return []string{
		"PATH=" + os.Getenv("PATH"),
		"PROXY_CONFIG=" + string(text),
		"POD_NAME=" + s.name,
		"POD_NAMESPACE=" + s.namespace,
		"INSTANCE_IP=" + w.Address.String(),
		"SERVICE_ACCOUNT=" + s.account,
		"CA_ADDR=" + parts.DiscoveryHost + ":15012",
		"PILOT_CERT_PROVIDER=istiod",
		"TRUST_DOMAIN=" + domain,
		"ISTIO_META_CLUSTER_ID=Kubernetes",
		"ISTIO_META_MESH_ID=" + domain,
		"ISTIO_META_INTERCEPTION_MODE=REDIRECT",
		"ISTIO_META_WORKLOAD_NAME=" + s.name,
		fmt.Sprintf("ISTIO_META_DNS_CAPTURE=%t", s.dns),
	}, nil
}

// closeWorkload ends a workload and deletes its Pod.
func (m *Mesh) closeWorkload(ctx context.Context, w *Workload) error {
	if w.proxy != nil {
		w.proxy.Kill()
	}
	return errors.Join(m.deletePod(ctx, w.Namespace, w.Name), w.Close())
}

func (m *Mesh) deletePod(ctx context.Context, namespace, name string) error {
	_, err := m.API.Kubectl(ctx, "", "delete", "pod", name, "-n", namespace, "--force", "--grace-period=0", "--ignore-not-found")
	return err
}
