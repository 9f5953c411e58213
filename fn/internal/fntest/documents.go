// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package fntest

import (
	"fmt"
	"strings"
)

// Smallest is a bundle with one destination, whose objects are NewsFiles.
const Smallest = `apiVersion: egressbundle.io/v1alpha1
kind: EgressBundle
metadata: {name: news, namespace: payments}
spec:
  destinations:
    cnn: {hosts: [edition.cnn.com]}
`

// BypassBundle is a bundle that needs patches of workloads.
const BypassBundle = `apiVersion: egressbundle.io/v1alpha1
kind: EgressBundle
metadata: {name: news, namespace: payments}
spec:
  destinations:
    cnn: {hosts: [edition.cnn.com]}
    bank:
      hosts: [api.bank.example.com]
      ports:
      - port: 80
        pattern: TLSOrigination
        clientCertificate: {files: {certificate: /etc/istio/bank-certs/tls.crt, privateKey: /etc/istio/bank-certs/tls.key}}
  bypass: {cidrs: [10.0.0.1/24], ports: [9000]}
`

// Workloads are those of others that BypassBundle patches, and one that it leaves alone.
const Workloads = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: istio-egressgateway
  namespace: istio-system
spec:
  template:
    spec:
      containers:
      - name: istio-proxy
        volumeMounts:
        - name: own # stays
          mountPath: /etc/own
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: app, namespace: payments}
spec:
  template:
    metadata:
      annotations:
        own: stays
        traffic.sidecar.istio.io/excludeOutboundPorts: "3306, 9000"
    spec:
      containers: [{name: app, image: app}]
---
apiVersion: batch/v1
kind: CronJob
metadata:
  name: nightly
  namespace: payments
spec:
  jobTemplate:
    spec:
      template:
        spec:
          containers:
          - name: job
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app
  namespace: other # is no client
spec:
  template: {}
`

// ConfigMap is an object that has nothing to do with egress.
const ConfigMap = `apiVersion: v1
kind: ConfigMap
metadata:
  name: settings # stays
data: {on: "yes"}
`

// Settings are an object that has nothing to do with egress, as kpt formats it.
const Settings = `apiVersion: v1
kind: ConfigMap
metadata: # of the team
  name: settings
data:
  on: "yes"
`

// Indent indents all lines but the first, to stand below a dash.
func Indent(document string) string {
	return strings.ReplaceAll(strings.TrimSpace(document), "\n", "\n  ") + "\n"
}

// NewsFiles are the files with the objects of Smallest in a package of kpt that has it in the
// folder egress.
var NewsFiles = []string{
	"egress/istio-system/authorizationpolicy_payments--news--istio-egressgateway.yaml",
	"egress/istio-system/gateway_payments--news--istio-egressgateway.yaml",
	"egress/istio-system/serviceentry_payments--news--cnn--edition.cnn.com--443.yaml",
	"egress/istio-system/virtualservice_payments--news--cnn--edition.cnn.com--443.yaml",
	"egress/istio-system/virtualservice_payments--news--cnn.yaml",
	"egress/payments/destinationrule_payments--news--istio-egressgateway.yaml",
	"egress/payments/serviceentry_payments--news--cnn.yaml",
}

// ManyDestinations returns a bundle with n destinations.
func ManyDestinations(n int) string {
	text := strings.Builder{}
	head, _, _ := strings.Cut(Smallest, "    cnn")
	text.WriteString(head)
	for i := range n {
		fmt.Fprintf(&text, "    d%d: {hosts: [h%d.example.com]}\n", i, i)
	}
	return text.String()
}
