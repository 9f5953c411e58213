// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package trace

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpoint "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	httprbac "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	networkrbac "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/rbac/v3"
	snidfp "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/sni_dynamic_forward_proxy/v3"
	tcp "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
	tls "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/proto"

	alpn "istio.io/api/envoy/config/filter/http/alpn/v2alpha1"
	xdsfilters "istio.io/istio/pilot/pkg/xds/filters"
	dns "istio.io/istio/pkg/dns/proto"
	"istio.io/istio/pkg/wellknown"
)

// A proxy is one Envoy with the configuration that Istio generated for it.
type proxy struct {
	name      string
	listeners []*listener.Listener
	routes    map[string]*route.RouteConfiguration
	clusters  map[string]*cluster.Cluster
	endpoints map[string]*endpoint.ClusterLoadAssignment
	names     map[string]*dns.NameTable_NameInfo // with which it answers DNS
}

// A departure is how a proxy sends a connection on.
type departure struct {
	connection

	cluster string
	isHTTP  bool // the proxy handles requests, not bytes
	timeout time.Duration
	removed []string // headers of the request
	retries Retries
	fault   Fault
	// answer are the headers that the response gets; those that are taken away are empty.
	answer map[string]string
	// connect is the host:port that bytes are tunneled to, by a proxy outside. It is empty without a tunnel.
	connect string
	// sniTarget is the host:port that the filter for dynamic forwarding made of the server name, if bytes passed it.
	sniTarget string
	// idleTimeout and maxDuration are those of a connection whose bytes the proxy handles.
	idleTimeout, maxDuration time.Duration
	// alpn is the ALPN that the proxy offers instead of the cluster's own, by the protocol of the request.
	alpn *alpn.FilterConfig
}

// neutralFilters are the filters that decide neither whether nor where a call goes on.
var neutralFilters = []string{
	xdsfilters.MxFilterName, "istio.stats", wellknown.HTTPGRPCStats, wellknown.GRPCWeb, wellknown.Fault,
	wellknown.CORS, wellknown.Router,
	// It resolves the host of the request ahead of the cluster, which would also do it.
	"envoy.filters.http.dynamic_forward_proxy",
}

// forward takes a connection from listener to cluster, and notes what it passes.
func (p *proxy) forward(c connection, n *notes) (departure, error) {
	l := listenerFor(p.listeners, c.destination)
	if l == nil {
		return departure{}, blockedf("no listener at %s takes %s", p.name, c.destination)
	}
	n.stepf("listener %s", l.GetName())
	in := inspect(l, c)
	chain, err := matchFilterChain(l, in)
	if err != nil {
		return departure{}, err
	}
	n.stepf("filter chain %s", describe(chain))
	n.follows(chain.GetMetadata())
	s := subject{serverName: in.serverName, source: c.source, destination: c.destination}
	if c.stream, s.identity, err = accept(chain, c.stream); err != nil {
		return departure{}, err
	}
	return p.runFilters(chain, c, s, n)
}

// runFilters lets the network filters decide on the connection, up to the one that sends it on.
func (p *proxy) runFilters(chain *listener.FilterChain, c connection, s subject, n *notes) (departure, error) {
	var sniTarget string
	for _, f := range chain.GetFilters() {
		switch name := f.GetName(); {
		case name == wellknown.TCPProxy:
			d, err := proxyBytes(f, c)
			d.sniTarget = sniTarget
			return d, err
		case name == wellknown.SNIDynamicForwardProxy:
			var err error
			if sniTarget, err = targetOf(f, s.serverName); err != nil {
				return departure{}, err
			}
		case name == wellknown.HTTPConnectionManager:
			return p.proxyHTTP(f, c, s, n)
		case name == wellknown.RoleBasedAccessControl:
			config := &networkrbac.RBAC{}
			if err := f.GetTypedConfig().UnmarshalTo(config); err != nil {
				return departure{}, err
			}
			if err := s.authorize(config.GetRules()); err != nil {
				return departure{}, err
			}
		case !slices.Contains(neutralFilters, name):
			return departure{}, fmt.Errorf("network filter %s is not supported", name)
		}
	}
	return departure{}, blockedf("filter chain %s has no filter that sends the call on", describe(chain))
}

