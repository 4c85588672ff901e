"""Kills a server with an append-only file under processes that write, find and sweep expiring objects, and restarts it.

    python -m tests.faults.programs.restarted_sweeps SERVER RESTARTS [PARTITIONS]

After each restart a check must find nothing, and the primary keys and unique values of expired objects must be free,
although nobody has swept them.

Prints how often it was restarted, the bytes of the file at the end, and how many expired objects were left.
"""

from __future__ import annotations

import random
import sys
import time

from limpyd import RedisDatabase
from limpyd.exceptions import OutcomeUnknown, ServerUnreachable
from tests.faults.programs.accidents import DURABLE
from tests.faults.programs.killed_sweepers import WRITERS, declare, faults, started
from tests.support.servers import BINARIES, Server

MOST_STEPS = 60
"""Of a process, before the server is killed."""


def main(name: str, restarts: int, partitions: int = 1) -> int:
    """Restarts it so often; returns the number of faults."""
    server = Server(BINARIES[name], *DURABLE)
    model, client = declare(RedisDatabase(port=server.port), partitions), server.client()
    size = left = 0
    found: list[str] = []
    try:
        for _ in range(restarts):
            writers = [started(model, OutcomeUnknown, ServerUnreachable) for _ in range(WRITERS)]
            random.choice(writers).work_on(random.randrange(1, MOST_STEPS))
            server.kill()
            for writer in writers:
                writer.end()
            server.start()
            while client.info("persistence")["loading"]:  # type: ignore[index]
                time.sleep(0.01)
            size = client.info("persistence")["aof_current_size"]  # type: ignore[index]
            wrong, expired = faults(model, client)
            found += wrong
            left += expired
    finally:
        server.stop()
    print(restarts, size, left)
    print(*found, sep="\n", end="", file=sys.stderr)
    return len(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:])) > 0)
