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
	Gateways         []string   `yaml:"gateways"`         // of a VirtualService
	HTTP             []Route    `yaml:"http"`             // of a VirtualService
	TLS              []Route    `yaml:"tls"`              // of a VirtualService
	TCP              []Route    `yaml:"tcp"`              // of a VirtualService
	Host             string     `yaml:"host"`             // of a DestinationRule
	TrafficPolicy    Policy     `yaml:"trafficPolicy"`    // of a DestinationRule
	Servers          []Server   `yaml:"servers"`          // of a Gateway
	Action           string     `yaml:"action"`           // of an AuthorizationPolicy
	Rules            []any      `yaml:"rules"`            // of an AuthorizationPolicy
	WorkloadSelector *yaml.Node `yaml:"workloadSelector"` // of a Sidecar and a DestinationRule
	Selector         Labels     `yaml:"selector"`         // of a Gateway and an AuthorizationPolicy

	// OutboundTrafficPolicy is that of a Sidecar.
	OutboundTrafficPolicy struct {
		Mode string `yaml:"mode"`
	} `yaml:"outboundTrafficPolicy"`
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
	Number   int    `yaml:"number"`
	Protocol string `yaml:"protocol"`
}

// A Route is a route, by the ports that it is for.
type Route struct {
	Match []struct {
		Port int `yaml:"port"`
	} `yaml:"match"`
}

// A Policy is that of a DestinationRule.
type Policy struct {
	TLS               TLS `yaml:"tls"`
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
