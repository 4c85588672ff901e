"""A program of limpyd 2, a queue with workers in several processes, runs here as it stands (job_queue.py)."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.forks import Forked
from tests.support.limpyd2.peers import python_of_limpyd2

PROGRAM = Path(__file__).parent / "programs" / "run_jobs.py"


def started(python, port, *steps, **settings):
    environment = {**os.environ, "JOBS_DATABASE": json.dumps({"port": port, **settings})}
    if python == sys.executable:
        return Forked(PROGRAM, *steps, env=environment)
    environment.pop("PYTHONPATH", None)
    command = [python, "-W", "ignore", PROGRAM, *steps]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def run(*args, **settings):
    process = started(*args, **settings)
    output = process.communicate()[0]
    return process.returncode, [json.loads(line) for line in output.splitlines()]


NUMBERED = {
    f"total {number}": {"status": "s", "tries": "1", "result": str(number + 0.5), "worker": None}
    for number in range(20)
}
JOBS = {
    **NUMBERED,
    "flaky": {"status": "s", "tries": "3", "result": '"at last"', "worker": None},
    "hopeless": {"status": "e", "tries": "3", "result": None, "worker": None},
    "later": {"status": "s", "tries": "1", "result": "1.0", "worker": None},
    "spawn": {"status": "s", "tries": "1", "result": "2", "worker": None},
    "spawned 100": {"status": "s", "tries": "1", "result": "200.0", "worker": None},
    "spawned 200": {"status": "s", "tries": "1", "result": "400.0", "worker": None},
    "never": {"status": "c", "tries": "0", "result": None, "worker": None},
    "deadly": {"status": "s", "tries": "2", "result": '"alive"', "worker": None},
}
REPORT = {
    "jobs": {name: {"identifier": name, **values} for name, values in JOBS.items()},
    "by_status": {"waiting": 0, "delayed": 0, "running": 0, "done": 26, "failed": 1, "cancelled": 1},
    "totals": 23,
    "flaky": ["OSError: not yet"] * 2,
    "hopeless": ["ValueError: hopeless cannot work"] * 3,
    # name, priority; waiting, delayed, running, finished; how often started, of how many jobs; how many of it
    "queues": [
        ["main", "50", 0, 0, 0, 1, "2", 1, 1],
        ["main", "9", 0, 0, 0, 2, "2", 2, 2],
        ["main", "2", 0, 0, 0, 6, "6", 6, 6],
        ["main", "1", 0, 0, 0, 8, "10", 8, 8],
        ["main", "0", 0, 0, 0, 8, "10", 8, 9],
        ["side", "2", 0, 0, 0, 1, "1", 1, 1],
        ["side", "0", 0, 0, 0, 1, "1", 1, 1],
    ],
    "urgent": ["2", "2", "50", "9"],
    "odd": 10,
    "created": 26,
    "succeeded": sorted({*JOBS} - {"hopeless", "never"}),
    "retried": 4,
    "workers": 3,
    "running": 0,
}


def works(port, libraries, **settings):
    """Jobs of all kinds; a worker that dies at one; three that run the others, each in a process of its own."""
    first, *others = libraries
    assert run(first, port, "fill", **settings) == (0, [])
    assert run(first, port, "work", **settings) == (9, [])
    assert run(first, port, "recover", **settings) == (0, [])
    workers = [started(library, port, "work", **settings) for library in libraries]
    assert [(worker.communicate()[0], worker.returncode) for worker in workers] == [("", 0)] * len(libraries)
    for library in {first, *others}:
        code, (report,) = run(library, port, "report", **settings)
        report["queues"].sort(key=lambda queue: (queue[0], -int(queue[1])))
        assert (code, report) == (0, REPORT)
    assert run(first, port, "in_order", **settings) == (0, [["c", "e", "b", "d", "a"]])


def test_workers_in_several_processes(one_server):
    works(one_server.port, [sys.executable] * 3)


@pytest.mark.server("valkey-9.1")
def test_workers_of_both_libraries(one_server):
    """One after the other is moved to limpyd, while all work on."""
    works(one_server.port, [python_of_limpyd2(), sys.executable, sys.executable], layout="limpyd2")
