# What developers and CI run. Needs Python 3.11 or later, make and git; everything else is installed into .venv, and
# the servers of the tests with apt where that is possible (tests/install-servers.sh).
#
#   make test       everything but the slow tests
#   make test-slow  the slow tests alone
#   make check      lint, types and imports
#   make bench      the measurements in bench/
#   make requirements  pin the versions anew

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PYTEST_ARGS ?=
LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet

.DEFAULT_GOAL := test
.PHONY: venv servers test test-slow check lint format types imports bench requirements clean

venv: $(READY)

# --require-hashes: what is installed is what was pinned. --no-deps and --no-build-isolation: the project itself brings
# nothing that was not.
$(READY): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Watermaster needs Python 3.11 or later, $(PYTHON) is " + sys.version.split()[0])'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

servers:
	@tests/install-servers.sh

test: venv servers
	$(BIN)/python -m pytest $(PYTEST_ARGS)

test-slow: venv servers
	$(BIN)/python -m pytest -m slow --timeout 1800 $(PYTEST_ARGS)

check: lint types imports

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: venv
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: venv
	$(BIN)/mypy

imports: venv
	$(BIN)/lint-imports

bench: venv servers
	$(BIN)/python -m bench

# uv must be on PATH; the rest of the project does not use it.
requirements:
	$(LOCK) pyproject.toml --output-file requirements/runtime.txt
	$(LOCK) --group build --output-file requirements/build.txt
	$(LOCK) pyproject.toml --extra postgresql --extra publish --group dev --constraint requirements/runtime.txt --output-file requirements/dev.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist
