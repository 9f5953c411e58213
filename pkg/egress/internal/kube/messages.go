// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/diagnose"
)

func laneLeaves(gateway string, rewrites bool) diagnose.Finding {
	path := ""
	if rewrites {
		path = ", and where it rewrites the path with X-Envoy-Original-Path, which is the one that was called"
	}
	return diagnose.Warnf(diag.ProxyHeaders,
		"sends HTTP requests out of gateway %q with the header X-Envoy-Original-Host, which names the bundle and its "+
			"namespace%s: apply what `egressbundle patch` prints for the gateway, then set proxyHeaders: Disabled for it "+
			"in the mesh", gateway, path)
}
