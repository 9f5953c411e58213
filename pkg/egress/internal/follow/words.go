// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package follow

import (
	"errors"
	"fmt"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/explain"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/field"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/istio"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/kind"
)

// objectOf names an object that the bundles become, and where it comes from.
func (f *Follower) objectOf(ref diag.ObjectRef, does string) explain.Object {
	o := explain.Object{Ref: ref, Does: does}
	head := f.heads[ref]
	if head == nil || head.Origin.Bundle == "" {
		return o
	}
	o.Bundle, o.Field = head.Origin.Bundle, head.Origin.Field
	if p := f.planOf(o.Bundle); p != nil {
		o.Position = p.Subject.Position(field.Path(o.Field))
	}
	return o
}

func (f *Follower) planOf(bundle string) *ir.Plan {
	for _, p := range f.plans {
		if p.Bundle.String() == bundle {
			return p
		}
	}
	return nil
}

// deed says what an object does with a call.
func deed(c istio.Course, proxy string, leg istio.Leg, kindName string) string {
	atSidecar, through := proxy == explain.Sidecar, c.Gateway != nil
	switch kindName {
	case kind.Service:
		return "is what the application calls"
	case kind.Gateway:
		return fmt.Sprintf("takes it at port %d", leg.Port)
	case kind.AuthorizationPolicy:
		return "lets the clients pass and nobody else"
	case kind.ServiceEntry:
		if atSidecar {
			return "declares " + called(c)
		}
		return "says where that is"
	case kind.VirtualService:
		switch {
		case atSidecar && through:
			return "leads it to the gateway"
		case c.Route.IsHTTP():
			return "sends it on, without headers of the mesh"
		default:
			return "leads it outside"
		}
	case kind.DestinationRule:
		return ruleDeed(c, atSidecar && through)
	default:
		return "decides"
	}
}

func called(c istio.Course) string {
	if c.Destination.Told != ir.ByAddress {
		return c.Host.Name
	}
	return textsOf(c.Destination.Addresses)
}

func textsOf(addresses []ir.Address) string {
	var texts []string
	for _, a := range addresses {
		texts = append(texts, a.Text)
	}
	return strings.Join(texts, ", ")
}

func ruleDeed(c istio.Course, onHop bool) string {
	switch {
	case onHop && c.Gateway.Arrives != "":
		return "opens mutual TLS of the mesh"
	case onHop:
		return "opens no TLS"
	case c.Destination.Onward.Proxy != nil && c.Route.Exit.TLS != nil:
		return "opens TLS to the forward proxy and asks it for the host"
	case c.Destination.Onward.Proxy != nil && !c.Route.IsHTTP():
		return "asks the forward proxy for the host"
	case c.Route.Exit.TLS != nil:
		return "opens TLS to the host"
	default:
		return "says how connections are made"
	}
}

// noRemedy says why no bundle can let a call pass.
func noRemedy(refused error) string {
	if invalid, ok := errors.AsType[*diag.InvalidError](refused); ok {
		d := invalid.Diagnostics[0]
		return fmt.Sprintf("The change that suggests itself is refused: %s: %s", d.Path, d.Message)
	}
	return "The change that suggests itself is refused: " + refused.Error()
}
