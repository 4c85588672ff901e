"""The fault suite: each accident many times, and a table of what came of it.

python -m tests.faults.programs.fault_suite            (or `make faults`; LIMPYD_FAULTS=10 does ten times as much)
"""

from __future__ import annotations

import json
import os
import sys
import time
from itertools import product
from typing import Any

from tests.support import forks
from tests.support.servers import running

SERVER = "valkey-9.1"
SIZE = float(os.environ.get("LIMPYD_FAULTS", "1"))

TIMES = {
    "restart": 100,
    "cut": 200,
    "killed": 200,
    "flushed": 50,
    "paused": 100,
    "full": 200,
    "busy": 200,
    "demoted": 200,
    "failed_over": 4,
    "failed_over_with_care": 4,
}
"""How often each accident happens on each face."""

ON_CLUSTERS = {
    "moved": 500,
    "moved_at_once": 200,
    "failed_over_by_order": 200,
    "primary_killed": 20,
    "node_paused": 100,
    "scripts_forgotten": 50,
}
"""The same of those that happen to a cluster of three primaries."""

PARTITIONS = {"accidents": (1,), "cluster_accidents": (1, 4)}
"""Of each model."""

KILLS = {
    "killed_writers": 2000,
    "killed_relations": 500,
    "killed_bulks": 500,
    "killed_claimants": 1000,
    "killed_claimants bulk": 1000,
    "killed_sweepers": 1000,
    "killed_sweepers 4": 1000,
    "killed_readers 200": 20_000,
}
"""How many processes of each sort are killed, by the program and its last argument; of readers, how many changes."""

COLUMNS = ("times", "done", "refused", "unknown", "lost", "doubled", "ghosts", "halves", "inconsistent", "seconds")


def main() -> None:
    """Runs all, and fails if a promise was broken."""
    print(f"{'accident':<30}" + "".join(f"{column:>13}" for column in COLUMNS))
    failed = []
    for program, all_times in {"accidents": TIMES, "cluster_accidents": ON_CLUSTERS}.items():
        for kind, times in all_times.items():
            for face, partitions in product(("sync", "async"), PARTITIONS[program]):
                code, figures = accident(program, kind, max(1, round(times * SIZE)), face, partitions)
                name = f"{kind} ({face}, {partitions})"
                row(name, figures)
                failed += [f"{name}: {figures.get('examples')}"] * bool(code)
    for name, kills in KILLS.items():
        program, *kind = name.split()
        with running(SERVER) as server:
            begun = time.perf_counter()
            count = max(1, round(kills * SIZE))
            done = forks.run("-m", f"tests.faults.programs.{program}", server.port, count, *kind)
            killed, commands, *_ = done.stdout.split() or ("", "")
            seconds = round(time.perf_counter() - begun, 1)
            row(name, {"times": killed, "done": commands, "inconsistent": 0, "seconds": seconds})
            failed += [f"{name}: {done.stderr}"] * bool(done.returncode)
    sys.exit("\n".join(failed) or None)


def accident(program: str, kind: str, times: int, face: str, partitions: int = 1) -> tuple[int, dict[str, Any]]:
    """The exit code and the figures of one accident, in a process of its own."""
    done = forks.run("-m", f"tests.faults.programs.{program}", kind, times, face, SERVER, partitions)
    if not done.stdout:
        return done.returncode or 1, {"examples": done.stderr[-2000:]}
    figures: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, figures


def row(name: str, figures: dict[str, Any]) -> None:
    """Prints a line of the table."""
    print(f"{name:<30}" + "".join(f"{figures.get(column, ''):>13}" for column in COLUMNS), flush=True)


if __name__ == "__main__":
    main()
