// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/egressbundle/egressbundle/fn/folder"
	"github.com/egressbundle/egressbundle/fn/input"
	"github.com/egressbundle/egressbundle/fn/warning"
	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
)

// renderOptions are the flags of commands that render.
type renderOptions struct {
	mesh       meshFlag
	dir        string
	check      bool
	report     string
	since      []string
	allowEmpty bool
	keepOthers bool
	asOf       time.Time
	within     uint16 // days
}

// The forms of a report.
const (
	reportMarkdown = "markdown"
	reportJSON     = "json"
)

// formsOfOthers are what -o takes in other programs, where it is no folder.
var formsOfOthers = []string{"json", "yaml"}

func renderCommand() *cobra.Command {
	var opts renderOptions
	cmd := &cobra.Command{
		Use:               "render PATH...",
		Short:             "Print the objects of the EgressBundles in files and folders",
		Long:              renderHelp,
		Args:              needs("PATH"),
		ValidArgsFunction: completePaths,
		RunE:              opts.run(renderFiles),
	}
	opts.addTo(cmd)
	cmd.Flags().BoolVar(&opts.keepOthers, "keep-others", false, "print what is not of egressbundle too, as it is, in front of the objects")
	return cmd
}

func (opts *renderOptions) addTo(cmd *cobra.Command) {
	opts.mesh.addTo(cmd)
	flags := cmd.Flags()
	flags.StringVarP(&opts.dir, "output", "o", "", "write one file an object to `DIR`, and remove those that are no longer wanted")
	flags.BoolVar(&opts.check, "check", false, "write nothing, and fail with a diff if DIR is not what the bundles say")
	flags.StringVar(&opts.report, "report", "",
		"print who may reach what, and what stops each way around it, in `FORM`: markdown, or json for machines")
	flags.Lookup("report").NoOptDefVal = reportMarkdown
	flags.StringArrayVar(&opts.since, "since", nil, "with --report, print only what differs from the bundles in `PATH`, an older checkout")
	flags.Func("as-of", "judge as of `DATE`, such as 2027-03-31, which destinations have expired; without it no date is judged", opts.setAsOf)
	flags.Uint16Var(&opts.within, "expires-within", egress.ExpiringDays, "with --report and --as-of, list what expires within `DAYS`")
	completeFlag(cmd, "output", completeFolder)
	completeFlag(cmd, "report", oneOf(reportMarkdown, reportJSON))
	flags.BoolVar(&opts.allowEmpty, "allow-empty", false, "succeed without an EgressBundle, and then remove every object from DIR")
}

func (opts *renderOptions) setAsOf(text string) error {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return errors.New("must be a date, as year, month and day, such as 2027-03-31")
	}
	opts.asOf = day
	return nil
}

// A rendering is what a command rendered.
type rendering struct {
	*egress.Output

	// encode writes what the command prints without flags, and leftOut says what it does not.
	encode  func(io.Writer) error
	leftOut func() []diag.Diagnostic // nil: there is nothing
	// warnings are about that.
	warnings []diag.Diagnostic
}

// warningsOf returns all that the user should know of objects that stand alone.
func warningsOf(output *egress.Output) []diag.Diagnostic {
	warnings := slices.Clone(output.Warnings)
	for _, p := range output.Patches {
		warnings = append(warnings, warning.NeedsPatch(p))
	}
	return append(warnings, warning.NeedsHelm(output.Releases)...)
}

// A renderer renders what stands at paths.
type renderer func(in *input.Input, stdin io.Reader, paths []string) (rendering, error)

// run returns what a command does with what it renders.
func (opts *renderOptions) run(render renderer) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if err := opts.validate(cmd.Flags().Changed); err != nil {
			return usageError{err}
		}
		in := &input.Input{
			AllowEmpty: opts.allowEmpty, AsOf: opts.asOf, KeepOthers: opts.keepOthers,
			Remedy: "; if that is meant, say so with --allow-empty",
		}
		if err := opts.mesh.giveTo(in, cmd, slices.Concat(args, opts.since)); err != nil {
			return err
		}
		rendered, err := render(in, cmd.InOrStdin(), args)
		if err != nil {
			return err
		}
		if len(opts.since) > 0 {
			return opts.printChange(cmd, render, rendered)
		}
		return opts.print(cmd.OutOrStdout(), cmd.ErrOrStderr(), rendered)
	}
}

