// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package runbook holds how to check bundles on a cluster, what to look at when a call fails, and how to remove them.
package runbook

// A Runbook is for somebody with kubectl, istioctl and a shell who knows neither the bundles nor their files. Encode
// writes it in Markdown.
type Runbook struct {
	// Bundles are those that it is for, each NAMESPACE/NAME.
	Bundles []string
	// Namespaces are those of the clients and of the gateways.
	Namespaces []string
	// Needs must be there before the bundles work.
	Needs []Check
	// OpenShift is what else must be there on OpenShift.
	OpenShift []Check
	// Pods are those that calls are made from.
	Pods []Pod
	// Paths are the calls that must arrive, those that go the same way together.
	Paths []Path
	// Refused are calls that must fail.
	Refused []Check
	// Logs are commands that show the logs of the proxies, of sidecars first.
	Logs []string
	// Objects say whether all objects of the bundles are there.
	Objects []Check
	// Failures are what can happen to the calls of the Paths.
	Failures []Failure
	// Removal is how to remove all objects, in this order.
	Removal []Step
}

// Any stands in what a command prints for whatever differs from time to time, within a line.
const Any = "*"

// A Check is a command, and what it prints when all is well.
type Check struct {
	// What says in a sentence what is looked at.
	What    string
	Command string
	// Prints is what the command prints to standard output, line by line. Empty: nothing.
	Prints string
}

// A Pod is one to make calls from.
type Pod struct {
	Namespace      string
	Name           string
	ServiceAccount string
	// Bare says that it has no sidecar.
	Bare bool
}

// A Path is how the calls of some ports of destinations go. One stands for all.
type Path struct {
	// Title says what they have in common, and Of whose call it is.
	Title string
	Of    string
	Call  Check
	// Logs are what the proxies log of the call, and Counts which of their statistics count it.
	Logs   []Check
	Counts []Check
	// Control is the call from a Pod without a sidecar.
	Control Check
	// Proxies are what the proxies must know for it, and Objects what makes them know it.
	Proxies []Check
	Objects []Check
	// Others are the calls of the other ports.
	Others []Other
}

// An Other is what differs in a call that goes like that of its Path.
type Other struct {
	Of  string
	Pod string
	URL string
	// Clusters are where its proxies send it, that of the sidecar first.
	Clusters []string
}

// A Failure is one thing that is broken.
type Failure struct {
	// Name is what is broken, in one word.
	Name     string
	Symptoms []Symptom
	Cause    string
	// Look are commands that tell it from other causes of the same symptom: this prints something else if it is broken.
	Look   []Check
	Remedy string
}

// A Symptom is how a call shows a Failure.
type Symptom struct {
	// Of is whose call, as a Path has it, and Call the command that makes it.
	Of   string
	Call string
	// Exit is the exit status of curl, and Prints what it prints.
	Exit   int
	Prints string
	// Proxy is whose log tells it: "sidecar", or that of a gateway, as NAMESPACE/SERVICE. Empty: none has a line.
	Proxy string
	// Logs is a part of the line there.
	Logs string
}

// A Step is a part of the removal.
type Step struct {
	// What says what goes, and what that does to calls.
	What string
	// Opens says what is open afterwards that was not before, and so what must be done before. Empty: nothing.
	Opens    string
	Commands []string
}
