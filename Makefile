# `make demo` and `make test` are all that a newcomer needs: each sets up .venv by itself.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test check bench bench-peers commands format clean

demo: $(READY)  ## Load 28,000 airports and show what limpyd is for.
	@$(BIN)/python examples/airports.py

test: $(READY)  ## Run the tests on every server at hand.
	@$(BIN)/python -m pytest

check: $(READY)  ## Look for mistakes without running anything: style, types.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/pyright --pythonpath $(BIN)/python

bench: $(READY)  ## Compare with the same work by hand, with the limit, and with peers if they are at hand (QUICK=1: less).
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[bench]'
	@$(BIN)/python -m benchmarks --plots docs/plots $(if $(QUICK),--quick)

bench-peers:  ## Set up the libraries that limpyd is compared with, each in an environment of its own.
	@set -e; for peer in 'limpyd2 redis-limpyd==2.1.2 redis<6 setuptools<80 future six' 'walrus walrus' 'rom rom'; do \
	  set -- $$peer; $(PYTHON) -m venv .venv-peers/$$1; \
	  python=.venv-peers/$$1/bin/python; shift; \
	  $$python -m pip install --quiet --disable-pip-version-check hiredis "$$@"; done

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