// validate looks at what flags ask for together.
func (opts *renderOptions) validate(isSet func(flag string) bool) error {
	if isSet("report") && opts.report != reportMarkdown && opts.report != reportJSON {
		return fmt.Errorf("--report must be %s or %s, got %q", reportMarkdown, reportJSON, opts.report)
	}
	if opts.check && opts.dir == "" {
		return errors.New("--check needs -o DIR, the folder to look at")
	}
	if opts.dir == "" && isSet("output") {
		return errors.New("-o needs the name of a folder, and got none")
	}
	if opts.keepOthers && (opts.dir != "" || opts.report != "") {
		return errors.New("--keep-others prints what is of others beside the objects, and goes with neither -o nor --report")
	}
	if slices.Contains(formsOfOthers, opts.dir) {
		return fmt.Errorf("-o takes a folder, and no form: objects are printed as YAML, and the report as JSON with --report=json; "+
			"for a folder of this name, write -o ./%s", opts.dir)
	}
	if len(opts.since) > 0 && (opts.report != reportMarkdown || opts.dir != "") {
		return errors.New("--since needs --report in Markdown, and compares two states without writing any; leave -o away")
	}
	if isSet("expires-within") && (opts.asOf.IsZero() || opts.report == "" || len(opts.since) > 0) {
		return errors.New("--expires-within needs --report and --as-of, and lists nothing with --since")
	}
	return nil
}

// printChange prints what the output reports and an older state does not, or otherwise. In the
// older state there may have been no bundle, or one that has expired since.
func (opts *renderOptions) printChange(cmd *cobra.Command, render renderer, now rendering) error {
	in := &input.Input{AllowEmpty: true, AsOf: opts.asOf, AllowExpired: true}
	if err := opts.mesh.giveTo(in, cmd, nil); err != nil {
		return err
	}
	before, err := render(in, cmd.InOrStdin(), opts.since)
	if err != nil {
		return err
	}
	change := now.Report().Since(before.Report())
	warning.Print(cmd.ErrOrStderr(), now.Warnings...)
	if err := change.Encode(cmd.OutOrStdout()); err != nil || change.IsEmpty() {
		return err
	}
	return errChanged
}

// renderFiles is the renderer of files and folders.
func renderFiles(in *input.Input, stdin io.Reader, paths []string) (rendering, error) {
	if err := in.ReadPaths(stdin, paths); err != nil {
		return rendering{}, err
	}
	in.LookForMesh()
	output, err := in.Render()
	if err != nil {
		return rendering{}, err
	}
	r := rendering{Output: output, warnings: warningsOf(output)}
	r.encode = func(w io.Writer) error { return object.Encode(w, output.Objects()) }
	r.leftOut = func() []diag.Diagnostic { return leftOut(in, output) }
	if in.KeepOthers {
		r.encode = func(w io.Writer) error { return encodeBeside(w, in, output) }
		r.leftOut = nil
	}
	return r, nil
}

// leftOut warns of what stands in standard input and is not printed.
func leftOut(in *input.Input, output *egress.Output) []diag.Diagnostic {
	others, _ := in.Others(output.Objects()) // Where none is kept, none is in the way.
	if others.Objects == 0 {
		return nil
	}
	return []diag.Diagnostic{others.LeftOut()}
}

// encodeBeside writes what is of others, and then the objects.
func encodeBeside(w io.Writer, in *input.Input, output *egress.Output) error {
	others, err := in.Others(output.Objects())
	if err != nil {
		return err
	}
	var objects bytes.Buffer
	if err := object.Encode(&objects, output.Objects()); err != nil {
		return err
	}
	others.Append(objects.Bytes())
	_, err = w.Write(others.Text)
	return err
}

// print puts what was rendered where the flags say.
func (opts *renderOptions) print(stdout, stderr io.Writer, r rendering) error {
	ofPlace, err := opts.printOrKeep(stdout, r)
	warning.Print(stderr, ofPlace...)
	if err != nil {
		return err
	}
	warnings := r.warnings
	if opts.dir != "" { // Only objects are there.
		warnings = warningsOf(r.Output)
	}
	warning.Print(stderr, warnings...)
	return nil
}

// printOrKeep prints the report or the objects, and keeps the objects in a folder, or checks
// that it has them. It returns warnings of what is there, or is not.
func (opts *renderOptions) printOrKeep(stdout io.Writer, r rendering) ([]diag.Diagnostic, error) {
	printReport := func() error { return opts.printReport(stdout, r.Output) }
	dir := filepath.Clean(opts.dir)
	switch {
	case opts.check:
		warnings, err := folder.Check(dir, r.Objects(), stdout)
		if err != nil {
			return warnings, err
		}
		return warnings, printReport()
	case opts.dir != "":
		return folder.Update(dir, r.Objects(), printReport)
	case opts.report != "":
		return nil, printReport()
	case r.leftOut != nil:
		return r.leftOut(), r.encode(stdout)
	default:
		return nil, r.encode(stdout)
	}
}

// printReport prints the report, if there is to be one, in the form that the flag says.
func (opts *renderOptions) printReport(stdout io.Writer, output *egress.Output) error {
	if opts.report == "" {
		return nil
	}
	reported := output.ReportExpiring(int(opts.within))
	if opts.report == reportJSON {
		return reported.EncodeJSON(stdout)
	}
	return reported.Encode(stdout)
}
