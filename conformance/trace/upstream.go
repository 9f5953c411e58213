// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package trace

import (
	"fmt"
	"net"
	"slices"
	"strconv"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpoint "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	tls "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	http "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	"google.golang.org/protobuf/types/known/structpb"

	"istio.io/istio/pkg/wellknown"
)

// An upstream is the far side of a cluster, as one stream meets it.
type upstream struct {
	addresses []string // host:port, sorted
	tls       TLS
	http2     bool
}

// resolveUpstream reads where a cluster leads to and what it does to what departs to it.
func resolveUpstream(c *cluster.Cluster, assignment *endpoint.ClusterLoadAssignment, d departure) (upstream, error) {
	options, err := httpOptions(c)
	if err != nil {
		return upstream{}, err
	}
	up := upstream{}
	var r *request
	if d.isHTTP {
		r = d.request
		if up.http2, err = speaksHTTP2(options, r); err != nil {
			return upstream{}, fmt.Errorf("cluster %s: %w", c.GetName(), err)
		}
	}
	endpoints, err := endpointsOf(c, assignment)
	if err != nil {
		return upstream{}, err
	}
	// This one has no endpoints: it goes where the application meant to go.
	if c.GetType() == cluster.Cluster_ORIGINAL_DST {
		up.addresses = []string{d.destination.String()}
	}
	for _, e := range endpoints {
		socket := e.GetEndpoint().GetAddress().GetSocketAddress()
		up.addresses = append(up.addresses, net.JoinHostPort(socket.GetAddress(), strconv.Itoa(int(socket.GetPortValue()))))
	}
	slices.Sort(up.addresses)
	up.addresses = slices.Compact(up.addresses)
	up.tls, err = clientTLS(c, endpoints, options, r)
	return up, err
}

func endpointsOf(c *cluster.Cluster, assignment *endpoint.ClusterLoadAssignment) ([]*endpoint.LbEndpoint, error) {
	switch {
	case c.GetClusterType() != nil:
		return nil, fmt.Errorf("cluster %s: type %s is not supported", c.GetName(), c.GetClusterType().GetName())
	case c.GetType() == cluster.Cluster_ORIGINAL_DST:
		return nil, nil
	case c.GetType() != cluster.Cluster_EDS:
		assignment = c.GetLoadAssignment()
	}
	var all []*endpoint.LbEndpoint
	for _, locality := range assignment.GetEndpoints() {
		all = append(all, locality.GetLbEndpoints()...)
	}
	if len(all) == 0 {
		return nil, blockedf("503 UH: cluster %s has no endpoints", c.GetName())
	}
	return all, nil
}

func httpOptions(c *cluster.Cluster) (*http.HttpProtocolOptions, error) {
	options := &http.HttpProtocolOptions{}
	packed := c.GetTypedExtensionProtocolOptions()["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"]
	if packed == nil {
		return options, nil
	}
	if err := packed.UnmarshalTo(options); err != nil {
		return nil, fmt.Errorf("cluster %s: %w", c.GetName(), err)
	}
	return options, nil
}

func speaksHTTP2(options *http.HttpProtocolOptions, r *request) (bool, error) {
	switch o := options.GetUpstreamProtocolOptions().(type) {
	case nil:
		return false, nil
	case *http.HttpProtocolOptions_ExplicitHttpConfig_:
		return o.ExplicitHttpConfig.GetHttp2ProtocolOptions() != nil, nil
	case *http.HttpProtocolOptions_UseDownstreamProtocolConfig:
		return r.http2, nil
	default:
		return false, fmt.Errorf("protocol options %T are not supported", o)
	}
}

// clientTLS reads the TLS that a cluster opens. Where it depends on the endpoint, all endpoints must agree.
func clientTLS(
	c *cluster.Cluster, endpoints []*endpoint.LbEndpoint, options *http.HttpProtocolOptions, r *request,
) (TLS, error) {
	sockets := []*core.TransportSocket{c.GetTransportSocket()}
	if len(c.GetTransportSocketMatches()) > 0 {
		sockets = nil
		for _, e := range endpoints {
			sockets = append(sockets, matchSocket(c, e))
		}
	}
	var found TLS
	for i, s := range sockets {
		t, err := readTLS(s, options, r)
		if err != nil {
			return TLS{}, fmt.Errorf("cluster %s: %w", c.GetName(), err)
		}
		if i > 0 && t.Mode != found.Mode {
			return TLS{}, fmt.Errorf("cluster %s: endpoints differ in TLS", c.GetName())
		}
		found = t
	}
	return found, nil
}

// matchSocket picks the transport socket of an endpoint by the labels in its metadata.
func matchSocket(c *cluster.Cluster, e *endpoint.LbEndpoint) *core.TransportSocket {
	have := e.GetMetadata().GetFilterMetadata()["envoy.transport_socket_match"].GetFields()
	for _, m := range c.GetTransportSocketMatches() {
		if subset(m.GetMatch().GetFields(), have) {
			return m.GetTransportSocket()
		}
	}
	return c.GetTransportSocket()
}

func subset(want, have map[string]*structpb.Value) bool {
	for key, value := range want {
		if have[key].GetStringValue() != value.GetStringValue() {
			return false
		}
	}
	return true
}

func readTLS(s *core.TransportSocket, options *http.HttpProtocolOptions, r *request) (TLS, error) {
	switch s.GetName() {
	case "", wellknown.TransportSocketRawBuffer:
		return TLS{}, nil
	case wellknown.TransportSocketTLS:
	default:
		return TLS{}, fmt.Errorf("transport socket %s is not supported", s.GetName())
	}
	context := &tls.UpstreamTlsContext{}
	if err := s.GetTypedConfig().UnmarshalTo(context); err != nil {
		return TLS{}, err
	}
	common := context.GetCommonTlsContext()
	t := TLS{
		SNI:  context.GetSni(),
		CA:   common.GetCombinedValidationContext().GetValidationContextSdsSecretConfig().GetName(),
		SANs: subjectAltNames(common.GetCombinedValidationContext().GetDefaultValidationContext()),
		ALPN: common.GetAlpnProtocols(),
	}
	if t.CA == "" {
		t.CA = common.GetValidationContextSdsSecretConfig().GetName()
	}
	for _, secret := range common.GetTlsCertificateSdsSecretConfigs() {
		t.Credential = secret.GetName()
	}
	t.Mode = mode(t)
	if auto := options.GetUpstreamHttpProtocolOptions(); r != nil && auto != nil {
		if auto.GetAutoSni() {
			t.SNI = hostOnly(r.authority)
		}
		if auto.GetAutoSanValidation() {
			t.SANs = append(t.SANs, hostOnly(r.authority))
		}
	}
	return t, nil
}

// istioMutual is the mode of TLS with the workload's own certificate.
const istioMutual = "ISTIO_MUTUAL"

// mode tells the TLS mode of a DestinationRule by the secrets it comes out as.
func mode(t TLS) string {
	switch {
	case t.Credential == "default" && t.CA == "ROOTCA":
		return istioMutual
	case t.Credential != "":
		return "MUTUAL"
	default:
		return "SIMPLE"
	}
}

func subjectAltNames(v *tls.CertificateValidationContext) []string {
	var names []string
	for _, m := range v.GetMatchSubjectAltNames() { //nolint:staticcheck // this is the field that Istio sets
		names = append(names, m.GetExact())
	}
	for _, m := range v.GetMatchTypedSubjectAltNames() {
		names = append(names, m.GetMatcher().GetExact())
	}
	return names
}

func hostOnly(authority string) string {
	if host, _, err := net.SplitHostPort(authority); err == nil {
		return host
	}
	return authority
}
