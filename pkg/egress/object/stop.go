// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package object

// An Attempt is what somebody may try to get around a bundle.
type Attempt string

const (
	// NoSidecar is that a Pod without a proxy calls the outside.
	NoSidecar Attempt = "NoSidecar"
	// DirectIP is that a workload calls an address or a host that nobody listed.
	DirectIP Attempt = "DirectIP"
	// SpoofedHost is that a workload names a host that is listed, in SNI or in the
	// request, and connects to an address of its own choice.
	SpoofedHost Attempt = "SpoofedHost"
	// OtherNamespace is that workloads of another namespace take the way of the clients
	// to the gateway, with the same SNI and the same requests.
	OtherNamespace Attempt = "OtherNamespace"
	// OtherIdentity is that workloads of a client namespace with another service account
	// do the same.
	OtherIdentity Attempt = "OtherIdentity"
	// UnlistedRoute is that somebody takes a way out of the gateway that is of no bundle.
	UnlistedRoute Attempt = "UnlistedRoute"
)

// A Stop is an attempt that an object stops. A report finds it by all of its fields: of
// NoSidecar and DirectIP it has From, of SpoofedHost also Bundle and Destination, of
// UnlistedRoute Gateway, and of the others Gateway and, where it protects one bundle alone,
// Bundle.
//
// Of SpoofedHost it leads the call to the host
// that it names after all.
type Stop struct {
	Attempt Attempt
	// From is the namespace whose workloads try. Empty: any.
	From string
	// Gateway is the name in the mesh of the gateway that is tried. Empty: none.
	Gateway string
	// Bundle, as NAMESPACE/NAME, and Destination are what is tried to be reached. Empty:
	// whatever is.
	Bundle      string
	Destination string
}
