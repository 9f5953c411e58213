// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/explain"
)

// The forms of an explanation.
const (
	formText = "text"
	formJSON = "json"
)

func explainCommand() *cobra.Command {
	var mesh meshFlag
	var call explain.Call
	var from, form string
	cmd := &cobra.Command{
		Use:               "explain URL PATH...",
		Short:             "Say what becomes of one call",
		Long:              explainHelp,
		Args:              needs("URL", "PATH"),
		ValidArgsFunction: completeCall,
		RunE: func(cmd *cobra.Command, args []string) error {
			if form != formText && form != formJSON {
				return usageError{fmt.Errorf("-o must be %s or %s, got %q", formText, formJSON, form)}
			}
			output, err := mesh.render(cmd, renderFiles, args[1:])
			if err != nil {
				return err
			}
			warnOfUnread(cmd, output)
			call.URL = args[0]
			call.Namespace, call.ServiceAccount, _ = strings.Cut(from, "/")
			if from == "" {
				if call.Namespace, err = onlyNamespace(output.Output); err != nil {
					return usageError{err}
				}
			}
			e, err := output.Explain(call)
			if err != nil {
				return usageError{err}
			}
			if form == formJSON {
				return e.EncodeJSON(cmd.OutOrStdout())
			}
			return e.Encode(cmd.OutOrStdout())
		},
	}
	mesh.addTo(cmd)
	flags := cmd.Flags()
	flags.StringVar(&from, "from", "", "who calls, as `NAMESPACE[/SERVICEACCOUNT]`; needed only if bundles have several client namespaces")
	flags.StringVarP(&call.Method, "request", "X", "", "the `METHOD` of a request (default GET)")
	flags.StringVar(&call.Address, "address", "", "the `IP` address that the application connects to, where that matters")
	flags.BoolVar(&call.NoSidecar, "no-sidecar", false, "of a Pod without a sidecar")
	flags.StringVarP(&form, "output", "o", formText, "`FORM` of the explanation: text, or json for machines")
	completeFlag(cmd, "output", oneOf(formText, formJSON))
	return cmd
}

// onlyNamespace returns the client namespace of all bundles, if they have one.
func onlyNamespace(output *egress.Output) (string, error) {
	var namespaces []string
	for _, call := range output.Calls() {
		namespaces = append(namespaces, call.Namespace) // sorted
	}
	namespaces = slices.Compact(namespaces)
	if len(namespaces) != 1 {
		return "", fmt.Errorf("--from must say who calls; the clients of bundles are %s", strings.Join(namespaces, ", "))
	}
	return namespaces[0], nil
}
