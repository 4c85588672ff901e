"""A feed of changes is read while the objects move to more partitions, and all who take part are killed."""

from __future__ import annotations

import pytest

from tests.support.amounts import amount
from tests.support.forks import run
from tests.support.servers import NEWEST

MOVES = amount("LIMPYD_MOVES", 1)
SEEDS = amount("LIMPYD_SEEDS", 1)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_moving_feeds(servers, seed):
    server = servers(NEWEST)
    done = run("-m", "tests.faults.programs.moving_feeds", server.port, seed, MOVES)
    assert done.returncode == 0, done.stdout + done.stderr
    changes, notes, *_ = map(int, done.stdout.split())
    assert notes >= 2 * changes > 200
