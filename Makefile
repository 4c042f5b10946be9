PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PATIENTS ?=
.DEFAULT_GOAL := help

help: ## what each target does
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/.installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

install: $(VENV)/.installed ## the environment in .venv, from the lock file

demo: install ## a sandbox EHR and the app on this machine; prints the address to open
	$(BIN)/smartapp demo $(if $(PATIENTS),--patients $(PATIENTS))

# Tracing doubles what Python code costs. So the core is traced under the tests of its own; under those that start whole
# servers only the edges are, which nothing else reaches.
PYTEST := $(BIN)/python -m pytest -n 3 --dist loadfile -m "not deep"
CORE_TESTS := tests/unit tests/spec tests/launch tests/generative
SERVER_TESTS := tests/integration tests/browser tests/faults
EDGES := web services reading demo

test: install lint tools ## lint, types and all tests, with the coverage floors
	$(PYTEST) --cov --cov-report= $(CORE_TESTS)
	$(PYTEST) --cov-append $(EDGES:%=--cov=smartapp/%) --cov-report= --no-loadscope-reorder $(SERVER_TESTS)
	$(BIN)/python -m coverage json -q -o .coverage.json
	$(BIN)/python tests/coverage_floors.py .coverage.json

test-deep: install ## long fuzzing of the two engines against each other, and the mutants of every measure
	$(BIN)/python -m pytest -m deep

test-spark: install ## the population on Spark; installs pyspark (434 MB) into .venv, needs Java 17
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.spark.lock
	SMARTAPP_TEST_SPARK=1 $(BIN)/python -m pytest tests/integration/test_spark.py

lint: install ## ruff (rules and format) and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

tools: install ## the browser and the database server that some tests need, from Debian where it can
	@$(BIN)/python tests/tools.py

bench: install ## speed and memory on generated data
	$(BIN)/smartapp bench

lock: ## resolve requirements.lock again (Python 3.11 to 3.13, every wheel's hash, no index named)
	$(PYTHON) -m pip install --quiet uv
	$(PYTHON) -m uv pip compile pyproject.toml --extra test --extra postgres --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header -o requirements.lock requirements.build.in --quiet

.PHONY: help install demo test test-deep test-spark lint tools bench lock
