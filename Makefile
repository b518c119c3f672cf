# `make` lists the targets. Only Go, make, git and (for the race detector) a C compiler are needed.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := help

# Everything but the race detector builds without cgo: tests, tools and the binaries that ship then share one set of
# compiled packages, which is most of the time of a first build.
export CGO_ENABLED := 0

VERSION := $(or $(shell git describe --tags --always --dirty 2>/dev/null),dev)
STAMP := -X github.com/connectless/connectless/core/function.Version=$(VERSION) -X main.version=$(VERSION)
comma := ,
# Secret stores to link: secretsmanager (with it, dead letters to S3 and SQS), keyvault, or both with a comma between
# them. Packages have that of their platform.
TAGS ?=
# How every binary is built. scripts/gobuild says why, and its test holds the two together.
GO_BUILD := go build -trimpath -buildvcs=false -tags lambda.norpc$(if $(TAGS),$(comma)$(TAGS)) -ldflags "-s -w $(STAMP)"

# The race detector needs cgo on Linux. Without a C compiler the tests run without it and say so.
RACE := $(if $(shell command -v "$$(go env CC)"),-race,)
# Tests that the race detector would falsify (allocation counts) live in files tagged !race; their packages run again without it.
NORACE = $(sort $(patsubst %/,./%,$(dir $(shell grep -rl --include='*_test.go' '^//go:build !race$$' core connectors functions infra scripts terraform-provider 2>/dev/null))))

FUZZTIME ?= 10s
COUNT ?= 3
SEEDS ?= 200
SEED0 ?= 1
DURATION ?= 1h
ARGS ?=
TERRAFORM ?=

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## the connectless command, the Terraform provider and every function for this machine, in out/
	$(GO_BUILD) -o out/bin/connectless ./infra/local
	$(GO_BUILD) -o out/bin/terraform-provider-connectless ./terraform-provider
	@for f in functions/*/; do f=$${f%/}; (set -x; $(GO_BUILD) -o "out/$$f/bootstrap" "./$$f"); done

.PHONY: test
test: ## every test, under the race detector (< 15 minutes on 2 cores, nothing cached)
	@[ -n "$(RACE)" ] || echo 'WARNING: no C compiler here, so these tests run without the race detector' >&2
	$(if $(RACE),CGO_ENABLED=1) go test $(RACE) -timeout 12m ./...
	$(if $(and $(RACE),$(NORACE)),go test -timeout 12m $(NORACE))

.PHONY: race
race: ## every test COUNT times (3) in random order under the race detector, for what shows only now and then
	CGO_ENABLED=1 go test -race -count $(COUNT) -shuffle on -timeout 30m ./...

.PHONY: chaos
chaos: ## SEEDS (200) runs under faults, from SEED0 (1); a seed that fails is printed and fails again: SEEDS=1 SEED0=<seed>
	go test ./infra/chaos -count 1 -timeout 0 -run '^TestChaos' -seeds $(SEEDS) -seed0 $(SEED0) $(ARGS)

.PHONY: soak
soak: ## a steady load with pauses for DURATION (1h): memory, goroutines, files and latency must not grow
	go test ./infra/chaos -count 1 -timeout 0 -v -run '^TestSoak$$' -soak $(DURATION) $(ARGS)

.PHONY: lint
lint: ## gofmt, go vet, staticcheck
	scripts/lint

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME (10s)
	scripts/fuzz $(FUZZTIME)

.PHONY: generate
generate: ## write what is generated: reference tables, dependency lists
	go generate ./...

.PHONY: generate-check
generate-check: ## fail if make generate would change a file
	scripts/generate-check

.PHONY: size
size: ## the size of each function's binary, and what in it would keep the linker from pruning
	go test -count=1 -v -run '^TestBinaries$$' ./core/internal/arch

.PHONY: bench
bench: ## the engine against the hand-written function; rows `name: figure` come last
	go run ./scripts/bench $(ARGS)

.PHONY: package
package: ## reproducible zips of every function for Lambda (arm64, amd64) and Azure, in out/package
	go run ./scripts/package -version $(VERSION) -out out/package $(ARGS)

.PHONY: demo
demo: build ## a topic of earthquakes into Cosmos DB, declared with Terraform, on this machine; TERRAFORM=0 does without
	@terraform='$(TERRAFORM)'; \
	if [ -z "$$terraform" ]; then \
		terraform=$$(go run ./scripts/terraform) || echo 'So the demo does without Terraform.' >&2; \
	fi; \
	go run ./scripts/demo --terraform "$${terraform#0}" $(ARGS)

.PHONY: local
local: build ## the local cloud with the functions of out/functions; ARGS='--connector my.json'
	out/bin/connectless local --functions out/functions $(ARGS)

.PHONY: clean
clean: ## remove out/
	rm -rf out
