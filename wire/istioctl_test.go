// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"

	"istio.io/istio/istioctl/pkg/writer/envoy/clusters"
	"istio.io/istio/istioctl/pkg/writer/envoy/configdump"
	"istio.io/istio/pkg/config/host"
)

// istioctlName is the name by which this program is istioctl.
const istioctlName = "istioctl"

// istioctl does what "istioctl proxy-config" does, with the writers of that, for the Envoy of the host where it runs: the
// program itself finds it through a kubelet.
func istioctl(args []string) error {
	if len(args) < 3 || args[0] != "proxy-config" {
		return fmt.Errorf("not known here: %v", args)
	}
	flags := flag.NewFlagSet("istioctl", flag.ContinueOnError)
	fqdn, subset := flags.String("fqdn", "", ""), flags.String("subset", "", "")
	port, name, cluster := flags.Int("port", 0, ""), flags.String("name", "", ""), flags.String("cluster", "", "")
	if err := flags.Parse(args[3:]); err != nil {
		return err
	}
	if args[1] == "endpoints" {
		answer, err := ask("/clusters?format=json")
		if err != nil {
			return err
		}
		w := clusters.ConfigWriter{Stdout: os.Stdout}
		if err := w.Prime(answer); err != nil {
			return err
		}
		return w.PrintEndpointsSummary(clusters.EndpointFilter{Cluster: *cluster})
	}
	answer, err := ask("/config_dump?include_eds")
	if err != nil {
		return err
	}
	w := configdump.ConfigWriter{Stdout: os.Stdout}
	if err := w.Prime(answer); err != nil {
		return err
	}
	switch args[1] {
	case "clusters":
		return w.PrintClusterSummary(configdump.ClusterFilter{FQDN: host.Name(*fqdn), Port: *port, Subset: *subset})
	case "listeners":
		return w.PrintListenerSummary(configdump.ListenerFilter{Port: uint32(*port), Verbose: true})
	case "routes":
		return w.PrintRouteSummary(configdump.RouteFilter{Name: *name, Verbose: true})
	}
	return fmt.Errorf("not known here: %s", strconv.Quote(args[1]))
}

func ask(path string) ([]byte, error) {
	response, err := http.Get("http://127.0.0.1:15000" + path)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return io.ReadAll(response.Body)
}
