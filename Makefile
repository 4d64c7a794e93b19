# `make demo` shows a rollout decided in a sandbox, `make test` runs everything that continuous integration runs.
# A machine needs Rust 1.95 or newer (with rustfmt and clippy for `make test`), a C compiler and git; the rest is installed.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
CARGO ?= cargo
# Components and the command line are looked for there, whatever a user has set.
export CARGO_TARGET_DIR := $(CURDIR)/target
PLUGIN := target/plugins/blue_green.wasm
POINTSMAN := target/debug/pointsman

.PHONY: help demo test components fmt lint docs unit reproducible bench needs-cargo

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 20

needs-cargo:
	@command -v $(CARGO) >/dev/null || { echo "error: cargo is not on the PATH; install Rust 1.95 or newer (rustup)" >&2; exit 1; }
	@command -v cc >/dev/null || { echo "error: there is no C compiler; install gcc or clang" >&2; exit 1; }

components: needs-cargo ## Build the components into target/plugins
	$(CARGO) xtask components

demo: components ## Show a rollout of three replicas, decided cycle by cycle in the sandbox
	$(CARGO) build --locked --package pointsman-manager
	@printf '\n$$ pointsman explain --plugin $(PLUGIN) examples/rollout.json\n\n'
	@$(POINTSMAN) explain --plugin $(PLUGIN) examples/rollout.json
	@printf '\n$$ cat examples/request.json\n\n'
	@cat examples/request.json
	@printf '\n$$ pointsman evaluate --plugin $(PLUGIN) --pretty examples/request.json\n\n'
	@$(POINTSMAN) evaluate --plugin $(PLUGIN) --pretty examples/request.json

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

test: fmt lint docs unit reproducible ## Everything that continuous integration runs

bench: components ## Measure, and print the table (several minutes)
	$(CARGO) bench --locked --package host-test
	@$(CARGO) xtask bench-table
