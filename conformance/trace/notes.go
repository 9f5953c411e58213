// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package trace

import (
	"fmt"
	"slices"
	"strings"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"

	"istio.io/istio/pilot/pkg/networking/util"
)

// notes are what is noted of a call at one proxy.
type notes struct {
	result *Result
	name   string
	index  int // of the proxy in the result
}

func (r *Result) notesAt(p *proxy) *notes {
	r.Proxies = append(r.Proxies, Proxy{})
	return &notes{result: r, name: p.name, index: len(r.Proxies) - 1}
}

func (n *notes) stepf(format string, args ...any) {
	n.result.Steps = append(n.result.Steps, n.name+": "+fmt.Sprintf(format, args...))
}

// sends notes where the proxy sends the call.
func (n *notes) sends(name string, c *cluster.Cluster) {
	n.stepf("cluster %s", name)
	n.result.Proxies[n.index].Cluster = name
	n.follows(c.GetMetadata())
}

// kinds are those of the objects by which Istio tells where configuration is from.
var kinds = map[string]string{"virtual-service": "VirtualService", "destination-rule": "DestinationRule"}

// follows notes the object that configuration is from, if Istio says so: as
// /apis/networking.istio.io/v1/namespaces/NAMESPACE/KIND/NAME.
func (n *notes) follows(m *core.Metadata) {
	parts := strings.Split(m.GetFilterMetadata()[util.IstioMetadataKey].GetFields()["config"].GetStringValue(), "/")
	if len(parts) < 3 {
		return
	}
	kind, known := kinds[parts[len(parts)-2]]
	object := kind + " " + parts[len(parts)-3] + "/" + parts[len(parts)-1]
	if at := &n.result.Proxies[n.index]; known && !slices.Contains(at.Objects, object) {
		at.Objects = append(at.Objects, object)
	}
}
