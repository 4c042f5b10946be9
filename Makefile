PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := help

help: ## what each target does
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/.installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

install: $(VENV)/.installed ## the environment in .venv, from the lock file

lock: ## resolve requirements.lock again (all extras but spark, Python 3.11 to 3.13, hashes, no index named)
	$(PYTHON) -m pip install --quiet uv
	$(PYTHON) -m uv pip compile pyproject.toml --extra test --extra postgres --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --build-constraints /dev/null \
	  -o requirements.lock requirements.build.in --quiet

.PHONY: help install lock
