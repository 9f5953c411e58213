// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package folder

import (
	"fmt"
	"path"
	"strings"
)

// FileName returns the path of an object's file below a folder, where kpt would place it,
// with slashes on every system: payments/service_news.yaml. An object without a namespace
// stands in the folder itself.
func FileName(namespace, kind, name string) string {
	return path.Join(namespace, fmt.Sprintf("%s_%s.yaml", strings.ToLower(kind), name))
}
