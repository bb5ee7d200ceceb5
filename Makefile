# The ways in. Everything installs what it needs the first time, and works offline from then on.
.DEFAULT_GOAL := help
.PHONY: help demo test bench screenshots clean
BIN := .venv/bin

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

demo: ## a first look: SoftHSM2 tokens, a primus.cfg, a connection test (ARGS=--test for just the test)
	@.ci/prepare demo
	@$(BIN)/ppinui demo $(ARGS)

test: ## format, lint, types, import contracts, tests (ARGS are pytest's)
	@.ci/prepare test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest $(ARGS)

bench: ## every measurement, as ratios
	@.ci/prepare test
	@.ci/bench

screenshots: ## every picture in screenshots/ anew; look at those that have changed
	@.ci/prepare test
	@env -i PATH="$$PATH" $(BIN)/python -m tests.pictures screenshots

clean: ## removes the virtual environment and all caches
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find ppinui tests -name __pycache__ -type d -prune -exec rm -rf {} +
