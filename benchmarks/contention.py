"""Several processes write at once: to one object, or each to others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from benchmarks.people import FEW
from benchmarks.rounds import Side, Worker
from tests.support.servers import running

HEAD = ("", "processes", "updates a second", "p50, µs", "p99", "p99.9", "longest")
PROCESSES = (4, 8)


def at(ordered: Sequence[float], share: float) -> float:
    """The value below which a share of all are."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def measure(server: str, sides: Sequence[Side], seconds: float) -> Iterator[tuple[str, ...]]:
    """A row for each side, number of processes, and one object or many. Each begins on an empty server."""
    rows = []
    for side in sides:
        for line in ("update one of all", "update any of all"):
            for processes in PROCESSES:
                latencies = sorted(_latencies(server, side, line, processes, seconds))
                row = (f"{side.name}: {line}", str(processes), f"{len(latencies) / seconds:,.0f}")
                rows.append((*row, *(f"{at(latencies, share):,.0f}" for share in (0.5, 0.99, 0.999, 1))))
    return iter(rows)


def _latencies(server: str, side: Side, line: str, processes: int, seconds: float) -> list[float]:
    with running(server) as started, ExitStack() as stack:
        writers = []
        for number in range(processes):
            worker = Worker(side)
            stack.callback(worker.close)
            writers.append(worker.open("updates", started.port, 0, FEW if number == 0 else 0))
        for worker in writers:
            worker.tell(latencies=line, seconds=seconds)
        return [latency for worker in writers for latency in worker.hear()]
