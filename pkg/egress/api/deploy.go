// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package api

// A Deploy says how the workload of a gateway runs. Its Pods keep to different
// nodes and zones where they can, and pass the restricted Pod Security Standard.
type Deploy struct {
	// Installer is who makes the workload. Default: InstallerManifests.
	Installer Installer `json:"installer,omitempty"`
	// Replicas bounds the number of Pods, which follows their load.
	Replicas Replicas `json:"replicas,omitzero"`
	// Resources are what each Pod gets.
	Resources Resources `json:"resources,omitzero"`
	// NodeSelector is the labels of the nodes that are for the gateway.
	// Default: every node.
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`
	// Tolerations are for the taints of these nodes.
	Tolerations []Toleration `json:"tolerations,omitempty"`
}

// An Installer makes the workload of a gateway.
type Installer string

const (
	// InstallerManifests puts the workload among the objects of egress.Output.
	InstallerManifests Installer = "Manifests"
	// InstallerHelm leaves it to the Helm chart gateway of Istio, with the
	// values of egress.Output.Releases.
	InstallerHelm Installer = "Helm"
)

// Replicas bounds a number of Pods.
type Replicas struct {
	// Min is the least number. Default: 2.
	Min int `json:"min,omitempty"`
	// Max is the greatest number. Default: 5, or Min if that is more.
	Max int `json:"max,omitempty"`
}

// Resources are what a Pod gets.
type Resources struct {
	// Requests are what it is sure of. Default: cpu 100m and memory 128Mi.
	Requests ResourceList `json:"requests,omitzero"`
	// Limits are what it never has more of. Default: cpu 2 and memory 1Gi.
	Limits ResourceList `json:"limits,omitzero"`
}

// A ResourceList is quantities as Kubernetes writes them.
type ResourceList struct {
	CPU    string `json:"cpu,omitempty"`
	Memory string `json:"memory,omitempty"`
}

// A Toleration is for the taints of a node that it matches.
// https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
type Toleration struct {
	// Key is that of the taint. It may be left out with the operator Exists, for
	// every key.
	Key string `json:"key,omitempty"`
	// Operator is Equal or Exists. Default: Equal.
	Operator string `json:"operator,omitempty"`
	// Value is that of the taint, with the operator Equal.
	Value string `json:"value,omitempty"`
	// Effect is NoSchedule, PreferNoSchedule or NoExecute. Default: each.
	Effect string `json:"effect,omitempty"`
}
