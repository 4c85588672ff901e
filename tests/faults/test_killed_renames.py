"""Renaming that is killed, while others write under the old and the new name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.servers import FEW

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("LIMPYD_KILLS", "12"))


@pytest.mark.parametrize("name", FEW)
def test_killed_renames(name, servers):
    """Nothing is lost or doubled, no acknowledged write is undone, and nothing stays under the old name."""
    server = servers(name)
    with server.client() as client:
        client.flushall()
    program = [sys.executable, "-m", "tests.faults.programs.killed_renames", str(server.port), str(KILLS)]
    done = subprocess.run(program, capture_output=True, text=True, cwd=ROOT, timeout=60 + KILLS, check=False)
    assert done.returncode == 0, done.stderr
    kills, objects, writes = map(int, done.stdout.split())
    assert kills >= KILLS
    assert objects > 400
    assert writes > 0
