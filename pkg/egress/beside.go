// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A neighbor is an object that stands beside the bundles, and that somebody else
// made. It is of a kind that bundles make as well, in any version of its API.
type neighbor struct {
	object   ObjectRef
	position Position
	spec     neighborSpec
}

// A neighborSpec is what matters here of the kinds of Istio.
type neighborSpec struct {
	ExportTo         []string         `yaml:"exportTo"`
	Hosts            []string         `yaml:"hosts"`            // of a ServiceEntry and a VirtualService
	Ports            []neighborPort   `yaml:"ports"`            // of a ServiceEntry
	Gateways         []string         `yaml:"gateways"`         // of a VirtualService
	HTTP             []neighborRoute  `yaml:"http"`             // of a VirtualService
	TLS              []neighborRoute  `yaml:"tls"`              // of a VirtualService
	TCP              []neighborRoute  `yaml:"tcp"`              // of a VirtualService
	Host             string           `yaml:"host"`             // of a DestinationRule
	TrafficPolicy    neighborPolicy   `yaml:"trafficPolicy"`    // of a DestinationRule
	Servers          []neighborServer `yaml:"servers"`          // of a Gateway
	Action           string           `yaml:"action"`           // of an AuthorizationPolicy
	Rules            []any            `yaml:"rules"`            // of an AuthorizationPolicy
	WorkloadSelector *yaml.Node       `yaml:"workloadSelector"` // of a Sidecar and a DestinationRule
	Selector         neighborLabels   `yaml:"selector"`         // of a Gateway and an AuthorizationPolicy
}

// neighborLabels are the labels that a selector asks for.
type neighborLabels map[string]string

// UnmarshalYAML reads a selector, which some kinds write below matchLabels.
func (l *neighborLabels) UnmarshalYAML(node *yaml.Node) error {
	var below struct {
		MatchLabels map[string]string `yaml:"matchLabels"`
	}
	if err := node.Decode(&below); err != nil || below.MatchLabels != nil {
		*l = below.MatchLabels
		return err
	}
	return node.Decode((*map[string]string)(l))
}

type neighborPort struct {
	Number   int    `yaml:"number"`
	Protocol string `yaml:"protocol"`
}

// A neighborRoute is a route, by the ports that it is for.
type neighborRoute struct {
	Match []struct {
		Port int `yaml:"port"`
	} `yaml:"match"`
}

type neighborPolicy struct {
	TLS               neighborTLS `yaml:"tls"`
	PortLevelSettings []struct {
		Port neighborPort `yaml:"port"`
		TLS  neighborTLS  `yaml:"tls"`
	} `yaml:"portLevelSettings"`
}

type neighborTLS struct {
	Mode string `yaml:"mode"`
}

type neighborServer struct {
	Port  neighborPort `yaml:"port"`
	Hosts []string     `yaml:"hosts"`
}

// noteNeighbor keeps what a document says, if it is an object of somebody else.
// What does not have the shape of its kind is for others to report.
func (p *parser) noteNeighbor(root *yaml.Node) {
	var found struct {
		APIVersion string    `yaml:"apiVersion"`
		Kind       string    `yaml:"kind"`
		Metadata   metadata  `yaml:"metadata"`
		Spec       yaml.Node `yaml:"spec"`
	}
	if root.Kind != yaml.MappingNode || root.Decode(&found) != nil || !isKind(found.APIVersion, found.Kind) || IsManaged(found.APIVersion, found.Kind, found.Metadata.Labels) {
		return
	}
	n := neighbor{
		object:   ObjectRef{found.Kind, found.Metadata.Namespace, found.Metadata.Name},
		position: p.source(root).at(root),
	}
	if strings.HasSuffix(groupOf(found.APIVersion), ".istio.io") && found.Spec.Decode(&n.spec) != nil {
		return
	}
	p.found.neighbors = append(p.found.neighbors, n)
}

func groupOf(apiVersion string) string {
	group, _, _ := strings.Cut(apiVersion, "/")
	return group
}

// String names the object in messages, and where it stands.
func (n neighbor) String() string { return n.object.String() + inParentheses(n.position) }

// isSeenIn reports whether the proxies of a namespace see the object.
func (n neighbor) isSeenIn(namespace string) bool {
	if len(n.spec.ExportTo) == 0 || slices.Contains(n.spec.ExportTo, "*") {
		return true
	}
	return n.isShownTo(namespace) || n.object.Namespace == namespace && slices.Contains(n.spec.ExportTo, ".")
}

// isShownTo reports whether the object names a namespace that it is for.
func (n neighbor) isShownTo(namespace string) bool {
	return slices.Contains(n.spec.ExportTo, namespace)
}

// isForMesh reports whether a VirtualService is for sidecars.
func (n neighbor) isForMesh() bool {
	return len(n.spec.Gateways) == 0 || slices.Contains(n.spec.Gateways, "mesh")
}

// takes reports whether a VirtualService for the host of a route leads it elsewhere.
func (n neighbor) takes(r route) bool {
	routes := n.spec.HTTP
	if !r.isHTTP() {
		routes = slices.Concat(n.spec.TLS, n.spec.TCP)
	}
	return slices.ContainsFunc(routes, func(theirs neighborRoute) bool {
		if len(theirs.Match) == 0 {
			return true
		}
		for _, match := range theirs.Match {
			if match.Port == 0 || match.Port == r.port {
				return true
			}
		}
		return false
	})
}

// opensTLS reports whether a DestinationRule turns TLS on for a port.
func (n neighbor) opensTLS(port int) bool {
	policy := n.spec.TrafficPolicy
	for _, settings := range policy.PortLevelSettings {
		if settings.Port.Number == port {
			return settings.TLS.opens()
		}
	}
	return policy.TLS.opens()
}

func (t neighborTLS) opens() bool { return t.Mode != "" && t.Mode != "DISABLE" }

// host returns the host of a DestinationRule, which may be the short name of a
// Service of its namespace.
func (n neighbor) host(clusterDomain string) string {
	if n.spec.Host == "" || strings.ContainsAny(n.spec.Host, ".*") {
		return n.spec.Host
	}
	return n.spec.Host + "." + n.object.Namespace + ".svc." + clusterDomain
}

// selects reports whether a Gateway or an AuthorizationPolicy is for the Pods of a
// gateway.
func (n neighbor) selects(g *gateway) bool { return within(n.spec.Selector, g.selector) }

// covers reports whether a host is one that a name of Istio is for.
func covers(pattern, host string) bool {
	domain, wildcard := strings.CutPrefix(pattern, "*")
	return pattern == host || wildcard && strings.HasSuffix(host, domain)
}
