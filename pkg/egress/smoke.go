// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"time"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/smoke"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// SmokeJobs returns Jobs that make Calls on a cluster and report whether each becomes what
// Explain says of it, with the ConfigMaps that they read: those of each client in front of
// those of the next. They are no objects of bundles, and carry no mark of one.
//
// An image has sh and curl, and each call may take as long as the timeout. What cannot be
// tried without side effects, the Jobs report as not tried.
func (o *Output) SmokeJobs(image string, timeout time.Duration) ([]object.Object, error) {
	return smoke.Objects(o.plans, o.Calls(), o.Explain, smoke.Options{Image: image, Timeout: timeout})
}
