# `make demo` and `make test` are all that a newcomer needs: each sets up .venv by itself.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test check faults bench commands format clean

demo: $(READY)  ## Load 28,000 airports and show what limpyd is for.
	@$(BIN)/python examples/airports.py

test: $(READY)  ## Run the tests on every server at hand.
	@$(BIN)/python -m pytest

check: $(READY)  ## Look for mistakes without running anything: style, types.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/pyright --pythonpath $(BIN)/python

faults: $(READY)  ## Have accidents happen to servers for some minutes, and tell what came of it.
	@$(BIN)/python -m tests.faults.suite

bench: $(READY)  ## Compare with the same work written by hand.
	@$(BIN)/python -m benchmarks.core
	@$(BIN)/python -m benchmarks.queries
	@$(BIN)/python -m benchmarks.bulk
	@$(BIN)/python -m benchmarks.growth

commands: $(READY)  ## Write docs/commands.md, and tell how many of the servers' commands are offered.
	@$(BIN)/python -m tools.commands
	@$(BIN)/python -m tools.commands coverage

format: $(READY)
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(READY): pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is needed; or name another: make PYTHON=python3.12 …"; exit 1; }
	@echo "Setting up $(VENV) (once, about a minute)…"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@
