"""A model is used while its objects move to more partitions, and movers are killed."""

from __future__ import annotations

import pytest

from tests.support.amounts import amount
from tests.support.forks import run
from tests.support.servers import NEWEST

MOVES = amount("LIMPYD_MOVES", 1)
SEEDS = amount("LIMPYD_SEEDS", 1)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_online_moves(servers, seed):
    server = servers(NEWEST)
    done = run("-m", "tests.faults.programs.online_moves", server.port, seed, MOVES)
    assert done.returncode == 0, done.stdout + done.stderr
    _, operations = map(int, done.stdout.split())
    assert operations > 100
