# The ways in. Everything installs what it needs the first time, and works offline from then on.
.DEFAULT_GOAL := help
.PHONY: help demo check format test lint units bench screenshots clean
BIN := .venv/bin
# What is quick: no terminal, no HSM, no daemon of the machine.
UNITS := tests/config tests/editing tests/files tests/kms tests/libconfig tests/pkcs11 tests/secrets tests/services tests/setup \
	tests/test_audit.py tests/test_text.py
# Many tests wait rather than compute.
WORKERS := $(shell echo $$((2 * $$(nproc))))

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

demo: ## a first look: SoftHSM2 tokens, a primus.cfg, a connection test (ARGS=--test for just the test)
	@.ci/prepare demo
	@$(BIN)/ppinui demo $(ARGS)

check: ## format, lint, types, import contracts, and the tests that are quick
	@.ci/prepare test
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target lint units

format: ## formats the code, and mends what ruff can mend by itself
	@.ci/prepare test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test: ## format, lint, types, import contracts, all tests on all cores (ARGS are pytest's)
	@.ci/prepare test
	@$(MAKE) --no-print-directory lint
	$(BIN)/python -m pytest --numprocesses=$(WORKERS) --dist=loadgroup $(ARGS)

lint:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

units:
	$(BIN)/python -m pytest -q --numprocesses=2 --dist=loadgroup $(UNITS)

bench: ## every measurement, as ratios
	@.ci/prepare test
	@.ci/bench

screenshots: ## every picture in screenshots/ anew; look at those that have changed
	@.ci/prepare test
	@env -i PATH="$$PATH" $(BIN)/python -m tests.pictures screenshots

clean: ## removes the virtual environment and all caches
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find ppinui tests -name __pycache__ -type d -prune -exec rm -rf {} +
