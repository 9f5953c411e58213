// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package fn

import _ "embed" // for README

// README is the documentation of the function, in Markdown: what the catalog of functions
// shows, and --help prints.
//
//go:embed README.md
var README string
