"""Tasks that are cancelled, and event loops that an exception interrupts, at any place: a sample of the places."""

from __future__ import annotations

import pytest

from tests.faults.interrupted_tasks import LOOPS, interrupted

STRIDE = 83


@pytest.mark.parametrize("loop", LOOPS)
def test_next_calls_get_their_own_replies(one_server, loop):
    figures = interrupted(loop, one_server.port, STRIDE)
    assert figures.pop("places") == figures["judged"]
    assert figures.pop("judged") > 150
    assert {name: number for name, number in figures.items() if number} == {}
