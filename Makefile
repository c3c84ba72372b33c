# `make` lists what there is. Nothing here needs more than make, a Python from 3.11 on and, for the page, a network.

.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: help run test check bench schema lock web format clean

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
# Hashes for everything, wheels only: nothing is built, nothing comes from elsewhere than was locked.
INSTALL := $(PIP) install --require-hashes --only-binary :all: --no-deps
COMPILE := $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links --upgrade

help: ## List the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

run: .venv/installed ## Run everything here: database, API, worker, page and demo, until Ctrl-C
	@exec $(BIN)/marquee run

test: .venv/installed-dev ## Run every test; ARGS="tests/graph -q" runs some
	@bash .ci/chromium
	@$(BIN)/python -m edge.local.page
ifeq ($(strip $(ARGS)),)
	$(BIN)/python -m pytest -q -n 2 --dist loadfile -m "not chaos and not browser"
	$(BIN)/python -m pytest -q -n 2 --dist loadfile -m "chaos or browser"
else
	$(BIN)/python -m pytest $(ARGS)
endif

check: .venv/installed-dev ## Lint, types, imports, schema and laws: what has to pass before a commit
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/marquee schema --check
	$(BIN)/python -m pytest -q tests/laws

format: .venv/installed-dev ## Format the Python sources
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/installed-dev ## Measure one performance law: make bench LAW=start
	@$(BIN)/python -m bench $(LAW)

schema: .venv/installed-dev ## Write schema.graphql from the code
	$(BIN)/marquee schema

web: .venv/installed ## Build the page if its sources changed
	@$(BIN)/python -m edge.local.page

# The larger set first, so that both agree on every version.
lock: .venv/installed-dev ## Choose the newest versions of all packages again, with hashes
	$(COMPILE) --extra build --extra dev --output-file requirements-dev.lock
	$(COMPILE) --extra build --constraint requirements-dev.lock --output-file requirements.lock

clean: ## Remove what was built and installed; the data in .marquee stays
	rm -rf .venv web/dist web/node_modules .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

.venv/bin/python:
	@bash .ci/virtualenv

.venv/installed: requirements.lock pyproject.toml | .venv/bin/python
	@echo "Installing the packages of requirements.lock (once, and after changes to it) …"
	@$(INSTALL) --requirement requirements.lock
	@$(PIP) install --no-build-isolation --no-deps --no-index --editable .
	@touch $@

.venv/installed-dev: requirements-dev.lock .venv/installed
	@echo "Installing the packages of requirements-dev.lock …"
	@$(INSTALL) --requirement requirements-dev.lock
	@touch $@
