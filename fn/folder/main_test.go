// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package folder

import (
	"os"
	"testing"

	"github.com/egressbundle/egressbundle/fn/internal/fntest"
)

func TestMain(m *testing.M) { os.Exit(fntest.Main(m)) }
