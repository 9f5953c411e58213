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

// jsonControl matches what is a character like any other in JSON, and is none in YAML, or the end
// of a line.
var jsonControl = regexp.MustCompile(`[\x{7f}-\x{9f}\x{2028}\x{2029}\x{feff}\x{fffe}\x{ffff}]`)

// asYAML returns JSON as the YAML library reads it. It refuses control characters without an
// escape, slashes with one, and what JSON writes for characters beyond the first 65536, two
// escapes for one: YAML has an escape of its own for them.
func asYAML(src []byte) []byte {
	if !json.Valid(src) {
		return src
	}
	src = jsonControl.ReplaceAllFunc(src, func(char []byte) []byte { return fmt.Appendf(nil, `\u%04x`, []rune(string(char))[0]) })
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
