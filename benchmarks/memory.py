"""How much more memory the server uses for each object."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import redis

from benchmarks.rounds import Side, workers
from tests.support.servers import running

OBJECTS = 10_000


def measure(server: str, sides: Sequence[Side]) -> Iterator[tuple[str, str]]:
    """A row for each side."""
    for side in sides:
        with running(server) as started, redis.Redis(port=started.port) as client:
            with workers([side], "updates", started.port, 0):  # scripts, buffers and whatever is there but once
                before = int(client.info("memory")["used_memory_dataset"])
            with workers([side], "updates", started.port, OBJECTS):
                pass
            after = int(client.info("memory")["used_memory_dataset"])
            yield side.name, f"{(after - before) / OBJECTS:.0f}"
