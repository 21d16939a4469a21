# What developers and CI run. Needs Python 3.11 or later, make and git; everything else is installed into .venv, and
# the servers of the tests with apt where that is possible (tests/install-servers.sh).
#
#   make demo       the product on a simulated river, in the browser; nothing else is needed
#   make test       everything but the slow tests
#   make test-slow  the slow tests alone
#   make check      lint, types and imports
#   make bench      the measurements in bench/
#   make wheelhouse an archive to install from without a network (docs/small-office.md)
#   make requirements  pin the versions anew

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PYTEST_ARGS ?=
# Many tests wait for servers: one process more than there are cores.
WORKERS ?= $(shell $(PYTHON) -c "import os; print((os.cpu_count() or 1) + 1)")
LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet
CHECK_PYTHON := $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Watermaster needs Python 3.11 or later, $(PYTHON) is " + sys.version.split()[0])'

.DEFAULT_GOAL := test
.PHONY: venv demo servers test test-slow check lint format types imports bench wheelhouse requirements clean

venv: $(READY)

# --require-hashes: what is installed is what was pinned. --no-deps and --no-build-isolation: the project itself brings
# nothing that was not.
$(READY): requirements/dev.txt pyproject.toml
	@$(CHECK_PYTHON)
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.runtime

# DEMO_ARGS="--port 0 --no-browser", for example. Only what runs is installed, neither tests nor their servers.
demo: $(VENV)/.runtime
	@$(BIN)/watermaster demo $(DEMO_ARGS)

$(VENV)/.runtime: requirements/runtime.txt requirements/build.txt pyproject.toml
	@$(CHECK_PYTHON)
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/runtime.txt -r requirements/build.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

servers:
	@tests/install-servers.sh

test: venv servers
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal $(PYTEST_ARGS)

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

wheelhouse: venv
	deploy/wheelhouse.sh $(BIN)/python dist

# uv must be on PATH; the rest of the project does not use it.
requirements:
	$(LOCK) pyproject.toml --output-file requirements/runtime.txt
	$(LOCK) --group build --output-file requirements/build.txt
	$(LOCK) pyproject.toml --extra postgresql --group dev --constraint requirements/runtime.txt --output-file requirements/dev.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist
