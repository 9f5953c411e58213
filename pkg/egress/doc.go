// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package egress turns EgressBundles into the Istio and Kubernetes objects that let
// workloads of a mesh reach hosts outside it, through an egress gateway or straight from
// their sidecars.
//
// # Use
//
// A program that has YAML reads it into Documents and renders those:
//
//	documents, err := egress.Parse("team.yaml", src)
//	output, err := documents.Render()
//
// One that builds bundles itself, from the types of package api, calls [Render]. Both are
// judged alike. What comes out are the types of package object, which also writes them; who
// may reach what, and what stops each way around, is a report of package report. What is
// wrong with input is an InvalidError of package diag.
//
// # Guarantees
//
// Equal input gives equal bytes, in whatever order. Nothing depends on a clock,
// on chance, on the environment or on files: what has expired is judged as of a day that the
// caller gives to [RenderAsOf]. All problems are found at once, but that
// what breaks a rule by itself is judged no further, and with one problem there are no
// objects. The objects of several bundles are
// those of each, put together, and those that all of them have in common.
//
// No two objects have one kind, namespace and name.
//
// # Bounds
//
// What input takes in time and memory, and what is said of it, grows no faster than the input,
// but that each gateway of a namespace is compared with those before it there:
//
//   - Aliases are followed where they make at most a hundred times of what is written.
//   - The path of a field has at most 512 characters, names and levels together.
//   - A message repeats at most 80 characters of a value, and lists at most 20 of what
//     there is.
//   - Whatever claims what others claimed before is reported once, and not for each of them.
//     An object of others has at most some 20 errors, whatever bundles it breaks.
//     All messages together are at most 200 times as long as the input.
//
// A report has at most 1 kB for a bundle of one destination, and as much again for what all have
// in common.
//
// Objects are another matter: there are some for each destination and each client of it, as
// the bundle asks for.
//
// The package opens ways out of a mesh, each for its clients alone. It closes
// other ways where [api.Enforce] of a bundle asks for it. Report of an Output says which
// object stops each way around, or that nothing does.
package egress
