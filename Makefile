# Every target works in .venv of this folder, whatever environment is active in the shell.
# A stamp file per set of packages makes the second call quick.

PYTHON ?= python3
BIN := .venv/bin
BASE := .venv/.installed-base
TEST := .venv/.installed-test
BENCH := .venv/.installed-bench
QUESTION ?= How do I add a node?

unexport PYTHONPATH PYTHONHOME
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help demo install test check e2e bench generate clean

help:  ## List the targets.
	@awk -F ':.*## ' '/^[a-z][a-z0-9-]*:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

demo: $(BASE)  ## Set up .venv, then ask the bundled model a question.
	@echo "+ rbee infer -m bee-tiny -p \"$(QUESTION)\""
	@$(BIN)/rbee infer -m bee-tiny -p "$(QUESTION)" </dev/null && echo

install: $(BASE)  ## Set up .venv and nothing more.

test: $(TEST)  ## Run every test.
	$(BIN)/python -m pytest tests

e2e: $(TEST)  ## Run the tests that start real processes with the real engine.
	$(BIN)/python -m pytest tests/e2e

check: $(TEST)  ## Look at style, types, arrows and generated files.
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/generate.py --check

generate: $(BASE)  ## Write completions/, man/ and docs/reference/ again.
	$(BIN)/python scripts/generate.py

bench: $(BENCH)  ## Run every benchmark; benchmarks/METHOD.md says what they measure.
	@for script in $$(grep -l __main__ benchmarks/*.py); do echo "+ $$script"; $(BIN)/python "$$script" || exit 1; done

clean:  ## Remove .venv and everything that tools left here.
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(BIN)/python:
	@sh scripts/preflight.sh "$(PYTHON)"
	$(PYTHON) -m venv .venv

$(BASE): $(BIN)/python pyproject.toml
	@sh scripts/preflight.sh --engine $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(TEST): $(BASE)
	$(BIN)/python -m pip install --quiet --editable '.[test,dev]'
	@touch $@

$(BENCH): $(TEST)
	$(BIN)/python -m pip install --quiet --editable '.[bench]'
	@touch $@
