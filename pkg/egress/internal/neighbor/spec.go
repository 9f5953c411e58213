// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package neighbor

import "go.yaml.in/yaml/v3"

// A Spec is what matters here of the kinds of Istio. It is empty for other kinds.
type Spec struct {
	ExportTo         []string   `yaml:"exportTo"`
	Hosts            []string   `yaml:"hosts"`            // of a ServiceEntry and a VirtualService
	Addresses        []string   `yaml:"addresses"`        // of a ServiceEntry
	Ports            []Port     `yaml:"ports"`            // of a ServiceEntry
	Resolution       string     `yaml:"resolution"`       // of a ServiceEntry
	Endpoints        []Endpoint `yaml:"endpoints"`        // of a ServiceEntry
	Gateways         []string   `yaml:"gateways"`         // of a VirtualService
	HTTP             []Route    `yaml:"http"`             // of a VirtualService
	TLS              []Route    `yaml:"tls"`              // of a VirtualService
	TCP              []Route    `yaml:"tcp"`              // of a VirtualService
	Host             string     `yaml:"host"`             // of a DestinationRule
	TrafficPolicy    Policy     `yaml:"trafficPolicy"`    // of a DestinationRule
	Servers          []Server   `yaml:"servers"`          // of a Gateway
	Egress           []Listener `yaml:"egress"`           // of a Sidecar
	Action           string     `yaml:"action"`           // of an AuthorizationPolicy
	Rules            []Rule     `yaml:"rules"`            // of an AuthorizationPolicy
	TargetRef        *yaml.Node `yaml:"targetRef"`        // of an AuthorizationPolicy
	TargetRefs       []any      `yaml:"targetRefs"`       // of an AuthorizationPolicy
	WorkloadSelector *Workloads `yaml:"workloadSelector"` // of a Sidecar, a ServiceEntry, a DestinationRule and an EnvoyFilter
	Selector         Labels     `yaml:"selector"`         // of a Gateway and an AuthorizationPolicy

	// OutboundTrafficPolicy is that of a Sidecar.
	OutboundTrafficPolicy struct {
		Mode string `yaml:"mode"`
	} `yaml:"outboundTrafficPolicy"`
}

// Workloads are those that a selector asks for, which a DestinationRule writes in another way.
type Workloads struct {
	Labels map[string]string `yaml:"labels"`
}

// Labels are those that a selector asks for.
type Labels map[string]string

// UnmarshalYAML reads a selector, which some kinds write below matchLabels.
func (l *Labels) UnmarshalYAML(node *yaml.Node) error {
	var below struct {
		MatchLabels map[string]string `yaml:"matchLabels"`
	}
	if err := node.Decode(&below); err != nil || below.MatchLabels != nil {
		*l = below.MatchLabels
		return err
	}
	return node.Decode((*map[string]string)(l))
}

// A Port is that of a ServiceEntry or of a server.
type Port struct {
	Name       string `yaml:"name"`
	Number     int    `yaml:"number"`
	TargetPort int    `yaml:"targetPort"`
	Protocol   string `yaml:"protocol"`
}

// An Endpoint is that of a ServiceEntry.
type Endpoint struct {
	Address string         `yaml:"address"`
	Ports   map[string]int `yaml:"ports"` // by the name of the port
}

// A Route is one of a VirtualService. The fields of a match depend on what it is a route of.
type Route struct {
	Match []Match `yaml:"match"`
	Route []struct {
		Destination Destination `yaml:"destination"`
	} `yaml:"route"`
}

// A Match is what a route is for.
type Match struct {
	Port               int      `yaml:"port"`
	SNIHosts           []string `yaml:"sniHosts"`
	DestinationSubnets []string `yaml:"destinationSubnets"`
	Gateways           []string `yaml:"gateways"`
	SourceNamespace    string   `yaml:"sourceNamespace"`
}

// A Destination is where a route leads.
type Destination struct {
	Host   string `yaml:"host"`
	Subset string `yaml:"subset"`
	Port   Port   `yaml:"port"`
}

// A Policy is that of a DestinationRule.
type Policy struct {
	TLS               TLS        `yaml:"tls"`
	Tunnel            *yaml.Node `yaml:"tunnel"`
	PortLevelSettings []struct {
		Port Port `yaml:"port"`
		TLS  TLS  `yaml:"tls"`
	} `yaml:"portLevelSettings"`
}

// TLS is what a Policy says of it.
type TLS struct {
	Mode string `yaml:"mode"`
}

// A Server is that of a Gateway.
type Server struct {
	Port  Port     `yaml:"port"`
	Hosts []string `yaml:"hosts"`
}

// A Listener is what a Sidecar imports: for one port, or for all if that is 0.
type Listener struct {
	Port  Port     `yaml:"port"`
	Hosts []string `yaml:"hosts"`
}

// A Rule is that of an AuthorizationPolicy.
type Rule struct {
	From []Source    `yaml:"from"`
	To   []Target    `yaml:"to"`
	When []Condition `yaml:"when"`
}

// A Source is who calls, by field.
type Source struct {
	Source map[string][]string `yaml:"source"`
}

// A Target is what is called, by field.
type Target struct {
	Operation map[string][]string `yaml:"operation"`
}

// A Condition is any attribute of a call.
type Condition struct {
	Key       string   `yaml:"key"`
	Values    []string `yaml:"values"`
	NotValues []string `yaml:"notValues"`
}
