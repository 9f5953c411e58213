// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/egressbundle/egressbundle/fn/folder"
	"github.com/egressbundle/egressbundle/fn/input"
	"github.com/egressbundle/egressbundle/fn/warning"
	"github.com/egressbundle/egressbundle/pkg/egress"
)

// run executes the command and returns its exit status.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := rootCommand()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	if err := root.Execute(); err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}

// readme is what the catalog of functions shows, and --help prints.
//
//go:embed README.md
var readme string

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:               "egressbundle",
		Short:             "Let workloads of an Istio mesh reach the outside world",
		Long:              strings.TrimSpace(readme),
		Args:              cobra.NoArgs,
		SilenceUsage:      true,
		SilenceErrors:     true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if isTerminal(cmd.InOrStdin()) {
				return cmd.Help()
			}
			return runFunction(cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	root.AddCommand(renderCommand(), patchCommand(), schemaCommand(), versionCommand())
	return root
}

// isTerminal reports whether somebody would have to type the ResourceList.
func isTerminal(in io.Reader) bool {
	file, ok := in.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// renderOptions are the flags of render.
type renderOptions struct {
	dir           string
	check, report bool
	allowEmpty    bool
}

func renderCommand() *cobra.Command {
	var opts renderOptions
	cmd := &cobra.Command{
		Use:   "render PATH...",
		Short: "Print the objects of the EgressBundles in files and folders",
		Long: strings.TrimSpace(`
render reads every EgressBundle, and the EgressMesh if there is one, from files
and from the YAML files of folders and their subfolders, but for hidden ones. A PATH
of - is standard input. Objects of other APIs are not rendered, but those of Istio that
contradict a bundle are reported.

It prints the objects as one YAML stream. With -o it writes them to a folder that
belongs to this call: name every bundle whose objects are to stay there. A folder inside
it may belong to another call, for other bundles. With --check
it writes nothing, and fails with a diff if the folder is not what the bundles say. If
anything is wrong, it prints every problem on standard error and nothing else. No bundle
at all is wrong too, unless --allow-empty says that the last one was removed on purpose;
each PATH must be there all the same, and Git keeps no empty folder.

With --report it prints, in Markdown and instead of the objects, who may reach what
by which exit, and which object stops each way around it, or that nothing does.`),
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, paths []string) error {
			if opts.check && opts.dir == "" {
				return errors.New("--check needs -o DIR, the folder to look at")
			}
			if opts.dir == "" && cmd.Flags().Changed("output") {
				return errors.New("-o needs the name of a folder, and got none")
			}
			in := &input.Input{AllowEmpty: opts.allowEmpty, Remedy: "; if that is meant, say so with --allow-empty"}
			if err := in.ReadPaths(cmd.InOrStdin(), paths); err != nil {
				return err
			}
			output, err := in.Render()
			if err != nil {
				return err
			}
			return opts.print(cmd.OutOrStdout(), cmd.ErrOrStderr(), output)
		},
	}
	cmd.Flags().StringVarP(&opts.dir, "output", "o", "", "write one file an object to `DIR`, and remove those that are no longer wanted")
	cmd.Flags().BoolVar(&opts.check, "check", false, "write nothing, and fail with a diff if DIR is not what the bundles say")
	cmd.Flags().BoolVar(&opts.report, "report", false, "print who may reach what, and what stops each way around it")
	cmd.Flags().BoolVar(&opts.allowEmpty, "allow-empty", false, "succeed without an EgressBundle, and then remove every object from DIR")
	return cmd
}

// print puts the output where the flags say.
func (opts renderOptions) print(stdout, stderr io.Writer, output *egress.Output) error {
	if opts.dir != "" {
		if err := opts.settleDir(stdout, output.Objects); err != nil {
			return err
		}
	}
	if err := printOutput(stdout, output, opts.report, opts.dir == ""); err != nil {
		return err
	}
	warning.Print(stderr, output.Warnings...)
	for _, p := range output.Patches {
		warning.Print(stderr, warning.NeedsPatch(p))
	}
	warning.Print(stderr, warning.NeedsHelm(output.Releases)...)
	return nil
}

// settleDir makes the folder hold the objects, or checks that it does.
func (opts renderOptions) settleDir(stdout io.Writer, objects []egress.Object) error {
	dir := filepath.Clean(opts.dir)
	changes, err := folder.Compare(dir, objects)
	if err != nil {
		return err
	}
	if opts.check {
		return folder.Check(stdout, dir, changes)
	}
	return folder.Write(changes)
}

// printOutput prints the report, or else the objects unless they went elsewhere.
func printOutput(stdout io.Writer, output *egress.Output, report, objects bool) error {
	switch {
	case report:
		return egress.EncodeReport(stdout, output.Report())
	case objects:
		return egress.Encode(stdout, output.Objects)
	default:
		return nil
	}
}

func patchCommand() *cobra.Command {
	var helm bool
	cmd := &cobra.Command{
		Use:   "patch PATH...",
		Short: "Print what existing workloads need that no object can give them",
		Long: strings.TrimSpace(`
patch reads EgressBundles as render does, and prints how to change the Pods of
workloads that exist already: to skip their proxies, as spec.bypass wants it, and
to mount the files of certificates.

It prints a kustomize Component: write it to a file kustomization.yaml in a
folder of its own, and name that folder under components where the workloads are
built. They must say their namespace there: kustomize applies components before a
namespace of the same kustomization. With --helm it prints values for the charts of
Istio, also those of gateways with {deploy: {installer: Helm}}. Pods take the change
when they start again.

As a KRM function, egressbundle patches the workloads among its items by itself.`),
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, paths []string) error {
			in := &input.Input{}
			if err := in.ReadPaths(cmd.InOrStdin(), paths); err != nil {
				return err
			}
			output, err := in.Render()
			if err != nil {
				return err
			}
			if helm {
				return egress.EncodeHelmValues(cmd.OutOrStdout(), output)
			}
			return egress.EncodeComponent(cmd.OutOrStdout(), output.Patches)
		},
	}
	cmd.Flags().BoolVar(&helm, "helm", false, "print values for the Helm charts of Istio")
	return cmd
}

func schemaCommand() *cobra.Command {
	kinds := egress.Kinds()
	return &cobra.Command{
		Use:       "schema [" + strings.Join(kinds, "|") + "]",
		Short:     "Print the JSON Schema of a kind, for editors",
		Args:      cobra.MaximumNArgs(1),
		ValidArgs: kinds,
		RunE: func(cmd *cobra.Command, args []string) error {
			kind := kinds[0]
			if len(args) > 0 {
				kind = args[0]
			}
			schema, err := egress.JSONSchema(kind)
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(schema)
			return err
		},
	}
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			info, ok := debug.ReadBuildInfo()
			if !ok {
				return errors.New("the program was built without module support and does not know its version")
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "egressbundle", info.Main.Version)
			return err
		},
	}
}
