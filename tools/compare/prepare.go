// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// What stands in objects where templates have the name of a destination and its host.
const (
	someName = "some-destination"
	someHost = "some.example.com"
)

// prepare writes the input of each program, and returns the calls. Helm and CUE get templates
// that are made of what egressbundle makes of one destination; kustomize reads all objects, and
// writes them again.
func prepare(programs, dir string, hosts int) ([]*call, error) {
	program := func(name string) string { return filepath.Join(programs, name) }
	bundle := filepath.Join(dir, "bundle.yaml")
	objects, err := objectsOfOne(program("egressbundle"), bundle)
	if err != nil {
		return nil, err
	}
	asJSON, err := output(program("gojq"), objects, "--yaml-input", "--slurp", ".")
	if err != nil {
		return nil, err
	}
	files := map[string]string{
		"bundle.yaml":                head + destinations(hosts),
		"chart/Chart.yaml":           "apiVersion: v2\nname: compare\nversion: 1.0.0\n",
		"chart/values.yaml":          destinations(hosts),
		"chart/templates/hosts.yaml": helmTemplate(objects),
		"cue/destinations.yaml":      destinations(hosts),
		"cue/objects.cue":            cueTemplate(asJSON),
	}
	if err := write(dir, files); err != nil {
		return nil, err
	}
	all, err := output(program("egressbundle"), "", "render", bundle)
	if err != nil {
		return nil, err
	}
	built := map[string]string{"all/kustomization.yaml": "resources: [all.yaml]\n", "all/all.yaml": all}
	in := func(name string) string { return filepath.Join(dir, name) }
	return []*call{
		{name: "`egressbundle render`", command: []string{program("egressbundle"), "render", bundle}},
		{name: "`helm template`", command: []string{program("helm"), "template", in("chart")}},
		{name: "`cue export`", command: []string{
			program("cue"), "export", in("cue/objects.cue"), in("cue/destinations.yaml"), "-e", "text", "--out", "text",
		}},
		{name: "`kustomize build`", command: []string{program("kustomize"), "build", in("all")}},
	}, write(dir, built)
}

const head = `apiVersion: egressbundle.io/v1alpha1
kind: EgressBundle
metadata: {name: many, namespace: payments}
spec:
  mesh: {outboundTrafficPolicy: REGISTRY_ONLY}
`

// destinations returns the hosts, as every program reads them.
func destinations(hosts int) string {
	text := strings.Builder{}
	text.WriteString("  destinations:\n")
	for i := range hosts {
		fmt.Fprintf(&text, "    host-%d: {hosts: [host-%d.example.com]}\n", i, i)
	}
	return text.String()
}

// objectsOfOne returns what egressbundle makes for one destination alone.
func objectsOfOne(program, bundle string) (string, error) {
	text := fmt.Sprintf("%s  destinations:\n    %s: {hosts: [%s]}\n", head, someName, someHost)
	if err := os.WriteFile(bundle, []byte(text), 0o644); err != nil {
		return "", err
	}
	all, err := output(program, "", "render", bundle)
	var own []string
	for object := range strings.SplitSeq(all, "---\n") {
		if strings.Contains(object, "egressbundle.io/destination: ") {
			own = append(own, object)
		}
	}
	return strings.Join(own, "---\n"), err
}

func helmTemplate(objects string) string {
	body := strings.NewReplacer(someHost, "{{ index $d.hosts 0 }}", someName, "{{ $name }}").Replace(objects)
	return "{{- range $name, $d := .Values.destinations }}\n---\n" + body + "{{- end }}\n"
}

func cueTemplate(objects string) string {
	body := strings.NewReplacer(someHost, `\(d.hosts[0])`, someName, `\(name)`).Replace(objects)
	return "import \"encoding/yaml\"\n\ndestinations: [string]: hosts: [...string]\n" +
		"objects: [for name, d in destinations for o in " + body + "{o}]\ntext: yaml.MarshalStream(objects)\n"
}

func write(dir string, files map[string]string) error {
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// output returns what a program prints.
func output(program, stdin string, args ...string) (string, error) {
	var stderr bytes.Buffer
	cmd := exec.Command(program, args...)
	cmd.Stdin, cmd.Stderr = strings.NewReader(stdin), &stderr
	text, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", program, err, stderr.Bytes())
	}
	return string(text), nil
}
