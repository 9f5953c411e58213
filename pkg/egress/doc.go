// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package egress turns EgressBundles into the Istio objects that let workloads
// of a mesh reach hosts outside it, through an egress gateway or straight from
// their sidecars.
//
// # Flow
//
// Data flows one way, and the files are named for its stages:
//
//	YAML ─parse─▶ tree ─check─▶ Bundle ─plan─▶ destinations ─build─▶ Objects ─encode─▶ YAML
//
// Parse reads YAML, checks it against the CUE definitions of the API and returns
// Bundles. Render plans them, which applies every default and finds every
// contradiction, and builds the objects. Encode writes the objects. A program
// may build Bundles itself: Render checks them like those that were read.
//
// # Lanes
//
// Istio has one name space for hosts, so teams that share a host tend to break
// each other. Here each port of each host has a made-up name of its own, its
// lane, from the sidecar's hop to a gateway until it leaves there:
//
//	edition.cnn.com.443.cnn.tls.news.payments.egress
//	HOST           .PORT.DESTINATION.KIND.BUNDLE.NAMESPACE.egress
//
// The lane is the SNI of the hop for TLS, the authority of the request for HTTP,
// and the host of the ServiceEntry, the VirtualService and the DestinationRule
// that the gateway follows. Outside, a host sees its own name only. The one
// exception is TLS over a hop without mutual TLS, where the gateway sees no
// other name than the one that the application sends.
//
// # Guarantees
//
// Equal input gives equal bytes, in whatever order. Nothing depends on a clock,
// on chance, on the environment or on files. All problems are found at once, and
// with one problem there are no objects. The objects of several bundles are
// those of each, put together, and those that all of them have in common.
//
// The package opens ways out of a mesh, each for its clients alone. It closes
// other ways where Enforce of a Bundle asks for it. Report of an Output says which
// object stops each way around, or that nothing does.
package egress
