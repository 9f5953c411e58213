// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

// Package code holds the codes of diagnostics that only the program reports, because it
// knows what the user gave it; the library has the others.
package code

import (
	"github.com/egressbundle/egressbundle/pkg/egress/diag"
)

// Rules about what the program is given.
const (
	// UnreadableFile: a file cannot be read.
	UnreadableFile diag.Code = "UnreadableFile"
	// NoBundle: there is no EgressBundle where there must be one.
	NoBundle diag.Code = "NoBundle"
	// MeshFile: what is named as the file of the EgressMesh holds none, or more than that.
	MeshFile diag.Code = "MeshFile"
	// UnreadMesh: bundles meet no EgressMesh, and there is one above them that was not read.
	UnreadMesh diag.Code = "UnreadMesh"
	// LeftOut: what is of others is not printed.
	LeftOut diag.Code = "LeftOut"
	// Defect: the program failed, whatever the input.
	Defect diag.Code = "Defect"
	// PartialPackage: kpt gives a part of a package where it must give all.
	PartialPackage diag.Code = "PartialPackage"
	// Unbuildable: kustomize cannot build a kustomization.
	Unbuildable diag.Code = "Unbuildable"
	// ForeignFunction: a kustomization needs a function of others, and none is run.
	ForeignFunction diag.Code = "ForeignFunction"
)

// Rules about objects that are there already.
const (
	// NeedsPatch: workloads must be patched before a bundle takes effect.
	NeedsPatch diag.Code = "NeedsPatch"
	// RemovedObjects: a bundle makes no object any more, and those that it made go.
	RemovedObjects diag.Code = "RemovedObjects"
	// Interrupted: an earlier call was killed while it wrote files.
	Interrupted diag.Code = "Interrupted"
	// MovedObject: kustomize moved an object into a namespace where nothing finds it.
	MovedObject diag.Code = "MovedObject"
	// RenamedObject: kustomize renamed an object that must keep its name.
	RenamedObject diag.Code = "RenamedObject"
	// MissedObject: a patch of a kustomization is for an object that is made when kustomize is done.
	MissedObject diag.Code = "MissedObject"
	// RenderedApart: an object that bundles share was made for others of them.
	RenderedApart diag.Code = "RenderedApart"
)
