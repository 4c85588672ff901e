"""Calls are interrupted at some of their places; `make interrupts` does it at all of them."""

from __future__ import annotations

import random

import pytest

from tests.faults.programs.interrupted_calls import CALLS, interrupt_all

STEPS = range(100, 121)
"""Of so many places one is tried."""
FEWEST = 20
"""How many places the shortest call has, at least."""
SIGNALS = 4


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # raised where an object was collected
@pytest.mark.parametrize("name", CALLS)
def test_what_is_left(one_server, name):
    judge = interrupt_all([name], one_server.port, random.choice(STEPS), random.randrange(FEWEST), SIGNALS)
    assert judge.found["judged"] > SIGNALS
    assert judge.examples == []
