# `make demo` shows a rollout decided in a sandbox, `make test` runs everything that continuous integration runs.
# A machine needs Rust 1.95 or newer, a C compiler and git; for `make test` also rustfmt and clippy, Python 3.11 or
# newer, and Go 1.25 or newer. The rest is installed. `make demo` is quicker with Python.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
CARGO ?= cargo
# Components and the command line are looked for there, whatever a user has set.
export CARGO_TARGET_DIR := $(CURDIR)/target
PLUGIN := target/plugins/blue_green.wasm
POINTSMAN := target/debug/pointsman

.PHONY: help demo test components fmt lint docs unit reproducible model bench budgets javascript fuzz fuzz-go needs-fuzz needs-cargo
.PHONY: needs-python python python-package bench-python needs-go go go-components bench-go

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 20

# Fails with a sentence where a command does.
comma := ,
need = $(1) >/dev/null 2>&1 || { echo 'error: $(2)' >&2; exit 1; }

needs-cargo:
	@$(call need,command -v $(CARGO),cargo is not on the PATH; install Rust 1.95 or newer (rustup))
	@$(call need,command -v cc,there is no C compiler; install gcc or clang)

components: needs-cargo ## Build the components into target/plugins
	$(CARGO) xtask components

# With Python nothing of wasmtime is compiled here, which takes longer than all else.
demo: needs-cargo ## Show a rollout of three replicas, decided cycle by cycle in the sandbox
	@echo 'Building the strategies, the guard and the loader: some two minutes the first time.'
	@$(CARGO) xtask components blue-green rolling-update guard pointsman-loader-module
	@if $(PYTHON) -c 'import ensurepip, sys, venv; sys.exit(sys.version_info[:2] < (3, 11))' 2>/dev/null; then \
		echo 'Installing the Python host: half a minute the first time.'; \
		[ -x $(PYTHON_DEMO)/bin/python ] || $(PYTHON) -m venv $(PYTHON_DEMO); \
		$(PYTHON_DEMO)/bin/python -m pip install $(PIP_QUIET) ./$(PYTHON_HOST); \
		pointsman='$(PYTHON_DEMO)/bin/python -m pointsman'; \
	else \
		echo 'There is no Python 3.11. Building the command line instead: five minutes the first time.'; \
		$(CARGO) build --locked --package pointsman-cli; \
		pointsman=$(POINTSMAN); \
	fi; \
	printf '\n$$ pointsman explain --plugin $(PLUGIN) examples/rollout.json\n\n'; \
	$$pointsman explain --plugin $(PLUGIN) examples/rollout.json; \
	printf '\n$$ cat examples/request.json\n\n'; \
	cat examples/request.json; \
	printf '\n$$ pointsman evaluate --plugin $(PLUGIN) --pretty examples/request.json\n\n'; \
	$$pointsman evaluate --plugin $(PLUGIN) --pretty examples/request.json

fmt: needs-cargo ## Check the formatting
	$(CARGO) fmt --all --check

lint: needs-cargo ## Clippy, with warnings as errors
	$(CARGO) clippy --locked --workspace --all-targets -- --deny warnings

docs: needs-cargo ## Build the documentation, with warnings as errors
	RUSTDOCFLAGS="--deny warnings" $(CARGO) doc --locked --workspace --no-deps

unit: components ## Every test: native, and the components in the sandbox
	$(CARGO) test --locked --workspace

reproducible: needs-cargo ## Build the components in two folders and compare the bytes
	$(CARGO) xtask reproducible

# Names what a machine lacks first, not after ten minutes.
test: needs-cargo needs-python needs-go fmt lint docs unit reproducible python go ## Run all that CI runs

# Some five million steps of each strategy. Another seed walks elsewhere; a failure prints its own.
WALKS ?= 200000
WALKS_SEED ?= 1
# The same checks with more going wrong; `make test` runs the smaller ones.
model: needs-cargo ## Check the strategies' models more deeply, and walk through WALKS random rollouts from WALKS_SEED
	$(CARGO) test --locked --package pointsman --test model -- --ignored --nocapture
	POINTSMAN_WALKS=$(WALKS) POINTSMAN_WALKS_SEED=$(WALKS_SEED) \
		$(CARGO) test --locked --package pointsman --test walks -- --nocapture random_walks

