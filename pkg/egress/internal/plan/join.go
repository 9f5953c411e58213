// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

// longestList is how many of what there is a message lists: as many messages may list it as
// there are fields.
const longestList = 20

// join lists things in a message.
func join[T any](things []T) string {
	var texts []string
	for _, thing := range things[:min(len(things), longestList)] {
		texts = append(texts, fmt.Sprint(thing))
	}
	if more := len(things) - len(texts); more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(texts, ", ")
}

func portsOf(routes []ir.Route) []int {
	var ports []int
	for _, r := range routes {
		ports = append(ports, r.Port)
	}
	return ports
}
