// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package parts

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/egressbundle/egressbundle/wire/world"
)

// serviceAccountFolder is where a program in a Pod finds out how to connect to the API
// server (/var/run/secrets/...). In a world it is empty.
const serviceAccountFolder = world.Folder + "/secrets/kubernetes.io/serviceaccount"

const (
	metricsAddress = "127.0.0.1:9080"
	packetQueue    = "100"
)

// StartNetworkPolicies starts what enforces NetworkPolicies. It decides about the first
// packet of each connection, and writes into its log what it decides.
func StartNetworkPolicies(
	ctx context.Context, programs Programs, api *APIServer, network *world.Network, folder string,
) (*Process, error) {
	if err := api.writeServiceAccount(serviceAccountFolder); err != nil {
		return nil, err
	}
	cmd := exec.Command(programs.NetworkPolicies,
		"--nfqueue-id="+packetQueue, "--metrics-bind-address="+metricsAddress, "--logging-format=json", "--v=2")
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "KUBERNETES_SERVICE_HOST="+apiServerHost, "KUBERNETES_SERVICE_PORT="+apiServerPort)
	process, err := Start("network-policies", cmd, nil)
	if err != nil {
		return nil, err
	}
	err = process.Await(ctx, func(ctx context.Context) error {
		return Ready(ctx, "http://"+metricsAddress+"/metrics")
	})
	if err != nil {
		return nil, err
	}
	// The program has rules of its own, which not every kernel has the parts for (nft_queue),
	// and which are for Pods of a node. Nothing here has a node.
	return process, network.Queue(packetQueue)
}

// writeServiceAccount writes what a Pod of the administrator has of its ServiceAccount.
func (a *APIServer) writeServiceAccount(folder string) error {
	authority, err := os.ReadFile(filepath.Join(a.folder, certificates, "apiserver.crt"))
	if err != nil {
		return err
	}
	return errors.Join(
		os.MkdirAll(folder, 0o700),
		os.WriteFile(filepath.Join(folder, "token"), []byte(adminToken), 0o600),
		os.WriteFile(filepath.Join(folder, "ca.crt"), authority, 0o600),
	)
}