// describe names a filter chain by what tells it from others.
func describe(chain *listener.FilterChain) string {
	if names := chain.GetFilterChainMatch().GetServerNames(); len(names) > 0 {
		return fmt.Sprintf("of SNI %v", names)
	}
	if chain.GetName() != "" {
		return chain.GetName()
	}
	return "without name"
}

// accept ends the TLS session that a filter chain terminates. It returns what is inside, and who opened it if the chain
// asks for that.
func accept(chain *listener.FilterChain, s stream) (inner stream, identity string, err error) {
	socket := chain.GetTransportSocket()
	if socket == nil || socket.GetName() == wellknown.TransportSocketRawBuffer {
		return s, "", nil
	}
	context := &tls.DownstreamTlsContext{}
	if err := socket.GetTypedConfig().UnmarshalTo(context); err != nil {
		return stream{}, "", err
	}
	outer := s.outermost()
	switch {
	case outer == nil:
		return stream{}, "", blockedf("the listener expects TLS, the call comes in plain text")
	case context.GetRequireClientCertificate().GetValue() && !outer.mutual:
		return stream{}, "", blockedf("the listener expects a client certificate of the mesh, the call brings none")
	case !verifies(context.GetCommonTlsContext(), outer.identity):
		return stream{}, "", blockedf("refused in the handshake with the gateway")
	}
	if context.GetCommonTlsContext().GetValidationContextType() != nil {
		identity = outer.identity
	}
	return s.decrypted(), identity, nil
}

// verifies reports whether a listener takes the certificate of an identity.
func verifies(context *tls.CommonTlsContext, identity string) bool {
	names := subjectAltNames(context.GetValidationContext())
	if combined := context.GetCombinedValidationContext(); combined != nil {
		names = subjectAltNames(combined.GetDefaultValidationContext())
	}
	return len(names) == 0 || slices.Contains(names, identity)
}

// targetOf returns what the SNI filter resolves: the server name, with the port of its own configuration.
func targetOf(f *listener.Filter, serverName string) (string, error) {
	config := &snidfp.FilterConfig{}
	if err := f.GetTypedConfig().UnmarshalTo(config); err != nil {
		return "", err
	}
	if serverName == "" {
		return "", nil
	}
	return net.JoinHostPort(serverName, strconv.Itoa(int(config.GetPortValue()))), nil
}

func proxyBytes(f *listener.Filter, c connection) (departure, error) {
	config := &tcp.TcpProxy{}
	if err := f.GetTypedConfig().UnmarshalTo(config); err != nil {
		return departure{}, err
	}
	tunnel := config.GetTunnelingConfig()
	known := &tcp.TcpProxy_TunnelingConfig{Hostname: tunnel.GetHostname()}
	if config.GetCluster() == "" || tunnel != nil && !proto.Equal(tunnel, known) {
		return departure{}, fmt.Errorf("tcp_proxy %v is not supported", config)
	}
	return departure{
		connection:  c,
		cluster:     config.GetCluster(),
		connect:     tunnel.GetHostname(),
		idleTimeout: config.GetIdleTimeout().AsDuration(),
		maxDuration: config.GetMaxDownstreamConnectionDuration().AsDuration(),
	}, nil
}

