package conformance

import (
	"fmt"
	"strings"
	"testing"

	"github.com/egressbundle/egressbundle/conformance/trace"
)

func TestZZ(t *testing.T) {
	p := func(title string, m *trace.Mesh, ns, u string) {
		r := m.Trace(trace.Call{Namespace: ns, URL: u})
		fmt.Println("ZZ", title, ns, u, "=>", r.Exit.Addresses, r.Blocked)
	}
	web := read(t, "plain/web.yaml")
	p("web alone", mesh(t, web), "search", "https://edition.cnn.com")
	only8443 := replace(t, replace(t, replace(t, web, "port: 443, sniHosts: [edition.cnn.com]}]\n    route: [{destination: {host: istio", "port: 8443, sniHosts: [edition.cnn.com]}]\n    route: [{destination: {host: istio"),
		"{name: tls-443, number: 443, protocol: TLS}", "{name: tls-8443, number: 8443, protocol: TLS}"),
		"search.egress, port: {number: 443}", "search.egress, port: {number: 8443}")
	p("8443 alone", mesh(t, only8443), "search", "tls://edition.cnn.com:8443")
	news := read(t, "plain/news.yaml")
	for i, s := range []string{inOrder(t, news, only8443), inOrder(t, only8443, news)} {
		m := mesh(t, s)
		p(fmt.Sprint("across ", i), m, "search", "tls://edition.cnn.com:8443")
		p(fmt.Sprint("across ", i), m, "payments", "https://edition.cnn.com")
	}
	store := read(t, "lane/store.yaml")
	p("lane TLS", mesh(t, store), "istio-system", "tcp://192.0.2.9:5432")
	asTCP := strings.Replace(store, "{name: tls-5432, number: 5432, protocol: TLS}", "{name: tcp-5432x, number: 5432, protocol: TCP}", 1)
	p("lane TCP", mesh(t, asTCP), "istio-system", "tcp://192.0.2.9:5432")
}