bench: components ## Measure, and print the table (several minutes)
	$(CARGO) bench --locked --package host-test
	@$(CARGO) xtask bench-table

BUDGETS := $(CURDIR)/target/budgets
budgets: components needs-go ## Measure the dearest files within the loader's budgets (several minutes)
	$(CARGO) run --release --locked --workspace --example budgets -- $(BUDGETS)
	go -C hosts/go/benchmarks run ./budgets $(BUDGETS)

# Not part of `make test`, which asks for no Node.js.
javascript: components ## Run the component in JavaScript, through jco, over the corpus (needs Node.js 20)
	@$(call need,command -v npm,npm is not on the PATH; install Node.js 20 or newer)
	npm --prefix examples/javascript install --no-package-lock --no-audit --no-fund
	npm --prefix examples/javascript test
	npm --prefix examples/javascript run bench

FUZZ_SECONDS ?= 60
FUZZ_TARGETS := json_entry_point config guard loader host
CARGO_FUZZ := target/tools/bin/cargo-fuzz
# The one that needs wasmtime, which takes long to compile.
FUZZ_FEATURES_host := --features host
# Files that the loader was given, for the hosts in other languages to start from.
FUZZ_STRUCTURED := $(CURDIR)/target/fuzz/structured
# Without a sanitizer it needs no nightly compiler, and safe Rust has little for one to find.
fuzz-run = $(CARGO_FUZZ) fuzz run --sanitizer none --codegen-units 16 --target-dir target/fuzz/build $(FUZZ_FEATURES_$(1)) \
	$(1) target/fuzz/$(1) tests/fuzz/$(1) --

$(CARGO_FUZZ):
	$(CARGO) install --locked --root target/tools cargo-fuzz@0.13.2

# cargo-fuzz does not hand `--locked` on, so that the lock file is looked at before.
needs-fuzz: needs-cargo $(CARGO_FUZZ)
	@$(call need,command -v c++,there is no C++ compiler; install g++ or clang)
	@$(CARGO) tree --locked --manifest-path fuzz/Cargo.toml >/dev/null

fuzz: $(addprefix fuzz-,$(FUZZ_TARGETS)) fuzz-go ## Look for bytes and files that are too much, FUZZ_SECONDS each

# `make fuzz-loader` is one target by itself.
fuzz-%: needs-fuzz
	@mkdir -p target/fuzz/$*
	$(call fuzz-run,$*) -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 -print_final_stats=1

# First the files that the loader was given are written down: what a target's own bytes stand for changes with
# wasm-smith.
fuzz-go: needs-fuzz needs-go components
	@rm -rf $(FUZZ_STRUCTURED)
	@mkdir -p $(FUZZ_STRUCTURED) target/fuzz/loader
	POINTSMAN_STRUCTURED=$(FUZZ_STRUCTURED) $(call fuzz-run,loader) -runs=0
	cd $(GO_HOST) && POINTSMAN_FUZZ_SEEDS=$(FUZZ_STRUCTURED) \
		$(GO) test -run '^$$' -fuzz '^FuzzLoad$$' -fuzztime $(FUZZ_SECONDS)s -fuzzminimizetime 10s .

# === the Python host ===

PYTHON ?= python3
PYTHON_HOST := hosts/python
PYTHON_VENV := target/python
PYTHON_LOWEST := target/python-lowest
PYTHON_DEMO := target/python-demo
# What depends on wasmtime, and on watchdog.
PYTHON_LOWEST_TESTS := $(patsubst %,tests/test_%.py,admission cache compile events fork host_limits interrupts isolation limits \
	loader watch watch_lasts)
PIP_QUIET := --quiet --disable-pip-version-check
PYTHON_WHEELS := target/python-wheels
PYTHON_INSTALLED := target/python-installed
in-venv = $(CURDIR)/$(PYTHON_VENV)/bin/python -m

needs-python:
	@$(call need,command -v $(PYTHON),$(PYTHON) is not on the PATH; install Python 3.11 or newer)
	@$(call need,$(PYTHON) -c 'import sys; assert sys.version_info[:2] > (3$(comma) 10)',$(PYTHON) is older than 3.11; \
		install Python 3.11 or newer$(comma) or set PYTHON)
	@$(call need,$(PYTHON) -c 'import ensurepip$(comma) venv',Python has no venv or no pip; install python3-venv)

