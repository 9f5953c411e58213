// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package rig

import (
	"context"
	"net"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"

	"github.com/egressbundle/egressbundle/wire/outside"
)

// check calls the method Check of grpc.health.v1.Health in plain text. The body of the reply
// is the health.
func check(ctx context.Context, d *dialer, hostPort, id string) reply {
	if _, _, err := net.SplitHostPort(hostPort); err != nil {
		hostPort = net.JoinHostPort(hostPort, defaultPorts["http"])
	}
	dial := func(ctx context.Context, hostPort string) (net.Conn, error) { return d.dial(ctx, "tcp", hostPort) }
	conn, err := grpc.NewClient("passthrough:///"+hostPort,
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithContextDialer(dial))
	if err != nil {
		return reply{err: err}
	}
	defer conn.Close()
	var header metadata.MD
	ctx = metadata.AppendToOutgoingContext(ctx, callHeader, id)
	health, err := grpc_health_v1.NewHealthClient(conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{}, grpc.Header(&header))
	r := reply{err: err, body: health.GetStatus().String()}
	r.read([]byte(strings.Join(header.Get(outside.HeaderSeen), "")))
	return r
}