func (p *proxy) proxyHTTP(f *listener.Filter, c connection, s subject, n *notes) (departure, error) {
	config := &hcm.HttpConnectionManager{}
	if err := f.GetTypedConfig().UnmarshalTo(config); err != nil {
		return departure{}, err
	}
	if s.request = c.plainHTTP(); s.request == nil {
		return departure{}, blockedf("the listener expects HTTP, the call is none")
	}
	override, err := runHTTPFilters(config.GetHttpFilters(), s)
	if err != nil {
		return departure{}, err
	}
	name, rc := config.GetRds().GetRouteConfigName(), config.GetRouteConfig()
	if rc == nil {
		rc = p.routes[name]
	}
	n.stepf("route configuration %s", rc.GetName())
	vh := matchVirtualHost(rc, s.request.authority)
	if vh == nil {
		return departure{}, blockedf("%d no virtual host for %s", http.StatusNotFound, s.request.authority)
	}
	n.stepf("virtual host %s", vh.GetName())
	if vh.GetRequireTls() != route.VirtualHost_NONE && s.serverName == "" {
		return departure{}, blockedf("%d redirect to https", http.StatusMovedPermanently)
	}
	rt, err := matchRoute(vh, s.request)
	if err != nil {
		return departure{}, err
	}
	n.follows(rt.GetMetadata())
	if len(rc.GetRequestHeadersToAdd())+len(vh.GetRequestHeadersToAdd())+len(vh.GetTypedPerFilterConfig()) > 0 {
		return departure{}, fmt.Errorf("virtual host %s: changes for all routes are not supported", vh.GetName())
	}
	d := departure{
		connection: c,
		isHTTP:     true,
		timeout:    rt.GetRoute().GetTimeout().AsDuration(),
		retries:    retries(rt.GetRoute()),
		removed:    rt.GetRequestHeadersToRemove(),
		alpn:       override,
	}
	if d.cluster, d.request, err = follow(rt, s.request); err != nil {
		return departure{}, err
	}
	if d.fault, d.answer, err = answering(rt); err != nil {
		return departure{}, err
	}
	return d, nil
}

// answering returns the fault of a route, and what it changes of the headers of the answer.
func answering(rt *route.Route) (Fault, map[string]string, error) {
	fault, err := faultOf(rt)
	if err != nil {
		return Fault{}, nil, err
	}
	if fault.Status != 0 && fault.Answered == 100 {
		return Fault{}, nil, blockedf("%d fault filter abort", fault.Status)
	}
	answer, err := changeHeaders(nil, nil, rt.GetResponseHeadersToAdd())
	if err != nil {
		return Fault{}, nil, err
	}
	for _, name := range rt.GetResponseHeadersToRemove() {
		if answer[name] == "" {
			answer[name] = ""
		}
	}
	return fault, answer, nil
}

// runHTTPFilters lets the filters decide on the request. It returns the configuration of Istio's ALPN filter.
func runHTTPFilters(filters []*hcm.HttpFilter, s subject) (*alpn.FilterConfig, error) {
	var override *alpn.FilterConfig
	for _, f := range filters {
		switch name := f.GetName(); {
		case name == wellknown.HTTPRoleBasedAccessControl:
			config := &httprbac.RBAC{}
			if err := f.GetTypedConfig().UnmarshalTo(config); err != nil {
				return nil, err
			}
			if err := s.authorize(config.GetRules()); err != nil {
				return nil, err
			}
		case name == xdsfilters.AlpnFilterName:
			override = &alpn.FilterConfig{}
			if err := f.GetTypedConfig().UnmarshalTo(override); err != nil {
				return nil, err
			}
		case !slices.Contains(neutralFilters, name):
			return nil, fmt.Errorf("HTTP filter %s is not supported", name)
		}
	}
	return override, nil
}

// dial returns the far side of the cluster that a call departs to.
func (p *proxy) dial(d departure) (upstream, error) {
	c := p.clusters[d.cluster]
	switch {
	case c == nil:
		return upstream{}, blockedf("503 NC: cluster %s does not exist", d.cluster)
	case d.cluster == blackHole:
		return upstream{}, blockedf(blackHole)
	}
	up, err := resolveUpstream(c, p.endpoints[d.cluster], d)
	if err != nil {
		return upstream{}, err
	}
	offered := c.GetMetadata().GetFilterMetadata()["istio"].GetFields()["alpn_override"].GetStringValue() != "false"
	if d.alpn != nil && offered && up.tls.Mode != "" {
		up.tls.ALPN = overrideALPN(d.alpn, up)
	}
	return up, nil
}

func overrideALPN(config *alpn.FilterConfig, up upstream) []string {
	want := alpn.FilterConfig_HTTP11
	if up.http2 {
		want = alpn.FilterConfig_HTTP2
	}
	for _, o := range config.GetAlpnOverride() {
		if o.GetUpstreamProtocol() == want {
			return o.GetAlpnOverride()
		}
	}
	return up.tls.ALPN
}
