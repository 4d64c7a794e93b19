# `make demo` shows a rollout decided in a sandbox, `make test` runs everything that continuous integration runs.
# A machine needs Rust 1.95 or newer (with rustfmt and clippy for `make test`), a C compiler and git; the rest is installed.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
CARGO ?= cargo
# Components and the command line are looked for there, whatever a user has set.
export CARGO_TARGET_DIR := $(CURDIR)/target
PLUGIN := target/plugins/blue_green.wasm
POINTSMAN := target/debug/pointsman

.PHONY: help demo test components fmt lint docs unit reproducible model bench fuzz needs-cargo go bench-go needs-go

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

test: fmt lint docs unit reproducible go ## Everything that continuous integration runs

# The same check with more going wrong; `make test` runs the smaller one.
model: needs-cargo ## Check the strategies' models more deeply (several minutes)
	$(CARGO) test --locked --package pointsman --test model -- --ignored --nocapture

bench: components ## Measure, and print the table (several minutes)
	$(CARGO) bench --locked --package host-test
	@$(CARGO) xtask bench-table

FUZZ_SECONDS ?= 60
FUZZ_TARGETS := json_door config guard
CARGO_FUZZ := target/tools/bin/cargo-fuzz

$(CARGO_FUZZ):
	$(CARGO) install --locked --root target/tools cargo-fuzz@0.13.2

# Without a sanitizer it needs no nightly compiler, and safe Rust has little for one to find.
fuzz: needs-cargo $(CARGO_FUZZ) ## Look for bytes that are too much, FUZZ_SECONDS for each target (needs a C++ compiler)
	@command -v c++ >/dev/null || { echo "error: there is no C++ compiler; install g++ or clang" >&2; exit 1; }
	for target in $(FUZZ_TARGETS); do \
		mkdir -p target/fuzz/$$target; \
		$(CARGO_FUZZ) fuzz run --sanitizer none --target-dir target/fuzz/build $$target target/fuzz/$$target tests/fuzz/$$target -- \
			-max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 -print_final_stats=1; \
	done

# === the Go host ===

GO ?= go
GO_HOST := hosts/go
# Run, not required: who uses the module gets none of it.
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

needs-go:
	@command -v $(GO) >/dev/null || { echo "error: go is not on the PATH; install Go 1.25 or newer" >&2; exit 1; }
	@case "$$(cd / && GOTOOLCHAIN=local $(GO) env GOVERSION)" in go1.[0-9]|go1.[0-9].*|go1.1[0-9]*|go1.2[0-4]*) \
		echo "error: $$(cd / && GOTOOLCHAIN=local $(GO) env GOVERSION) is too old; install Go 1.25 or newer" >&2; exit 1;; esac

go: needs-go components ## Check and test the Go host
	@unformatted="$$(gofmt -l $(GO_HOST))"; [ -z "$$unformatted" ] || { echo "error: gofmt would change $$unformatted" >&2; exit 1; }
	cd $(GO_HOST) && $(GO) vet ./...
	cd $(GO_HOST) && $(GO) run $(STATICCHECK) ./...
	cd $(GO_HOST) && $(GO) test -race ./...
	cd $(GO_HOST) && $(GO) run ./examples/manager $(CURDIR)/$(PLUGIN) | diff - $(CURDIR)/examples/manager/expected.txt

bench-go: needs-go components ## Measure the Go host, and print its README's tables
	@cd $(GO_HOST) && $(GO) test -run '^TestTable$$' -count 1 -v . -args -table