$(PYTHON_VENV)/ready: $(PYTHON_HOST)/requirements-dev.txt | needs-python
	$(PYTHON) -m venv --clear $(PYTHON_VENV)
	$(PYTHON_VENV)/bin/pip install $(PIP_QUIET) --requirement $(PYTHON_HOST)/requirements-dev.txt
	touch $@

$(PYTHON_LOWEST)/ready: $(PYTHON_HOST)/requirements-lowest.txt | needs-python
	$(PYTHON) -m venv --clear $(PYTHON_LOWEST)
	$(PYTHON_LOWEST)/bin/pip install $(PIP_QUIET) --requirement $(PYTHON_HOST)/requirements-lowest.txt
	touch $@

# An editable install, which puts the components into the package. Its requirements are there already, pinned.
python-package: components $(PYTHON_VENV)/ready
	$(PYTHON_VENV)/bin/pip install $(PIP_QUIET) --no-deps --no-build-isolation --editable $(PYTHON_HOST)

python: python-package $(PYTHON_LOWEST)/ready ## Check and test the Python host, and its wheel
	cd $(PYTHON_HOST) && $(in-venv) ruff format --check --quiet . && $(in-venv) ruff check --quiet . && $(in-venv) mypy
	cd $(PYTHON_HOST) && $(in-venv) pytest
	$(PYTHON_LOWEST)/bin/pip install $(PIP_QUIET) --no-deps --no-build-isolation --editable $(PYTHON_HOST)
	cd $(PYTHON_HOST) && $(CURDIR)/$(PYTHON_LOWEST)/bin/python -m pytest --quiet $(PYTHON_LOWEST_TESTS)
	rm -rf $(PYTHON_WHEELS) $(PYTHON_INSTALLED)
	$(in-venv) build --no-isolation --outdir $(PYTHON_WHEELS) $(PYTHON_HOST) >/dev/null
	$(PYTHON) -m venv $(PYTHON_INSTALLED)
	$(PYTHON_INSTALLED)/bin/pip install $(PIP_QUIET) --constraint $(PYTHON_HOST)/requirements-dev.txt \
		$(PYTHON_WHEELS)/*-py3-none-any.whl
	$(in-venv) pytest --quiet $(PYTHON_HOST)/tests/test_readme.py \
		--python $(CURDIR)/$(PYTHON_INSTALLED)/bin/python

bench-python: python-package ## Measure the Python host, and print the tables
	$(PYTHON_VENV)/bin/python $(PYTHON_HOST)/benchmarks

# === the Go host ===

GO ?= go
GO_HOST := hosts/go
# Run, not required: who uses the module gets none of it.
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

needs-go:
	@$(call need,command -v $(GO),go is not on the PATH; install Go 1.25 or newer)
	@version="$$(cd / && GOTOOLCHAIN=local $(GO) env GOVERSION)"; case "$$version" in \
		go1.[0-9]|go1.[0-9].*|go1.1[0-9]*|go1.2[0-4]*) \
		echo "error: $$version is too old; install Go 1.25 or newer" >&2; exit 1;; esac

go: needs-go components ## Check and test the Go host
	@unformatted="$$(gofmt -l $(GO_HOST))"; [ -z "$$unformatted" ] || \
		{ echo "error: gofmt would change $$unformatted" >&2; exit 1; }
	cd $(GO_HOST) && $(GO) vet ./...
	cd $(GO_HOST) && $(GO) run $(STATICCHECK) ./...
	cd $(GO_HOST) && $(GO) test -race -timeout 30m ./...
	cd $(GO_HOST) && $(GO) run ./examples/manager $(CURDIR)/$(PLUGIN) | diff - $(CURDIR)/examples/manager/expected.txt

# The embedded components are those that the build makes: a test of `make go` compares.
go-components: needs-go components ## Put the built components into the Go module
	cd $(GO_HOST) && $(GO) generate ./components

bench-go: needs-go components ## Measure the Go host, and print its README's tables
	@cd $(GO_HOST) && $(GO) test -run '^TestTable$$' -count 1 -v . -args -table
	@cd $(GO_HOST)/benchmarks && $(GO) vet . && $(GO) run . $(CURDIR)/$(dir $(PLUGIN))
