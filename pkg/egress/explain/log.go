// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"cmp"
	"fmt"
	"strings"
)

// String writes the line of the access log in Istio's default format.
func (l Log) String() string {
	request, differs := `"- - -"`, "-"
	if l.Method != "" {
		request, differs = fmt.Sprintf("%q", l.Method+" "+l.Path+" "+Any), Any
	}
	field := func(text string) string { return cmp.Or(text, "-") }
	quoted := func(text string) string { return `"` + field(text) + `"` }
	return strings.Join([]string{
		"[" + Any + "]", request, l.Code, field(l.Flags), field(l.Details), field(l.Termination), quoted(""), // why TLS failed
		Any, Any, Any, differs, // bytes, and times
		quoted(differs), quoted(differs), quoted(differs), // headers
		quoted(l.Authority), quoted(l.Upstream), field(l.Cluster), Any, Any, Any, // addresses
		field(l.SNI), field(l.Route),
	}, " ")
}
