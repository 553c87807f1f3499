# Everything a newcomer needs: Python >= 3.11 and make. `make help` lists the targets.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do $$p -c 'import sys; sys.exit(not ((3,11) <= sys.version_info < (3,14)))' 2>/dev/null && echo $$p && break; done)
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
PYTEST_WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup run demo test test-faults check format bench bench-scale lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | expand -t 12

setup: $(STAMP) ## prepare .venv with the locked dependencies

$(STAMP): requirements/dev.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed (set PYTHON=...)"; exit 2; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

run: setup ## serve the gateway with sandbox data and simulated back ends on 127.0.0.1:8080
	@$(BIN)/sisc sandbox

demo: setup ## the whole tour against a gateway in a temporary folder
	@$(BIN)/sisc demo

test: setup ## run the tests
	@$(BIN)/python -m pytest -n $(PYTEST_WORKERS)

test-faults: setup ## 5,000 documents while processes, database and broker die and back ends fail; prints what struck
	@$(BIN)/python -m tests.faults

check: setup ## formatting, lint, types, import directions
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy

format: setup ## let the formatter and the safe fixes of the linter do their work
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup ## measure stages, whole documents, throughput and memory; prints JSON
	@$(BIN)/python -m benchmarks

bench-scale: setup ## measure two workers, a long backlog and a full store; takes a while, prints JSON
	@$(BIN)/python -m benchmarks.scale

lock: setup ## resolve the dependencies anew into requirements/*.txt
	$(BIN)/python -m pip install --quiet "uv>=0.8,<1"
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements/run.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --group dev -o requirements/dev.txt

clean: ## remove everything made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build sandbox
