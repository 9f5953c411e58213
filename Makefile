# SPDX-FileCopyrightText: The EgressBundle Authors
# SPDX-License-Identifier: Apache-2.0

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

BIN := $(CURDIR)/bin
IMAGE ?= egressbundle:dev
EXAMPLE ?= examples/two-lines
KUSTOMIZE := go tool -modfile=tools/kustomize.mod kustomize
GOLANGCI_LINT := go tool -modfile=$(CURDIR)/tools/golangci-lint.mod golangci-lint
ACTIONLINT := go tool -modfile=tools/actionlint.mod actionlint
GOVULNCHECK := go tool -modfile=tools/govulncheck.mod govulncheck
KUBECONFORM := go tool -modfile=tools/kubeconform.mod kubeconform
CYCLONEDX := go tool -modfile=tools/cyclonedx-gomod.mod cyclonedx-gomod

.PHONY: help
help: ## Say what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

.PHONY: run
run: build ## Render an example through kustomize and print it: make run EXAMPLE=examples/two-lines
	@PATH="$(BIN):$$PATH" $(KUSTOMIZE) build --enable-alpha-plugins --enable-exec $(EXAMPLE)

# The race detector needs a C compiler.
RACE := $(if $(shell command -v $${CC:-cc}),-race)

# go test kills what takes longer than ten minutes, which a cold and busy machine does.
GO_TEST := go test -timeout=40m

.PHONY: test
test: ## Run every test
	$(GO_TEST) $(RACE) ./...
	cd tools/release && $(GO_TEST) ./...
	cd conformance && $(GO_TEST) ./...
	cd wire && $(GO_TEST) # without packages named, it prints what is skipped

# Istio's test packages look for its build folders and complain if there are none.
.PHONY: prove
prove: ## Follow every call of bundles through Istio: make prove BUNDLE=examples/two-lines/bundle.yaml
	@cd conformance && TARGET_OUT=/tmp LOCAL_OUT=/tmp go run ./cmd/prove $(abspath $(BUNDLE))
BUNDLE ?= examples/two-lines/bundle.yaml

.PHONY: wire
wire: ## Make every call of bundles through real Envoys, as root: make wire BUNDLE=examples/two-lines/bundle.yaml
	@cd wire && TARGET_OUT=/tmp LOCAL_OUT=/tmp go run ./cmd/wire $(abspath $(BUNDLE))

# It takes half an hour.
.PHONY: wire-cost
wire-cost: ## Measure what hosts cost real Envoys, beside objects written by hand, as root
	cd wire && REQUIRE_WIRE=1 go test -timeout=3h -run='^$$' -bench=Cost -benchtime=1x .

# Without inlining the program is 2 MB smaller. Where it spends its time, it inlines.
SMALL := all=-l std= go.yaml.in/...= google.golang.org/protobuf/...= github.com/egressbundle/egressbundle/internal/...= github.com/egressbundle/egressbundle/pkg/egress/object= github.com/egressbundle/egressbundle/pkg/egress/internal/...= sigs.k8s.io/kustomize/...=

# kustomize notes its version in what it builds, if it is asked to, and the library does not know it.
KUSTOMIZE_VERSION = $(shell sed -n 's|.*sigs.k8s.io/kustomize/kustomize/v5 \(v[0-9.]*\).*|\1|p' tools/kustomize.mod)

# The version is stamped, and not what Go finds in Git, so that the same commit gives the same program.
.PHONY: build
build: ## Build bin/egressbundle
	@CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags='$(LDFLAGS)' $(SMALL:%=-gcflags=%) -o $(BIN)/egressbundle ./cmd/egressbundle

LDFLAGS = -s -w -X sigs.k8s.io/kustomize/api/provenance.version=$(KUSTOMIZE_VERSION) -X github.com/egressbundle/egressbundle/fn/command.stamped=$(VERSION)
VERSION = $(shell git describe --tags --always --dirty)

.PHONY: image
image: build ## Build the container image: make image IMAGE=egressbundle:dev
	@cd tools/release && go run . image $(BIN)/egressbundle $(BIN)/image.tar $(IMAGE) $(CURDIR) $(VERSION)
	@docker load --quiet --input $(BIN)/image.tar >/dev/null
	@docker image inspect --format '{{.Id}}' $(IMAGE)

PLATFORMS ?= darwin/amd64 darwin/arm64 linux/amd64 linux/arm64 windows/amd64 windows/arm64

