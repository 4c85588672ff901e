"""Repartitioning that is killed, while processes with the former and the new number write."""

from __future__ import annotations

import pytest

from tests.support.amounts import amount
from tests.support.forks import run
from tests.support.servers import FEW

KILLS = amount("LIMPYD_KILLS", 6)


@pytest.mark.parametrize("name", FEW)
def test_killed_repartitions(name, servers):
    """Nothing is lost or doubled, no acknowledged write is undone, and no unique value has two owners."""
    server = servers(name)
    with server.client() as client:
        client.flushall()
    done = run("-m", "tests.faults.programs.killed_repartitions", server.port, KILLS)
    assert done.returncode == 0, done.stdout + done.stderr
    kills, rounds, writes = map(int, done.stdout.split())
    assert kills >= KILLS
    assert rounds > 0
    assert writes > 0
