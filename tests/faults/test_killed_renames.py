"""Renaming that is killed, while others write under the old and the new name."""

from __future__ import annotations

import pytest

from tests.support.amounts import amount
from tests.support.forks import run
from tests.support.servers import FEW

KILLS = amount("LIMPYD_KILLS", 6)


@pytest.mark.parametrize("name", FEW)
def test_killed_renames(name, servers):
    """Nothing is lost or doubled, no acknowledged write is undone, and nothing stays under the old name."""
    server = servers(name)
    with server.client() as client:
        client.flushall()
    done = run("-m", "tests.faults.programs.killed_renames", server.port, KILLS)
    assert done.returncode == 0, done.stderr
    kills, objects, writes = map(int, done.stdout.split())
    assert kills >= KILLS
    assert objects > 400
    assert writes > 0
