// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"strconv"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

// join lists numbers in a message.
func join(numbers []int) string {
	var texts []string
	for _, n := range numbers {
		texts = append(texts, strconv.Itoa(n))
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
