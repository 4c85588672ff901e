# `make demo` and `make test` are all that a newcomer needs: each sets up .venv by itself.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo demo-cluster test test-pairs test-all check check-pyright check-docs check-mypy check-files faults interrupts random bench growth bench-peers commands references examples faces lua docs format clean

DOCS := build/docs
SPHINX := $(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going --builder html docs $(DOCS)

demo: $(READY)  ## Load 28,000 airports and show what limpyd is for.
	@$(BIN)/python examples/airports.py

demo-cluster: $(READY)  ## Write 28,000 airports to three nodes, while slots move and a primary is killed.
	@$(BIN)/python examples/airports_cluster.py

# Tests start several hundred processes: without compiled files each would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE

# Each process has servers of its own, so they are not many; two more than there are cores, since half of their time they
# wait: for failovers, deadlines, and servers that start.
WORKERS := $(shell expr $$(getconf _NPROCESSORS_ONLN) + 2)
PYTEST := -m pytest --numprocesses $(WORKERS) --maxprocesses 4 --dist worksteal

test: $(READY)  ## Run the tests; faces and servers at hand take turns (SERVERS=valkey-9.1,system: only these servers).
	@$(BIN)/python $(PYTEST) $(if $(SERVERS),--servers $(SERVERS))

test-pairs: $(READY)  ## Run each test on both faces and on every server at hand; about an hour.
	@$(BIN)/python $(PYTEST) --every-pair $(if $(SERVERS),--servers $(SERVERS))

PYTHONS := 3.11 3.12 3.13
LOWEST_REDIS := 8.0

test-all:  ## Run the tests on each Python at hand, each in its own .venv-…, and on the lowest redis-py.
	@failed=; for version in $(PYTHONS) lowest; do \
		number=$${version#lowest}; number=$${number:-$(firstword $(PYTHONS))}; \
		python=; for found in python$$number $${PYENV_ROOT:-$$HOME/.pyenv}/versions/$$number.*/bin/python; do \
			if $$found --version >/dev/null 2>&1; then python=$$found; break; fi; \
		done; \
		if [ -z "$$python" ]; then echo "== $$version: there is no Python $$number here"; continue; fi; \
		echo "== $$version"; $$python -m venv .venv-$$version; extra=; \
		if [ $$version = lowest ]; then extra='redis==$(LOWEST_REDIS).*'; fi; \
		.venv-$$version/bin/python -m pip install --quiet --disable-pip-version-check -e '.[dev]' $$extra \
			&& .venv-$$version/bin/python $(PYTEST) || failed="$$failed $$version"; \
	done; if [ -n "$$failed" ]; then echo "failed:$$failed"; exit 1; fi

check: $(READY)  ## Look for mistakes without running anything: style, types, Lua, the docs.
	@$(MAKE) --no-print-directory --jobs 2 check-pyright check-docs check-mypy check-files

check-pyright: $(READY)  # takes as long as all others, so it begins first
	@$(BIN)/python -m tools.type_checks pyright

check-docs: $(READY)
	@$(SPHINX)

check-mypy: $(READY)
	@$(BIN)/python -m tools.type_checks mypy
	@$(BIN)/mypy examples/board

check-files: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/python -m tools.lua
	@$(BIN)/python -m tools.faces --check

docs: $(READY)  ## Build the documentation.
	@$(SPHINX)
	@echo "The documentation is in $(DOCS)/index.html"

faults: $(READY)  ## Have accidents happen to servers for some minutes, and tell what came of it.
	@$(BIN)/python -m tests.faults.programs.fault_suite
	@$(BIN)/python -m tests.faults.programs.restarted_sweeps valkey-9.1 50

interrupts: $(READY)  ## Raise at each place of a call in turn, as a signal handler may, and judge what is left; some minutes.
	@$(BIN)/python -m tests.faults.programs.interrupted_calls $(STEP)

AT_LENGTH := random or damage or killed or races or promises or mixture or interleavings or online or histories
AT_LENGTH := $(AT_LENGTH) or any_line or another_type or command_is_missing or lack_a_command or was_stopped or protocols
AT_LENGTH := $(AT_LENGTH) or scopes_cancel

random: $(READY)  ## Run the random tests of the suite for long: queries, commands, damage, kills, races, orders of steps.
	@LIMPYD_QUERIES=20000 LIMPYD_SEQUENCES=20 LIMPYD_DAMAGES=1000 LIMPYD_CHECKED_SECONDS=20 LIMPYD_FAULT_TIMES=20 \
		LIMPYD_KILLS=100 LIMPYD_RACES=20 LIMPYD_REBUILT_SECONDS=30 LIMPYD_TWO_WAY=2000 LIMPYD_STEPS=2000 \
		LIMPYD_SCHEDULES=100 LIMPYD_MOVES=4 LIMPYD_SEEDS=4 LIMPYD_HISTORIES=20 LIMPYD_STRIDE=1 \
		LIMPYD_OPERATIONS=2000 LIMPYD_SCOPES=20000 \
		$(BIN)/python $(PYTEST) --timeout 0 \
		-k '$(AT_LENGTH)' \
		tests/behaviour tests/cluster tests/faults tests/limpyd2 tests/partitions tests/protocols

bench: $(READY)  ## Compare with the same work by hand, with the limit, and with peers if they are at hand (QUICK=1: less).
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[bench]'
	@$(BIN)/python -m benchmarks --plots docs/plots $(if $(QUICK),--quick)

growth: $(READY)  ## Measure how what each operation costs grows, and compare with docs/costs.md (MILLION=1: further); minutes.
	@$(BIN)/python -m benchmarks.growth $(if $(MILLION),--million)

bench-peers:  ## Set up the libraries that limpyd is compared with, each in an environment of its own.
	@set -e; for peer in 'limpyd2 redis-limpyd==2.1.2 redis<6 setuptools<80 future six' 'walrus walrus' 'rom rom'; do \
	  set -- $$peer; $(PYTHON) -m venv .venv-peers/$$1; \
	  python=.venv-peers/$$1/bin/python; shift; \
	  $$python -m pip install --quiet --disable-pip-version-check hiredis "$$@"; done

commands: $(READY)  ## Write docs/commands.md, and tell how many of the servers' commands are offered.
	@$(BIN)/python -m tools.commands
	@$(BIN)/python -m tools.commands coverage

references: $(READY)  ## Write docs/operators.md, exceptions.md, limpyd2.md and costs.md, and draw the pictures.
	@$(BIN)/python -m tools.references
	@$(BIN)/python -m tools.pictures

examples: $(READY)  ## Write the programs of the how-to guides, examples/howto_*.py.
	@$(BIN)/python -m tools.examples

faces: $(READY)  ## Generate the files of the sync face from those of the async one.
	@$(BIN)/python -m tools.faces

lua: $(READY)  ## Write into the Lua files what each requires and provides, and tell what cannot be had.
	@$(BIN)/python -m tools.lua declare

format: $(READY)
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

clean:
	rm -rf $(VENV) .venv-* .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(READY): pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is needed; or name another: make PYTHON=python3.12 …"; exit 1; }
	@echo "Setting up $(VENV) (once, about a minute)…"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@
