"""Processes that write while indexes are built."""

from __future__ import annotations

from contextlib import contextmanager

from tests.support.forks import Forked


@contextmanager
def writers(port, count):
    """Processes that write without pause."""
    processes = [Forked("-m", "tests.faults.programs.steady_writer", port, seed) for seed in range(count)]
    try:
        for process in processes:
            process.stdout.readline()
        yield
        assert [process.poll() for process in processes] == [None] * count
    finally:
        for process in processes:
            process.kill()
            _, errors = process.communicate()
            print(errors)
