"""Compares feeds of changes with what random writes have changed (see tests/support/random_changes.py).

    python -m tests.faults.programs.random_changes SERVER STEPS [SEED]

Runs on both faces, with one partition and with four. Prints for each how many steps there were, how many were refused,
how many entries there were, and what was wrong.
"""

from __future__ import annotations

import asyncio
import sys

from tests.support.face import Face
from tests.support.random_changes import RandomChanges
from tests.support.servers import running


async def main(server: str, steps: int, seed: int) -> bool:
    """Makes so many steps on each face, with each number of partitions; returns whether all was right."""
    right = True
    with running(server) as one:
        for name in ("sync", "async"):
            for partitions in (1, 4):
                face = Face(name, one)
                face.client.flushall()
                compared = RandomChanges(face, partitions, seed)
                await compared.run(steps)
                found = dict((await face.do(face.database.check())).found)
                print(
                    f"{server}, {name}, {partitions} partitions: {compared.steps} steps, {compared.refused} refused",
                    end=", ",
                )
                print(f"{compared.entries} entries, wrong: {compared.wrong[:3]}, check: {found}", flush=True)
                right = right and not compared.wrong and not found
                await face.do(face.database.close())
                face.client.close()
    return right


if __name__ == "__main__":
    sys.exit(not asyncio.run(main(sys.argv[1], int(sys.argv[2]), int((sys.argv[3:] or ["1"])[0]))))
