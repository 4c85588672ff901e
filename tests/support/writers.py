"""Processes that write while indexes are built."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


@contextmanager
def writers(port, count):
    """Processes that write without pause."""
    program = [sys.executable, "-m", "tests.faults.programs.steady_writer", str(port)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    processes = [subprocess.Popen([*program, str(seed)], cwd=ROOT, **pipes) for seed in range(count)]
    try:
        for process in processes:
            process.stdout.readline()
        yield
        assert [process.poll() for process in processes] == [None] * count
    finally:
        for process in processes:
            process.kill()
            _, errors = process.communicate()
            print(errors.decode())
