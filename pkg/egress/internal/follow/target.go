// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package follow

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/egressbundle/egressbundle/pkg/egress/api"
	"github.com/egressbundle/egressbundle/pkg/egress/explain"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/address"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/ir"
)

// A target is what a call is for.
type target struct {
	scheme       string
	host         string // as it stands in the URL
	port         int
	address      netip.Addr // not valid: not known
	method, path string
	query        string // as it stands in the URL; empty: none
	namespace    string // of the caller
	domain       string // of the cluster
}

// The schemes of URLs.
const (
	schemeHTTP  = "http"
	schemeHTTPS = "https"
	schemeTLS   = "tls"
	schemeTCP   = "tcp"
)

var impliedPorts = map[string]int{schemeHTTP: 80, schemeHTTPS: 443, schemeTLS: 443, schemeTCP: 0}

func targetOf(call explain.Call, domain string) (target, error) {
	u, err := url.Parse(call.URL)
	if err != nil {
		return target{}, fmt.Errorf("the URL %q is none: %w", call.URL, withoutURL(err))
	}
	port, known := impliedPorts[u.Scheme]
	switch {
	case !known:
		return target{}, fmt.Errorf("the URL %q must begin with http://, https://, tls:// or tcp://", call.URL)
	case u.User != nil:
		return target{}, fmt.Errorf("the URL must not say who calls, and has somebody in front of %q", u.Host)
	case u.Hostname() == "" || strings.Contains(u.Hostname(), "*"):
		return target{}, fmt.Errorf("the URL %q names no host", call.URL)
	case u.Port() != "":
		if port, err = strconv.Atoi(u.Port()); err != nil || port < 1 || port > maxPort {
			return target{}, fmt.Errorf("the port of the URL %q must be from 1 to %d", call.URL, maxPort)
		}
	case port == 0:
		return target{}, fmt.Errorf("the URL %q must say the port, as tcp://192.0.2.1:5432", call.URL)
	}
	t := target{
		scheme: u.Scheme, host: strings.TrimSuffix(strings.ToLower(u.Hostname()), "."), port: port,
		method: cmp.Or(call.Method, "GET"), path: ir.NormalizedPath(u.EscapedPath()), query: u.RawQuery,
		namespace: call.Namespace, domain: domain,
	}
	if t.address, err = netip.ParseAddr(cmp.Or(call.Address, t.host)); err != nil && call.Address != "" {
		return target{}, fmt.Errorf("the address %q must be an IP address", call.Address)
	}
	t.address = t.address.Unmap()
	return t, checkCaller(call)
}

const maxPort = 65535

var (
	// https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
	namespaceName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)
	accountName   = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)
	// https://www.rfc-editor.org/rfc/rfc9110#name-methods, of which bundles allow those in upper case
	methodName = regexp.MustCompile(`^[A-Z]+$`)
)

// checkCaller judges who calls, and the method.
func checkCaller(call explain.Call) error {
	switch {
	case !namespaceName.MatchString(call.Namespace):
		return fmt.Errorf("the namespace %q must be the name of one", call.Namespace)
	case call.ServiceAccount != "" && !accountName.MatchString(call.ServiceAccount):
		return fmt.Errorf("the service account %q must be the name of one", call.ServiceAccount)
	case call.Method != "" && !methodName.MatchString(call.Method):
		return fmt.Errorf("the method %q must be in upper-case letters", call.Method)
	default:
		return nil
	}
}

// withoutURL returns what url.Parse says of a URL, without the URL.
func withoutURL(err error) error {
	if parsed, ok := errors.AsType[*url.Error](err); ok {
		return parsed.Err
	}
	return err
}

func (t target) isRequest() bool { return t.scheme == schemeHTTP }

func (t target) isTLS() bool { return t.scheme == schemeHTTPS || t.scheme == schemeTLS }

// sni is the server name that the application sends.
func (t target) sni() string {
	if !t.isTLS() || t.address.IsValid() && t.address.String() == t.host {
		return ""
	}
	return t.host
}

// authority is the host of the request, with the port if that is not 80.
func (t target) authority() string {
	if t.port == impliedPorts[schemeHTTP] {
		return bracketed(t.host)
	}
	return hostPort(t.host, t.port)
}

// fits reports whether a port of a host is what the call is for.
func (t target) fits(d *ir.Destination, h ir.Host, r ir.Route) bool {
	if r.Port != t.port {
		return false
	}
	switch {
	case d.Told == ir.ByAddress:
		return t.isWithin(d.Addresses)
	case r.IsHTTP() && !t.isRequest(), r.IsTLS() && !t.isTLS():
		return false
	case d.Allocated && !r.IsHTTP() && t.address.IsValid():
		return false // Nobody here knows which address the sidecar answered with.
	default:
		return t.names(d, h) || r.IsHTTP() && t.isRequestTo(d.Addresses)
	}
}

// isRequestTo reports whether the host of a request is one of some addresses.
func (t target) isRequestTo(addresses []ir.Address) bool {
	return slices.ContainsFunc(addresses, func(a ir.Address) bool { return a.Text == t.host })
}

// names reports whether the host of the call is one that a destination has.
func (t target) names(d *ir.Destination, h ir.Host) bool {
	switch {
	case d.Onward.Service != nil && slices.Contains(t.serviceNames(d), t.host):
		return d.Told == ir.ByService || !t.isTLS() // The server of an alias knows no other name.
	case d.Told == ir.ByService:
		return false
	default:
		return ir.Covers(h.Name, t.host)
	}
}

// serviceNames are those by which the Pod of the caller reaches the Service of a destination.
func (t target) serviceNames(d *ir.Destination) []string {
	short := d.Name + "." + d.Bundle.Namespace
	names := []string{short, short + ".svc", short + ".svc." + t.domain}
	if t.namespace == d.Bundle.Namespace {
		names = append(names, d.Name)
	}
	return names
}

// isInside reports whether the host is in the cluster, by its name, or the Pod itself.
func (t target) isInside() bool {
	isService := strings.HasSuffix(t.host, ".svc") || strings.HasSuffix(t.host, ".svc."+t.domain)
	isName := !address.IsIP(t.host) && !strings.Contains(t.host, ".")
	return isService || isName || t.address.IsLoopback()
}

func (t target) isWithin(addresses []ir.Address) bool { return t.longest(addresses) >= 0 }

// longest returns the length of the longest range that has the address, or -1 if none has.
func (t target) longest(addresses []ir.Address) int {
	bits := -1
	for _, a := range addresses {
		if prefix, err := netip.ParsePrefix(address.AsRange(a.Text)); err == nil && t.address.IsValid() && prefix.Contains(t.address) {
			bits = max(bits, prefix.Bits())
		}
	}
	return bits
}

// isAllowed reports whether a request is one of those that may pass.
func isAllowed(r ir.Route, t target) bool {
	return len(r.Exit.Allow) == 0 || slices.ContainsFunc(r.Exit.Allow, func(allowed api.AllowedRequest) bool {
		method := len(allowed.Methods) == 0 || slices.Contains(allowed.Methods, t.method)
		return method && (len(allowed.Paths) == 0 || slices.ContainsFunc(allowed.Paths, t.isAt))
	})
}

func (t target) isAt(path string) bool {
	prefix, open := strings.CutSuffix(path, "*")
	return path == t.path || open && strings.HasPrefix(t.path, prefix)
}
