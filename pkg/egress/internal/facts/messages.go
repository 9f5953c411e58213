// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package facts

import (
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
	"github.com/egressbundle/egressbundle/pkg/egress/internal/diagnose"
)

// What is wrong with the facts of a cluster.

func sameService(service, first, namespace string) diagnose.Finding {
	return diagnose.Errorf(diag.DuplicateGateway,
		"must not be %q, which gateway %q has in namespace %s; name another, or remove one of the two",
		service, first, namespace)
}

func sameSelector(first, namespace string) diagnose.Finding {
	return diagnose.Errorf(diag.DuplicateGateway,
		"must not select the Pods of gateway %q of namespace %s as well; give each a label value of its own",
		first, namespace)
}

func samePortForHTTPAndTLS(port int) diagnose.Finding {
	return diagnose.Errorf(diag.GatewayPortConflict,
		"must have different ports for http and tls, got %d for both: a port of a gateway takes plain HTTP or TLS",
		port)
}

func samePortTwice(port int) diagnose.Finding {
	return diagnose.Errorf(diag.GatewayPortConflict,
		"must have different ports for http, tls and each of tcp, got %d twice", port)
}

func unevenTargetPorts(got, want int) diagnose.Finding {
	return diagnose.Errorf(diag.GatewayPortConflict,
		"must have a tcp port for each of ports, got %d for %d", got, want)
}

func portOfProxy(port int) diagnose.Finding {
	return diagnose.Errorf(diag.GatewayPortConflict,
		"must not be from %d to %d, which the proxy uses itself, got %d", firstProxyPort, lastProxyPort, port)
}

func serviceStartsWithDigit(service string) diagnose.Finding {
	return diagnose.Errorf(diag.InvalidValue,
		"must start with a letter, as the name of a Service does, got %q", service)
}

func labelOfProxy(key string) diagnose.Finding {
	return diagnose.Errorf(diag.InvalidValue,
		"must not have the label %s, which the Pods need for something else; remove it", key)
}

func minAboveMax(least, most int) diagnose.Finding {
	return diagnose.Errorf(diag.InvalidReplicas,
		"must have a max that is not less than min, got min %d and max %d", least, most)
}

func requestAboveLimit(resource, request, limit string) diagnose.Finding {
	return diagnose.Errorf(diag.InvalidResources,
		"must not request more %s than the limit, got %s of %s; raise the limit", resource, request, limit)
}

func tolerationWithoutKey() diagnose.Finding {
	return diagnose.Errorf(diag.InvalidToleration,
		"must have a key, such as egress, or `operator: Exists` for every taint")
}

func tolerationWithValue(value string) diagnose.Finding {
	return diagnose.Errorf(diag.InvalidToleration,
		"must not have a value with `operator: Exists`, which is for every value, got %q; remove one of them", value)
}
