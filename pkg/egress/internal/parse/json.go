// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package parse

import (
	"encoding/json"
	"fmt"
	"regexp"
)

// jsonEscape matches an escape of JSON, and two where both are one character.
var jsonEscape = regexp.MustCompile(`\\(u[dD][89abAB]..\\u[dD][c-fC-F]..|u[dD][89a-fA-F]..|.)`)

// asYAML returns JSON as the YAML library reads it. It refuses slashes with an escape, and what
// JSON writes for characters beyond the first 65536, two escapes for one: YAML has an escape of
// its own for them.
func asYAML(src []byte) []byte {
	if !json.Valid(src) {
		return src
	}
	return jsonEscape.ReplaceAllFunc(src, func(escape []byte) []byte {
		isSlash, isNumber := escape[1] == '/', len(escape) > len(`\/`)
		var text string
		if !isSlash && !isNumber || json.Unmarshal(fmt.Appendf(nil, `"%s"`, escape), &text) != nil {
			return escape
		}
		if isSlash {
			return []byte(text)
		}
		return fmt.Appendf(nil, `\U%08x`, []rune(text)[0])
	})
}
