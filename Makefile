# The named tasks. `make` alone lists them.
#
# Everything is installed into .venv and built into target/; nothing else is touched.
# The two stamp files below stand for "installed and up to date": a task that is repeated
# redoes only what changed. Python sources are installed in place and need no stamp.

PYTHON ?= python3
VENV := $(CURDIR)/.venv
BIN := $(VENV)/bin
SCENARIO ?= scenarios/ubin_gridlock.yaml

KERNEL_SOURCES := $(shell find kernel -name '*.rs' -o -name Cargo.toml) Cargo.toml Cargo.lock

PACKAGE := $(VENV)/.stamp-package
DEV := $(VENV)/.stamp-dev
BROWSER := $(VENV)/.stamp-browser
DOCS := $(VENV)/.stamp-docs

# maturin installs into the environment that these two name, whatever the caller has activated.
MATURIN := env -u CONDA_PREFIX VIRTUAL_ENV=$(VENV) PYO3_PYTHON=$(BIN)/python $(BIN)/maturin
CARGO := PYO3_PYTHON=$(BIN)/python cargo

.DEFAULT_GOAL := help
.PHONY: help build run serve test test-browser check bench bench-server docs record clean

help:  ## list the tasks
	@sed -n 's/^\([a-z-]*\):.*##/  make \1 \t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 22

build: $(PACKAGE)  ## create .venv, build the kernel (release) and install the package

run: $(PACKAGE)  ## run the main job: a published gridlock of five banks (SCENARIO=... for another)
	@$(BIN)/paysim run $(SCENARIO)

serve: $(DEV)  ## serve the HTTP API and the live page on this machine
	@$(BIN)/paysim serve

test: $(DEV)  ## run all tests, Rust and Python
	$(CARGO) test --quiet
	$(BIN)/python -m pytest -n auto --ignore=tests/browser

test-browser: $(BROWSER)  ## open reports and the live page in a real browser; skipped without Chromium
	$(BIN)/python -m pytest tests/browser -rs

check: $(DEV)  ## formatting, lints, types, the stub of the kernel, examples of the docs
	cargo fmt --all --check
	$(CARGO) clippy --quiet --workspace --all-targets -- -D warnings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest paysim._kernel
	$(BIN)/python -m pytest tests/test_docs.py tests/test_tidy.py

bench: $(DEV)  ## measure speed and memory, and print them beside what is asked for
	$(BIN)/python tests/bench/run.py

bench-server: $(DEV)  ## measure the service: requests, streams, memory
	$(BIN)/python tests/bench/server.py

docs: $(DOCS)  ## build the documentation as HTML into target/docs
	$(BIN)/sphinx-build --quiet --fail-on-warning docs target/docs
	@echo target/docs/index.html

record: $(DEV)  ## write the golden event log hashes and the recorded outputs of the docs anew
	$(BIN)/python tests/record.py
	$(BIN)/python tests/server/guide.py
	$(BIN)/python tests/server/http_api_page.py

clean:  ## remove what the tasks made
	rm -rf $(VENV) target dist paysim/_kernel*.so

$(BIN)/maturin:
	@command -v cargo >/dev/null || { echo "paysim needs a Rust toolchain: cargo was not found" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("paysim needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet "maturin>=1.9"

# Always a release build: a debug kernel is many times slower and would be measured by mistake.
$(PACKAGE): $(KERNEL_SOURCES) pyproject.toml | $(BIN)/maturin
	$(MATURIN) develop --release
	@touch $@

$(DEV): pyproject.toml | $(PACKAGE)
	$(MATURIN) develop --release --extras dev
	@touch $(PACKAGE) $@

$(BROWSER): pyproject.toml | $(PACKAGE)
	$(MATURIN) develop --release --extras dev,browser
	@touch $(PACKAGE) $@

$(DOCS): pyproject.toml | $(PACKAGE)
	$(MATURIN) develop --release --extras docs
	@touch $(PACKAGE) $@
