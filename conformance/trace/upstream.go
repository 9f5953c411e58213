// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package trace

import (
	"fmt"
	"maps"
	"net"
	"net/netip"
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
	addresses  []string   // host:port, sorted
	priorities [][]string // the addresses by priority, if there is more than one
	weights    map[string]uint32
	tls        TLS
	http2      bool
	policy     Policy
}

// resolveUpstream reads where a cluster leads to and what it does to what departs to it.
func resolveUpstream(c *cluster.Cluster, assignment *endpoint.ClusterLoadAssignment, d departure) (upstream, error) {
	options, err := httpOptions(c)
	if err != nil {
		return upstream{}, err
	}
	if d.connect != "" && !speaksHTTP1(options) {
		return upstream{}, fmt.Errorf("cluster %s: a tunnel over another protocol than HTTP/1.1 is not supported", c.GetName())
	}
	up := upstream{policy: policyOf(c, options, d)}
	var r *request
	if d.isHTTP {
		r = d.request
		if up.http2, err = speaksHTTP2(options, r); err != nil {
			return upstream{}, fmt.Errorf("cluster %s: %w", c.GetName(), err)
		}
	}
	if c.GetType() != cluster.Cluster_EDS {
		assignment = c.GetLoadAssignment()
	}
	endpoints := endpointsOf(assignment)
	if up.tls, err = clientTLS(c, endpoints, options, r); err != nil {
		return upstream{}, err
	}
	switch {
	case c.GetClusterType() != nil:
		up.addresses, err = dynamicAddress(c, options, d, up.tls.Mode != "")
	case c.GetType() == cluster.Cluster_ORIGINAL_DST:
		up.addresses = []string{originalAddress(c, d.destination)}
	case len(endpoints) == 0:
		err = blockedf("503 UH: cluster %s has no endpoints", c.GetName())
	default:
		up.addresses, up.priorities, up.weights = addressesOf(endpoints), prioritiesOf(assignment), weightsOf(endpoints)
	}
	return up, err
}

func endpointsOf(assignment *endpoint.ClusterLoadAssignment) []*endpoint.LbEndpoint {
	var all []*endpoint.LbEndpoint
	for _, locality := range assignment.GetEndpoints() {
		all = append(all, locality.GetLbEndpoints()...)
	}
	return all
}

func addressOf(e *endpoint.LbEndpoint) string {
	socket := e.GetEndpoint().GetAddress().GetSocketAddress()
	return net.JoinHostPort(socket.GetAddress(), strconv.Itoa(int(socket.GetPortValue())))
}

// weightsOf returns the weights of endpoints, and none if all are equal.
func weightsOf(endpoints []*endpoint.LbEndpoint) map[string]uint32 {
	weights, different := map[string]uint32{}, map[uint32]bool{}
	for _, e := range endpoints {
		weight := max(1, e.GetLoadBalancingWeight().GetValue())
		weights[addressOf(e)] += weight
		different[weight] = true
	}
	if len(different) < 2 {
		return nil
	}
	return weights
}

func addressesOf(endpoints []*endpoint.LbEndpoint) []string {
	var addresses []string
	for _, e := range endpoints {
		addresses = append(addresses, addressOf(e))
	}
	slices.Sort(addresses)
	return slices.Compact(addresses)
}

// prioritiesOf groups the addresses by priority, the first to be used first. It returns none if all are equal.
func prioritiesOf(assignment *endpoint.ClusterLoadAssignment) [][]string {
	groups := map[uint32][]*endpoint.LbEndpoint{}
	for _, locality := range assignment.GetEndpoints() {
		if len(locality.GetLbEndpoints()) > 0 {
			groups[locality.GetPriority()] = append(groups[locality.GetPriority()], locality.GetLbEndpoints()...)
		}
	}
	if len(groups) < 2 {
		return nil
	}
	var priorities [][]string
	for _, priority := range slices.Sorted(maps.Keys(groups)) {
		priorities = append(priorities, addressesOf(groups[priority]))
	}
	return priorities
}

// originalAddress is where a cluster without endpoints leads to: where the application meant to go, unless the
// cluster has a port of its own.
func originalAddress(c *cluster.Cluster, destination netip.AddrPort) string {
	if port := c.GetOriginalDstLbConfig().GetUpstreamPortOverride(); port != nil {
		return netip.AddrPortFrom(destination.Addr(), uint16(port.GetValue())).String()
	}
	return destination.String()
}

// httpOptionsKey is where a cluster has its HTTP options.
const httpOptionsKey = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"

func httpOptions(c *cluster.Cluster) (*http.HttpProtocolOptions, error) {
	options := &http.HttpProtocolOptions{}
	packed := c.GetTypedExtensionProtocolOptions()[httpOptionsKey]
	if packed == nil {
		return options, nil
	}
	if err := packed.UnmarshalTo(options); err != nil {
		return nil, fmt.Errorf("cluster %s: %w", c.GetName(), err)
	}
	return options, nil
}

// speaksHTTP1 reports whether a cluster speaks HTTP/1.1 whatever the caller speaks, as it does by default.
func speaksHTTP1(options *http.HttpProtocolOptions) bool {
	return options.GetUpstreamProtocolOptions() == nil || options.GetExplicitHttpConfig().GetHttpProtocolOptions() != nil
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
	validation := common.GetCombinedValidationContext().GetDefaultValidationContext()
	t := TLS{
		SNI:  context.GetSni(),
		CA:   common.GetCombinedValidationContext().GetValidationContextSdsSecretConfig().GetName(),
		SANs: subjectAltNames(validation),
		CRL:  validation.GetCrl().GetFilename(),
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
