# What a contributor and CI run. `make` alone lists the targets.

GO      ?= go
PYTHON  ?= python3
VERSION ?= $(shell git describe --tags --dirty 2>/dev/null || echo 0.1.0-dev)

# Tools run at the version that stands here: the checksum database vouches for
# them, and go.mod is kept free of what no user of kiso needs.
GOLANGCI_LINT = $(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

# The race detector needs a C compiler; without one the tests run all the same.
RACE = $(if $(shell command -v $$($(GO) env CC) 2>/dev/null),-race)

.DEFAULT_GOAL := help
.PHONY: help build lambda demo test soak mutate test-compat test-moto bench lint lint-templates fmt generate check-generated cover clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build bin/kiso
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/kiso ./cmd/kiso

lambda: ## build dist/kiso-lambda-*.zip; SPEC=kiso.yaml packs a spec too
	$(GO) run ./scripts/lambdazip -version "$(VERSION)" $(if $(SPEC),-spec "$(SPEC)")

demo: build ## plan, apply, tamper and repair on the sandbox
	./scripts/demo.sh

test: ## run all tests, with the race detector and in random order
	$(GO) test $(RACE) -shuffle=on ./...

soak: ## run the property tests for thousands of accounts; CHECKS=5000
	$(GO) test ./test/property -timeout 2h -rapid.checks=$(or $(CHECKS),2000)

mutate: ## seed defects into a copy of the source, one at a time: the tests must catch each; takes long
	$(GO) run ./scripts/mutate

test-compat: ## run other tools on what kiso writes and ships: tf-summarize, actionlint
	cd test/compat && $(GO) test ./...

test-moto: ## run the acceptance and the templates against moto, an AWS emulator that others wrote
	GO="$(GO)" PYTHON="$(PYTHON)" ./scripts/test-moto.sh

bench: build ## measure a plan of 17 regions, and the binary
	$(GO) test -run '^$$' -bench . -benchtime 3x ./test/bench
	@wc -c < bin/kiso | awk '{ printf "bin/kiso: %.1f MiB\n", $$1 / 1048576 }'

lint: ## check style and architecture
	$(GOLANGCI_LINT) run ./...

lint-templates: ## check the CloudFormation templates in deploy
	PYTHON="$(PYTHON)" ./scripts/lint-templates.sh

fmt: ## format the source
	$(GOLANGCI_LINT) fmt ./...

generate: ## write the files that are made of the source
	$(GO) run ./internal/docgen

check-generated: ## fail if the generated files are not those of the source
	$(GO) run ./internal/docgen -check

cover: ## show which packages the tests cover, and how much
	$(GO) test -coverpkg=./cmd/...,./internal/...,./pkg/... -coverprofile=coverage.txt ./...
	$(GO) tool cover -func=coverage.txt | tail -1

clean: ## remove what the other targets made
	rm -rf bin dist .venv coverage.txt
