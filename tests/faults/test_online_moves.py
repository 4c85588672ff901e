"""A model is used while its objects move to more partitions, and movers are killed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support.servers import NEWEST

MOVES = int(os.environ.get("LIMPYD_MOVES", "1"))
SEEDS = int(os.environ.get("LIMPYD_SEEDS", "1"))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_online_moves(servers, seed):
    server = servers(NEWEST)
    program = [sys.executable, "-m", "tests.faults.programs.online_moves", str(server.port), str(seed), str(MOVES)]
    done = subprocess.run(program, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    _, operations = map(int, done.stdout.split())
    assert operations > 100
