"""Models that refer to each other are used while they move to more partitions; movers and deletions are killed."""

from __future__ import annotations

import pytest

from tests.support.amounts import amount
from tests.support.forks import run
from tests.support.servers import NEWEST

MOVES = amount("LIMPYD_MOVES", 1)
SEEDS = amount("LIMPYD_SEEDS", 1)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_moved_references(servers, seed):
    done = run("-m", "tests.faults.programs.moved_references", servers(NEWEST).port, seed, MOVES)
    assert done.returncode == 0, done.stdout + done.stderr
    _, _, operations = map(int, done.stdout.split())
    assert operations > 100