.PHONY: release-snapshot
release-snapshot: ## Build a release into bin/release and publish nothing: make release-snapshot VERSION=v0.1.0
	@rm -rf $(BIN)/release
	@for platform in $(PLATFORMS); do \
		GOOS=$${platform%/*} GOARCH=$${platform#*/} $(MAKE) --no-print-directory build \
			BIN=$(BIN)/release/programs/$${platform/\//_} VERSION=$(VERSION); \
	done
	@GOOS=linux GOARCH=amd64 $(MAKE) --no-print-directory sbom BIN=$(BIN)/release
	@cd tools/release && go run . pack $(BIN)/release $(CURDIR) $(VERSION)
	@ls -l $(BIN)/release

# What is shipped is built and scanned with the toolchain of go.mod, also on a machine
# whose own Go is older.
image release-snapshot sbom vulncheck: export GOTOOLCHAIN = auto

.PHONY: sbom
sbom: ## Write what the program consists of to bin/egressbundle.cdx.json (CycloneDX)
	@mkdir -p $(BIN)
	@CGO_ENABLED=0 $(CYCLONEDX) app -json -std -noserial -notimestamp -main cmd/egressbundle -output $(BIN)/egressbundle.cdx.json .

# The Go vulnerability database is also a module, so a check can be repeated.
.PHONY: vulncheck
vulncheck: ## Look for known vulnerabilities in the code that the program reaches
	@go mod download golang.org/x/vulndb@$(VULNDB)
	@$(GOVULNCHECK) -db "file://$$(go list -m -f '{{.Dir}}' golang.org/x/vulndb@$(VULNDB))/data/osv" ./cmd/... ./fn/... ./pkg/...
VULNDB ?= v0.0.0-20261105234957-e22db6528018

.PHONY: golden
golden: ## Rewrite every expected output; review the change like code
	UPDATE_GOLDEN=1 $(GO_TEST) ./...
	cd conformance && UPDATE_GOLDEN=1 $(GO_TEST) ./prove

.PHONY: lint
lint: ## Run the linters
	$(GOLANGCI_LINT) run ./...
	cd conformance && $(GOLANGCI_LINT) run --config ../.golangci.yaml ./...
	cd wire && $(GOLANGCI_LINT) run --config ../.golangci.yaml ./...
	$(ACTIONLINT) recipes/github-actions/*.yaml recipes/flux/render.yaml

# Go minimizes each input that finds a new way through the code, for a minute by default,
# which is most of the time here.
FUZZTIME ?= 1m
FUZZ = $(GO_TEST) -run='^$$' -fuzztime=$(FUZZTIME) -fuzzminimizetime=1x

.PHONY: fuzz
fuzz: ## Look for input that breaks the library, its YAML, the function or folders, for FUZZTIME each
	$(FUZZ) -fuzz=FuzzAppend ./internal/yamltext
	$(FUZZ) -fuzz=FuzzRender ./pkg/egress
	$(FUZZ) -fuzz=FuzzFunction ./fn
	$(FUZZ) -fuzz=FuzzUpdate ./fn/folder

.PHONY: fuzz-admission
fuzz-admission: ## Look for input whose objects an API server would refuse, for FUZZTIME
	cd conformance && $(FUZZ) -fuzz=FuzzAdmission ./admission

.PHONY: pictures
pictures: build ## Check with Mermaid itself the pictures of all reports, with Node
	tools/mermaid/check.sh $(BIN)/egressbundle

.PHONY: editors
editors: build ## Check the JSON Schemas with the YAML language server, Ajv and kubeconform, with Node
	@npm ci --silent --no-audit --no-fund --prefix tools/editors
	node tools/editors/check.mjs $(BIN)/egressbundle
	$(KUBECONFORM) -strict -summary -schema-location 'schemas/json/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json' \
		examples/*/bundle.yaml examples/mesh/mesh.yaml

.PHONY: apidiff
apidiff: ## Say what of the Go API differs from the newest version: make apidiff BASE=main
	tools/apidiff.sh $(BASE)

.PHONY: bench
bench: ## Measure the library and the command
	$(GO_TEST) -run='^$$' -bench=. -benchmem ./...

# Helm, CUE and kustomize are built first, which takes minutes once.
.PHONY: bench-compare
bench-compare: build ## Measure the command beside Helm, CUE and kustomize: make bench-compare HOSTS="10 1000"
	@go build -modfile=tools/cuelang.mod -o $(BIN)/cue cuelang.org/go/cmd/cue
	@go build -modfile=tools/gojq.mod -o $(BIN)/gojq github.com/itchyny/gojq/cmd/gojq
	@go build -modfile=tools/helm.mod -o $(BIN)/helm helm.sh/helm/v4/cmd/helm
	@go build -modfile=tools/kustomize.mod -o $(BIN)/kustomize sigs.k8s.io/kustomize/kustomize/v5
	@cd tools/compare && go run . $(BIN) $(HOSTS)
HOSTS ?= 10 1000 10000
