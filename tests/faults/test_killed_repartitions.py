"""Repartitioning that is killed, while processes with the former and the new number write."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.servers import FEW

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("LIMPYD_KILLS", "6"))


@pytest.mark.parametrize("name", FEW)
def test_killed_repartitions(name, servers):
    """Nothing is lost or doubled, no acknowledged write is undone, and no unique value has two owners."""
    server = servers(name)
    with server.client() as client:
        client.flushall()
    program = [sys.executable, "-m", "tests.faults.programs.killed_repartitions", str(server.port), str(KILLS)]
    done = subprocess.run(program, capture_output=True, text=True, cwd=ROOT, timeout=60 + 3 * KILLS, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    kills, rounds, writes = map(int, done.stdout.split())
    assert kills >= KILLS
    assert rounds > 0
    assert writes > 0
