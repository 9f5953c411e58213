// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package around

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/egressbundle/egressbundle/conformance/calls"
	"github.com/egressbundle/egressbundle/conformance/cluster"
	"github.com/egressbundle/egressbundle/conformance/golden"
	"github.com/egressbundle/egressbundle/pkg/egress"
	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/object"
	"github.com/egressbundle/egressbundle/pkg/egress/report"
)

// A finder collects the attempts around the bundles of a golden.
type finder struct {
	golden.Golden

	report report.Report
	found  []Attempt
}

// OwnChoice is an address of the caller's choice.
const OwnChoice = "198.51.100.66"

// standardGateway is the gateway that comes with Istio.
const standardGateway = "istio-system/istio-egressgateway"

func (f *finder) find(way report.WayAround) error {
	anywhere, from := net.JoinHostPort(OwnChoice, "4444"), strings.Join(way.From, "")
	switch way.Attempt {
	case object.NoSidecar:
		return f.add(way, f.Rendered, calls.Outcome{From: from, NoSidecar: true, Call: "tcp://" + anywhere}, anywhere)
	case object.DirectIP:
		if err := f.add(way, f.Rendered, calls.Outcome{From: from, Call: "tcp://" + anywhere}, anywhere); err != nil {
			return err
		}
		unlisted := calls.Outcome{From: from, Call: "https://unlisted.example.net:4444", Address: OwnChoice}
		return f.add(way, f.Rendered, unlisted, anywhere)
	case object.SpoofedHost:
		return f.findSpoofs(way)
	case object.OtherNamespace:
		return f.findIntrusions(way)
	case object.OtherIdentity:
		return f.findImpostures(way)
	case object.UnlistedRoute:
		return f.findByHand(way)
	default:
		return fmt.Errorf("nobody tries %s", way.Attempt)
	}
}

// add adds an attempt that objects refuse by themselves.
func (f *finder) add(way report.WayAround, manifests string, call calls.Outcome, target string) error {
	steps, err := refused(way, manifests, target)
	f.found = append(f.found, Attempt{way, call, steps})
	return err
}

// findSpoofs makes the promised calls, and connects OwnChoice.
func (f *finder) findSpoofs(way report.WayAround) error {
	enforce := f.bundle(way).Enforce
	promises := f.promises(way)
	for _, o := range promises {
		u, err := url.Parse(o.Call)
		if err != nil {
			return err
		}
		byName := func(other calls.Outcome) bool { return strings.HasPrefix(other.Call, "tcp://"+u.Hostname()+":") }
		if u.Scheme != "http" && slices.ContainsFunc(promises, byName) {
			continue // Sidecars know connections to the host by its address.
		}
		namespace, _, _ := strings.Cut(o.From, "/")
		named := len(way.StoppedBy) == 0 && o.Address == "" // beside a wildcard that is open
		if namespace != way.From[0] || u.Scheme == "tcp" || named {
			continue
		}
		target := net.JoinHostPort(OwnChoice, cmp.Or(u.Port(), defaultPorts[u.Scheme]))
		o.Address = OwnChoice
		steps, err := diverted(way, f.Rendered, target, enforce != nil && (enforce.RegistryOnly || enforce.NetworkPolicy))
		if err != nil {
			return err
		}
		f.found = append(f.found, Attempt{way, o, steps})
	}
	return nil
}

var defaultPorts = map[string]string{"http": "80", "https": "443"}

// findIntrusions makes the promised calls from a namespace that copies what a client has.
func (f *finder) findIntrusions(way report.WayAround) error {
	for _, o := range f.promised(way) {
		client, _, _ := strings.Cut(o.From, "/")
		if strings.HasPrefix(o.Through, client+"/") {
			continue // A copy of what stands beside the gateway would be a copy of the gateway's own.
		}
		copied, err := copyClient(f.Rendered, client)
		if err != nil {
			return err
		}
		o.From = intruder
		if err := f.add(way, copied, o, o.Leaves); err != nil {
			return err
		}
	}
	return nil
}

// findImpostures makes the promised calls as another service account.
func (f *finder) findImpostures(way report.WayAround) error {
	for _, o := range f.promised(way) {
		namespace, _, _ := strings.Cut(o.From, "/")
		if namespace != way.From[0] {
			continue
		}
		o.From = namespace + "/stranger"
		if err := f.add(way, f.Rendered, o, o.Leaves); err != nil {
			return err
		}
	}
	return nil
}

// findByHand follows a route of the standard gateway that somebody wrote for a client of the
// bundle, to a port that the bundle uses too.
func (f *finder) findByHand(way report.WayAround) error {
	if way.Gateway != standardGateway {
		return nil
	}
	for _, a := range f.report.Access {
		if a.Exit != standardGateway || a.Protocol != "TLS" || a.Port != 443 || strings.Contains(f.Rendered, "198.51.100") {
			continue
		}
		client := a.Clients[0].Namespace
		manifests := cluster.Join(f.Rendered, ByHand(client))
		return f.add(way, manifests, calls.Outcome{From: client, Call: "https://by-hand.example.com"}, "by-hand.example.com:443")
	}
	return nil
}

// bundle returns the bundle that a way is about.
func (f *finder) bundle(way report.WayAround) api.Bundle {
	for _, b := range f.Found.Bundles() {
		if b.Namespace+"/"+b.Name == way.Bundle {
			return b
		}
	}
	return api.Bundle{}
}

// promises returns the promised calls to destinations of a way.
func (f *finder) promises(way report.WayAround) []calls.Outcome {
	bundle := f.bundle(way)
	destinations := bundle.Destinations
	bundle.Destinations = map[string]api.Destination{}
	for _, name := range way.Destinations {
		if !isAnswered(destinations[name]) {
			bundle.Destinations[name] = destinations[name]
		}
	}
	return calls.Promised(bundle, f.mesh())
}

// isAnswered reports whether a fault answers every request to a destination: none ever leaves.
func isAnswered(d api.Destination) bool {
	return slices.ContainsFunc(d.Ports, func(p api.Port) bool {
		http, ok := p.Pattern.(*api.HTTP)
		return ok && http.Fault != nil && http.Fault.Abort != nil && cmp.Or(http.Fault.Abort.Percentage, api.Always) == api.Always
	})
}

// promised returns those through gateways. Calls that another bundle promises too are left
// out: its way may be followed instead.
func (f *finder) promised(way report.WayAround) []calls.Outcome {
	leadsToo := map[string]bool{}
	for _, other := range f.Found.Bundles() {
		for _, o := range calls.Promised(other, f.mesh()) {
			leadsToo[o.Call] = leadsToo[o.Call] || other.Namespace+"/"+other.Name != way.Bundle
		}
	}
	return slices.DeleteFunc(f.promises(way), func(o calls.Outcome) bool {
		return o.Through == calls.Sidecar || leadsToo[o.Call]
	})
}

func (f *finder) mesh() api.Mesh { return egress.WithDefaults(golden.MeshOf(f.Found)) }
