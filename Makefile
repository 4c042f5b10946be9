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

# Tracing doubles what Python code costs. So it is on where it tells what nothing else does: under the tests of the core,
# but for those that say the same of more input, and of the tests that start servers under the ones that go through the
# app's pages, or show its reader every kind of server.
PYTEST := $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder -m "not deep"
CORE_TESTS := tests/unit tests/spec tests/launch tests/generative
MORE_INPUT := $(addprefix tests/spec/test_,content_policy_large.py measures_decks.py measures_mutants.py \
  measures_tables.py measures_unread.py sql_population_decks.py) $(addprefix tests/unit/test_,docs.py \
  import_directions.py population_groups.py queue_any_order.py sandbox_patients.py sandbox_patients_cast.py \
  sandbox_patients_codes.py sandbox_patients_states.py)
SERVER_TESTS := tests/integration tests/browser tests/faults
PAGES := tests/faults/test_reading_hostile_servers.py $(addprefix tests/integration/test_,chart_story.py \
  enrolment_pages.py messages_page.py sms_hook.py wordings_page.py)

test: lint tests ## lint, types and all tests, with the coverage floors

tests: install tools
	$(PYTEST) --cov --cov-report= $(CORE_TESTS) $(PAGES) $(MORE_INPUT:%=--ignore=%)
	$(PYTEST) $(MORE_INPUT) $(SERVER_TESTS) $(PAGES:%=--ignore=%)
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

.PHONY: help install demo test tests test-deep test-spark lint tools bench lock
