// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"testing"

	"github.com/egressbundle/egressbundle/conformance/prove"
)

func TestMain(m *testing.M) {
	prove.Quiet()
	m.Run()
}
